import Testing

@testable import Images

/// In a debug build every index is checked, so one beyond its buffer ends the run.
@Suite("Damaged files")
struct DamageTests {
  @Test(
    "every shorter file is an error",
    arguments: ["type3-4-clear.png", "parts.png", "progressive-444.jpg", "exif6.jpg", "scans.jpg"])
  func truncations(name: String) throws {
    let file = try Golden.bytes(name)
    let readable = file.indices.filter { (try? Image(decoding: Array(file[..<$0]))) != nil }
    #expect(readable == [])
  }

  @Test("a PNG with any byte changed is an error", arguments: ["type3-4-clear.png", "parts.png"])
  func changedPNG(name: String) throws {
    let file = try Golden.bytes(name)
    var random = Random(state: 5)
    for place in file.indices {
      var damaged = file
      damaged[place] ^= UInt8(1 + random.below(255))
      #expect(throws: ImageError.self, "byte \(place)") { try Image(decoding: damaged) }
    }
  }

  /// The check sums are made to fit again, so that the damage reaches what they guard.
  @Test("a PNG damaged before its check sums were taken is an error or a picture of its size")
  func wronglyWrittenPNG() throws {
    var random = Random(state: 6)
    for name in ["type3-2-clear.png", "type2-8-clear-adam7.png", "type0-1.png", "type4-16.png"] {
      let original = chunks(try Golden.bytes(name))
      var refused = 0
      for _ in 0..<150 {
        var damaged = original
        let chunk = random.below(damaged.count)
        if damaged[chunk].content.isEmpty { continue }
        for _ in 0...random.below(2) {
          let place = random.below(damaged[chunk].content.count)
          damaged[chunk].content[place] ^= 1 << UInt8(random.below(8))
        }
        do throws(ImageError) {
          let image = try Image(decoding: png(damaged))
          // Width and height stand at the start of the heading, damaged or not.
          #expect(size(image) == number(damaged[0].content[0..<8]))
        } catch {
          refused += 1
          #expect(!error.description.contains("\n"))
        }
      }
      #expect(refused > 50)
    }
  }

  @Test("a JPEG with bytes changed is an error or a picture of its size", arguments: [7, 8])
  func changedJPEG(seed: UInt64) throws {
    var random = Random(state: seed)
    var refused = 0
    for name in [
      "baseline-422.jpg", "progressive-420.jpg", "restart-progressive.jpg", "scans.jpg",
      "sampling-thirds.jpg", "tiny-6x4.jpg", "cmyk.jpg", "grey-progressive.jpg",
    ] {
      let file = try Golden.bytes(name)
      for _ in 0..<60 {
        var damaged = file
        for _ in 0...random.below(3) {
          damaged[random.below(damaged.count)] ^= 1 << UInt8(random.below(8))
        }
        do throws(ImageError) {
          let image = try Image(decoding: damaged)
          #expect(size(image) == frameSize(damaged))
        } catch {
          refused += 1
          #expect(!error.description.contains("\n"))
        }
      }
    }
    #expect(refused > 100)
  }

  /// Width and height in one number, for comparison with such as files have them.
  private func size(_ image: Image) -> Int { image.width << 32 | image.height }

  private func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

  /// The size in the frame's header of a JPEG file; nil where no frame is found by the segments' lengths.
  private func frameSize(_ file: [UInt8]) -> Int? {
    var place = 2
    while place + 9 <= file.count, file[place] == 0xFF {
      if 0xC0...0xC2 ~= file[place + 1] {
        return number(file[(place + 7)..<(place + 9)]) << 32
          | number(file[(place + 5)..<(place + 7)])
      }
      place += 2 + number(file[(place + 2)..<(place + 4)])
    }
    return nil
  }

  @Test("a damaged zlib stream is an error or has the size asked for")
  func changedStream() throws {
    var random = Random(state: 9)
    for stream in try Golden.streams() where 10..<1000 ~= stream.compressed.count {
      for _ in 0..<30 {
        var damaged = stream.compressed
        damaged[2 + random.below(damaged.count - 2)] ^= 1 << UInt8(random.below(8))
        // Adler-32 stands at the end; bits that only fill up the last byte may change.
        let output = try? inflated(damaged, size: stream.size)
        if let output { #expect(output.withUnsafeBufferPointer(Checksum.crc32) == stream.crc) }
      }
      for size in [stream.size - 1, stream.size + 1] where size >= 0 {
        #expect(throws: StreamFault.self, "\(stream.name)") {
          try inflated(stream.compressed, size: size)
        }
      }
    }
  }

  @Test("what looks like the start of a file is an error")
  func noise() {
    var random = Random(state: 10)
    for start in [Signature.png, [0xFF, 0xD8, 0xFF], []] {
      for _ in 0..<200 {
        let bytes = start + random.bytes(random.below(60))
        #expect(throws: ImageError.self) { try Image(decoding: bytes) }
      }
    }
  }
}
