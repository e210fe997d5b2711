import Foundation
import TestSupport
import Testing

@testable import Tensors

@Suite struct RandomKeyTests {
  @Test("the test's own Philox gives the published answers")
  func publishedAnswers() {
    // Known answers of Random123 (Salmon et al. 2011), philox4x32 with 10 rounds.
    #expect(
      philox([0, 0, 0, 0], [0, 0]) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
    let ones = UInt32.max
    #expect(
      philox([ones, ones, ones, ones], [ones, ones])
        == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
    #expect(
      philox(
        [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0])
        == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
  }

  @Test(
    "a key's words are Philox of its seed, stream and index",
    arguments: [0, 1, 0x1234_5678_9abc_def0])
  func words(_ seed: UInt64) {
    for key in [RandomKey(seed: seed), RandomKey(seed: seed).child(3)] {
      let words = key.words(42)
      for (index, word) in words.enumerated() {
        let block = philox(
          [UInt32(index / 4), 0, UInt32(truncatingIfNeeded: key.stream), UInt32(key.stream >> 32)],
          [UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32)])
        #expect(word == block[index % 4])
      }
      #expect(key.uniform(42) == words.map { Float($0 >> 8) * 0x1p-24 })
    }
  }

  @Test("children differ from each other, from their parents and from those of other parents")
  func children() {
    let root = RandomKey(seed: 5)
    let keys =
      [root] + (-2..<1000).map { root.child($0) } + (-2..<1000).map { root.child(1).child($0) }
    #expect(Set(keys).count == keys.count)
    #expect(root.child(3) == RandomKey(seed: 5).child(3))
    #expect(RandomKey(seed: 6).child(3) != root.child(3))
    #expect(Set(keys.prefix(200).map { $0.words(2) }).count == 200)
  }

  @Test("a key survives being stored")
  func coding() throws {
    let key = RandomKey(seed: .max).child(7)
    let decoded = try JSONDecoder().decode(RandomKey.self, from: JSONEncoder().encode(key))
    #expect(decoded == key)
  }

  @Test("uniform and normal numbers have the moments of their distributions")
  func moments() {
    let count = 20_000
    let key = RandomKey(seed: 8)
    // Four standard deviations of each estimate at this count.
    let uniform = key.uniform([count], from: -1, to: 3).scalars.map(Double.init)
    #expect(uniform.allSatisfy { -1 <= $0 && $0 <= 3 })
    #expect(abs(moment(uniform, 1) - 1) < 4 * (16.0 / 12 / Double(count)).squareRoot())
    #expect(abs(moment(uniform, 2) - (1 + 16.0 / 12)) < 0.07)
    let normal = key.normal([count]).scalars.map(Double.init)
    #expect(abs(moment(normal, 1)) < 4 / Double(count).squareRoot())
    #expect(abs(moment(normal, 2) - 1) < 4 * (2 / Double(count)).squareRoot())
    #expect(abs(moment(normal, 3)) < 4 * (15 / Double(count)).squareRoot())
    #expect(abs(moment(normal, 4) - 3) < 4 * (96 / Double(count)).squareRoot())
  }

  @Test("an odd number of normal numbers is the start of an even one")
  func oddCount() {
    let key = RandomKey(seed: 9)
    #expect(key.normal([7]).scalars == Array(key.normal([8]).scalars.prefix(7)))
  }

  private func moment(_ numbers: [Double], _ order: Double) -> Double {
    numbers.reduce(0) { $0 + pow($1, order) } / Double(numbers.count)
  }

  /// Philox4x32-10 as the paper writes it.
  private func philox(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
    var (c, k) = (counter, key)
    for _ in 0..<10 {
      let first = (0xD251_1F53 as UInt32).multipliedFullWidth(by: c[0])
      let second = (0xCD9E_8D57 as UInt32).multipliedFullWidth(by: c[2])
      c = [second.high ^ c[1] ^ k[0], second.low, first.high ^ c[3] ^ k[1], first.low]
      k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
    }
    return c
  }
}
