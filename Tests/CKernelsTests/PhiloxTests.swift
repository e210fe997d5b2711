import CKernels
import Testing

/// Philox4x32-10, straight from the paper.
private func philox(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
  var c = counter
  var k = key
  for _ in 0..<10 {
    let p0 = UInt64(c[0]) * 0xD251_1F53
    let p1 = UInt64(c[2]) * 0xCD9E_8D57
    c = [
      UInt32(p1 >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: p1),
      UInt32(p0 >> 32) ^ c[3] ^ k[1], UInt32(truncatingIfNeeded: p0),
    ]
    k[0] &+= 0x9E37_79B9
    k[1] &+= 0xBB67_AE85
  }
  return c
}

@Suite("Philox")
struct PhiloxTests {
  private let key: UInt64 = 0x0123_4567_89AB_CDEF
  private let stream: UInt64 = 0xFEDC_BA98_7654_3210

  // kat_vectors of Random123 1.x. A word's index has 64 bits, so the kernels' block counters end at
  // 2⁶², and only the first of the three can be asked of them.
  @Test("the known answers of Random123 come out")
  func knownAnswers() {
    #expect(
      philox([0, 0, 0, 0], [0, 0]) == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
    #expect(
      philox([.max, .max, .max, .max], [.max, .max])
        == [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD])
    #expect(
      philox([0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], [0xA409_3822, 0x299F_31D0])
        == [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1])
    var words = [UInt32](repeating: 0, count: 4)
    unroll_philox_words(0, 0, 0, 4, &words)
    #expect(words == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
  }

  @Test("counter and key are laid out as documented", arguments: availableISAs)
  func layout(isa: unroll_isa) {
    let block: UInt64 = 0x3FFF_FFFE_FFFF_FFFE  // its low half overflows within the eight blocks
    let expected = (0..<4).flatMap { i in
      let b = block + UInt64(i)
      return philox(
        [
          UInt32(truncatingIfNeeded: b), UInt32(b >> 32), UInt32(truncatingIfNeeded: stream),
          UInt32(stream >> 32),
        ], [UInt32(truncatingIfNeeded: key), UInt32(key >> 32)])
    }
    var words = [UInt32](repeating: 0, count: 16)
    withISA(isa) { unroll_philox_words(key, stream, 4 * block, 16, &words) }
    #expect(words == expected)
    unroll_philox_words_reference(key, stream, 4 * block, 16, &words)
    #expect(words == expected)
  }

  @Test("every kernel has the bits of its twin, from any first index", arguments: availableISAs)
  func twins(isa: unroll_isa) {
    var random = RandomFloats(seed: 40)
    withISA(isa) {
      for n in awkwardSizes {
        let x = random.array(n)
        for first: UInt64 in [0, 1, 2, 3, 29, 0x3_FFFF_FFF9] {
          var words = [UInt32](repeating: 0, count: n)
          var expectedWords = words
          unroll_philox_words(key, stream, first, n, &words)
          unroll_philox_words_reference(key, stream, first, n, &expectedWords)
          #expect(words == expectedWords)

          var found = x
          var expected = x
          unroll_philox_uniform(key, stream, first, n, &found)
          unroll_philox_uniform_reference(key, stream, first, n, &expected)
          expectSameBits(found, expected, "uniform")

          found = x
          found.withUnsafeMutableBufferPointer {
            unroll_philox_dropout(key, stream, first, n, 0.7, $0.baseAddress, $0.baseAddress)
          }
          unroll_philox_dropout_reference(key, stream, first, n, 0.7, x, &expected)
          expectSameBits(found, expected, "dropout")
        }
      }
    }
  }

  @Test("uniform numbers are uniform, and dropout keeps its share and the mean")
  func statistics() {
    let n = 20_000
    var u = [Float](repeating: 0, count: n)
    unroll_philox_uniform(1, 2, 3, n, &u)
    #expect(u.allSatisfy { $0 >= 0 && $0 < 1 })
    // Five standard deviations of the mean, 1/√(12n).
    #expect(abs(u.reduce(0, +) / Float(n) - 0.5) < 5 * 0.00204)
    let ones = [Float](repeating: 1, count: n)
    var y = ones
    unroll_philox_dropout(1, 2, 3, n, 0.8, ones, &y)
    let kept = y.filter { $0 != 0 }
    #expect(kept.allSatisfy { $0 == 1.25 })
    #expect(abs(Float(kept.count) / Float(n) - 0.8) < 5 * 0.00283)
    unroll_philox_dropout(1, 2, 3, n, 1, ones, &y)
    #expect(y == ones)
  }
}
