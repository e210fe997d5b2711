import CKernels
import Testing

@Suite("Instruction sets")
struct IsaTests {
  @Test("the portable kernels are always there, and the best of the others is chosen")
  func choice() {
    #expect(unroll_isa_available(UNROLL_ISA_PORTABLE))
    let best =
      [UNROLL_ISA_AVX512, UNROLL_ISA_AVX2, UNROLL_ISA_NEON].first(where: unroll_isa_available)
      ?? UNROLL_ISA_PORTABLE
    #expect(unroll_isa_current() == best)
  }

  @Test("a pinned instruction set is the one in use", arguments: availableISAs)
  func pinned(isa: unroll_isa) {
    withISA(isa) { #expect(unroll_isa_current() == isa) }
  }

  @Test("what is not available cannot be pinned")
  func unavailable() {
    let before = unroll_isa_current()
    let all = [
      UNROLL_ISA_AVX2, UNROLL_ISA_AVX512, UNROLL_ISA_NEON, UNROLL_ISA_WIDE_TEST,
      unroll_isa(rawValue: 99),
    ]
    for isa in all where !unroll_isa_available(isa) {
      #expect(!unroll_isa_override(isa))
      #expect(unroll_isa_current() == before)
    }
  }

  @Test("every instruction set has a name of its own")
  func names() {
    let all = [
      UNROLL_ISA_PORTABLE, UNROLL_ISA_AVX2, UNROLL_ISA_AVX512, UNROLL_ISA_NEON,
      UNROLL_ISA_WIDE_TEST,
    ]
    #expect(Set(all.map { String(cString: unroll_isa_name($0)) }).count == all.count)
  }

  @Test("the peak counts two operations a multiply-add", arguments: availableISAs)
  func peak(isa: unroll_isa) {
    withISA(isa) {
      var sink: Float = 0
      let once = unroll_peak_multiply_add(1, &sink)
      #expect(once > 0 && once.truncatingRemainder(dividingBy: 2) == 0)
      #expect(unroll_peak_multiply_add(10, &sink) == 10 * once)
      // Every chain tends to 1.
      #expect(sink.isFinite && sink > 0)
    }
  }
}
