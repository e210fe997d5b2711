import Foundation
import Testing

@testable import Images

/// Files and their pixels, and zlib streams and their plain texts, as Benchmarks/peers/make_image_golden.py
/// wrote them.
enum Golden {
  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: Bundle.module.bundleURL.appending(path: "Golden/\(name)")))
  }

  static func lines(_ name: String) throws -> [[String]] {
    String(decoding: try bytes(name), as: UTF8.self).split(separator: "\n").map { line in
      line.split(separator: " ").map { String($0) }
    }
  }

  /// The names of all pictures of the format.
  static func names(_ format: String) throws -> [String] {
    try lines("pixels.txt").map { $0[0] }.filter { $0.hasSuffix("." + format) }
  }

  /// What is to come out of the file `name`.
  static func image(_ name: String) throws -> Image {
    let line = try #require(try lines("pixels.txt").first { $0[0] == name })
    let (width, height, start) = try (number(line[1]), number(line[2]), number(line[3]))
    let pixels = try bytes("pixels.bin")
    return Image(
      width: width, height: height, rgba: Array(pixels[start..<(start + 4 * width * height)]))
  }

  struct Stream {
    let name: String
    let compressed: [UInt8]
    /// Nil where only the check sum is kept.
    let plain: [UInt8]?
    let size: Int
    let crc: UInt32
  }

  static func streams() throws -> [Stream] {
    let data = try bytes("streams.bin")
    return try lines("streams.txt").map { line in
      let numbers = try line.dropFirst().map(number)
      let plain = Array(data[numbers[2]..<(numbers[2] + numbers[3])])
      return Stream(
        name: line[0], compressed: Array(data[numbers[0]..<(numbers[0] + numbers[1])]),
        plain: numbers[3] == numbers[4] ? plain : nil, size: numbers[4], crc: UInt32(numbers[5]))
    }
  }

  private static func number(_ text: String) throws -> Int { try #require(Int(text)) }
}

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

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}

/// What `stream` decompresses to, of known size.
func inflated(_ stream: [UInt8], size: Int) throws(StreamFault) -> [UInt8] {
  let output = Storage<UInt8>(count: size)
  try stream.withUnsafeBufferPointer { stream throws(StreamFault) in
    try Inflate.zlib(stream, into: output.cells)
  }
  return Array(output.cells)
}

/// The chunks of a PNG file: name and content.
func chunks(_ file: [UInt8]) -> [(name: String, content: [UInt8])] {
  var result: [(String, [UInt8])] = []
  var place = 8
  while place < file.count {
    let length = file[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
    let name = String(decoding: file[(place + 4)..<(place + 8)], as: UTF8.self)
    result.append((name, Array(file[(place + 8)..<(place + 8 + length)])))
    place += 12 + length
  }
  return result
}

/// The PNG file of these chunks, with their check sums.
func png(_ chunks: [(name: String, content: [UInt8])]) -> [UInt8] {
  func bytes(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian, Array.init) }
  return chunks.reduce(Signature.png) { file, chunk in
    let checked = Array(chunk.name.utf8) + chunk.content
    return file + bytes(UInt32(chunk.content.count)) + checked
      + bytes(checked.withUnsafeBufferPointer(Checksum.crc32))
  }
}
