import Testing

@testable import ModelFiles

@Suite("Safetensors: thousands of damaged files")
struct SafetensorsFuzzTests {
  /// SplitMix64 (Steele, Lea, Flood 2014), so that a failure comes back.
  struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
  }

  static let fragments = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "0", "-1", "1e9", "9223372036854775807",
    "4611686018427387904", "null", "F64", "F16", "BOOL", "dtype", "shape", "data_offsets",
    "__metadata__", "[0,0]", " ", "\u{0}", "é", "\"a\":{}", "{\"x\":",
  ]

  static func mutate(_ original: [UInt8], headerLength: Int, with random: inout Random) -> [UInt8] {
    var bytes = original
    var header = Array(bytes[8..<(8 + headerLength)])
    let data = Array(bytes[(8 + headerLength)...])
    switch random.below(6) {
    case 0:  // bit flips anywhere
      for _ in 0...random.below(4) {
        bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
      }
      return bytes
    case 1:  // truncation, or something appended
      if random.below(2) == 0 { return Array(bytes.prefix(random.below(bytes.count))) }
      return bytes + (0...random.below(9)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    case 2:  // bit flips in the header's text
      for _ in 0...random.below(3) {
        header[random.below(header.count)] ^= 1 << UInt8(random.below(8))
      }
    case 3:  // a fragment put over or between
      let fragment = Array(fragments[random.below(fragments.count)].utf8)
      let start = random.below(header.count)
      let end = random.below(2) == 0 ? start : min(header.count, start + fragment.count)
      header.replaceSubrange(start..<end, with: fragment)
    case 4:  // a piece of the header removed or doubled
      let start = random.below(header.count)
      let piece = header[start..<min(header.count, start + 1 + random.below(40))]
      if random.below(2) == 0 {
        header.removeSubrange(piece.indices)
      } else {
        header.insert(contentsOf: Array(piece), at: random.below(header.count))
      }
    default:  // another digit in a number: shapes and offsets that almost fit
      let digits = header.indices.filter { 0x30...0x39 ~= header[$0] }
      for _ in 0...random.below(2) {
        header[digits[random.below(digits.count)]] = 0x30 + UInt8(random.below(10))
      }
    }
    return safetensors(header, data: data)
  }

  @Test("a damaged file throws a ModelFileError or is a valid file", arguments: [1, 2, 3, 4])
  func mutations(seed: UInt64) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/m"
      try SafetensorsWriter.write(
        to: path,
        tensors: [
          TensorSource(name: "a", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6]),
          TensorSource(name: "b", shape: [4], floats: [1, 2, 3, 4]),
          TensorSource(name: "c", shape: [], floats: [1]),
          TensorSource(name: "d", shape: [2], int64s: [1, 2]),
        ], metadata: ["task": "language-model", "vocabulary": "[\"a\",\"\\u00e9\"]"])
      let original = try contents(path)
      let headerLength = Int(original[0]) | Int(original[1]) << 8
      var random = Random(state: seed)
      var refused = 0
      let mutations = 1000
      for _ in 0..<mutations {
        let bytes = Self.mutate(original, headerLength: headerLength, with: &random)
        try write(bytes, to: path)
        do {
          let file = try SafetensorsFile(
            path: path, mappingThreshold: random.below(2) == 0 ? 0 : 1 << 20)
          var total = 0
          for record in file.records {
            total += record.bytes.count
            if record.elementType.isFloatingPoint {
              #expect(try file.floats(record.name).scalars.count == record.count)
              _ = try file.withFloats(record.name) { $0.reduce(0, +) }
            } else {
              #expect(try file.int64s(record.name).scalars.count == record.count)
            }
            #expect(record.shape.reduce(1, *) == record.count)
          }
          #expect(total == bytes.count - 8 - (Int(bytes[0]) | Int(bytes[1]) << 8))
        } catch is ModelFileError {
          refused += 1
        }
      }
      // Flips within the scalars or a metadata string leave a valid file; most others must not.
      #expect(refused > mutations / 2 && refused < mutations)
    }
  }
}
