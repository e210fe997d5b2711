import CKernels
import Testing

/// Every instruction set that this processor can run; `@Test(arguments: availableISAs)`.
let availableISAs: [unroll_isa] = [
  UNROLL_ISA_PORTABLE, UNROLL_ISA_AVX2, UNROLL_ISA_AVX512, UNROLL_ISA_NEON, UNROLL_ISA_WIDE_TEST,
].filter(unroll_isa_available)

extension unroll_isa: @retroactive CustomTestStringConvertible {
  /// The name that a test's argument shows.
  public var testDescription: String { String(cString: unroll_isa_name(self)) }
}

/// Runs `body` with the kernels of `isa`. The choice holds for the calling thread alone, so tests
/// that run at the same time do not see it.
func withISA<Result>(_ isa: unroll_isa, _ body: () throws -> Result) rethrows -> Result {
  let previous = unroll_isa_current()
  precondition(unroll_isa_override(isa), "this processor cannot run it")
  defer { _ = unroll_isa_override(previous) }
  return try body()
}
