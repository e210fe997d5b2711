import Foundation
import Testing

@testable import Images

@Suite("Pillow gives the same")
struct GoldenTests {
  @Test("PNG of every colour type, depth, filter and interlacing, bit for bit")
  func png() throws {
    let names = try Golden.names("png")
    #expect(names.count >= 54)
    for name in names {
      #expect(try Image(decoding: try Golden.bytes(name)) == Golden.image(name), "\(name)")
    }
  }

  /// The transform, the interpolation of chroma and the colours are libjpeg's to the bit, so no tolerance is
  /// needed; a rounding done otherwise is off by one somewhere in these pictures.
  @Test("JPEG of every coding, sampling, colour space and orientation, bit for bit")
  func jpeg() throws {
    let names = try Golden.names("jpg")
    #expect(names.count >= 34)
    for name in names {
      #expect(try Image(decoding: try Golden.bytes(name)) == Golden.image(name), "\(name)")
    }
  }

  @Test("zlib streams of every level, strategy and block type, and of every length and distance")
  func streams() throws {
    let streams = try Golden.streams()
    #expect(streams.count >= 39)
    for stream in streams {
      let output = try inflated(stream.compressed, size: stream.size)
      if let plain = stream.plain { #expect(output == plain, "\(stream.name)") }
      #expect(output.withUnsafeBufferPointer(Checksum.crc32) == stream.crc, "\(stream.name)")
    }
  }

  @Test("a stream of many blocks of the fixed code")
  func fixedBlocks() throws {
    let plain = Array("many small blocks".utf8)
    var bits = LowBitWriter()
    for (place, byte) in plain.enumerated() {
      bits.put(place == plain.count - 1 ? 0b011 : 0b010, 3)
      // ASCII has the codes from 0b0011_0000 on, and the end of a block is 0000000.
      bits.put(reversed(Int(byte) + 0x30, count: 8), 8)
      bits.put(0, 7)
    }
    let sum = plain.withUnsafeBufferPointer(Checksum.adler32)
    let stream = [0x78, 0x01] + bits.finished + withUnsafeBytes(of: sum.bigEndian, Array.init)
    #expect(try inflated(stream, size: plain.count) == plain)
  }

  @Test("files are read from disk by what they are, not by their name")
  func fromDisk() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "images-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "picture.jpg")
    try Data(try Golden.bytes("parts.png")).write(to: file)
    #expect(try Image(contentsOf: file.path) == Golden.image("parts.png"))

    #expect(throws: ImageError.unreadable(path: folder.path + "/none.png", reason: "no such file"))
    {
      try Image(contentsOf: folder.path + "/none.png")
    }
    #expect(
      throws: ImageError.unreadable(
        path: folder.path, reason: "it is a directory, expected a file")
    ) {
      try Image(contentsOf: folder.path)
    }
    try Data("GIF89a".utf8).write(to: file)
    #expect(throws: ImageError.unknownFormat(path: file.path, found: "a GIF")) {
      try Image(contentsOf: file.path)
    }
  }
}
