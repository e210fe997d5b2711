import Testing

@testable import Images

@Suite("What is wrong is said in one line")
struct RefusalTests {
  /// The error of reading `bytes`, as text.
  private func message(_ bytes: [UInt8]) throws -> String {
    do throws(ImageError) {
      let image = try Image(decoding: bytes, path: "a.file")
      return "no error, \(image.width) × \(image.height)"
    } catch {
      return error.description
    }
  }

  /// The file `name` with the content of a chunk changed, and its check sum made to fit.
  private func changed(
    _ name: String, _ chunk: String, _ change: (inout [UInt8]) -> Void
  ) throws -> [UInt8] {
    png(
      chunks(try Golden.bytes(name)).map { part in
        guard part.name == chunk else { return part }
        var content = part.content
        change(&content)
        return (part.name, content)
      })
  }

  /// The file `name` with the first marker of one kind made another.
  private func remarked(_ name: String, _ old: UInt8, _ new: UInt8) throws -> [UInt8] {
    var file = try Golden.bytes(name)
    let place = try #require(
      file.indices.dropLast().first { file[$0] == 0xFF && file[$0 + 1] == old })
    file[place + 1] = new
    return file
  }

  @Test("other formats are named")
  func otherFormats() throws {
    let cases: [([UInt8], String)] = [
      (Array("GIF89a".utf8), "a GIF"), (Array("RIFF1234WEBPVP8 ".utf8), "a WebP"),
      (Array("BM123".utf8), "a BMP"), ([0x49, 0x49, 0x2A, 0], "a TIFF"),
      ([0, 0, 0, 32] + Array("ftypavif".utf8), "an AVIF"),
      ([0, 0, 0, 32] + Array("ftypheic".utf8), "a HEIF"), ([0xFF, 0x0A], "a JPEG XL"),
      (Array("<svg/>".utf8), "markup (SVG, XML or HTML)"), ([], "empty"),
      ([1, 2], "no picture known here (it begins with 0x01 0x02)"),
    ]
    for (bytes, found) in cases {
      #expect(try message(bytes) == "a.file: it is \(found), expected PNG or JPEG")
    }
  }

  @Test("a PNG's header")
  func header() throws {
    #expect(
      try message(
        changed("parts.png", "IHDR") { $0.replaceSubrange(0..<8, with: [0, 1, 0, 0, 0, 1, 0, 0]) })
        == "a.file: PNG, byte 16: a picture of 65536 × 65536 pixels cannot be read here, "
        + "expected at most 67108864 in all")
    #expect(
      try message(changed("parts.png", "IHDR") { $0[3] = 0 })
        == "a.file: PNG, byte 16: found 0 × 9 pixels, expected 1 to 2³¹ − 1 each way")
    #expect(
      try message(changed("parts.png", "IHDR") { $0[8] = 4 })
        == "a.file: PNG, byte 24: found colour type 6 with 4 bits, expected a pair of ISO/IEC "
        + "15948, table 11.1")
    #expect(try message(changed("parts.png", "IHDR") { $0[12] = 2 }).contains("byte 26: found"))
    // A small file cannot hold a large picture: known before any memory is taken.
    #expect(
      try message(changed("parts.png", "IHDR") { $0[2] = 255 })
        .contains("bytes of data for 65293 × 9, expected at least 2277"))
  }

  @Test("a PNG's data")
  func data() throws {
    #expect(
      try message(changed("parts.png", "IHDR") { $0[7] = 8 }).contains("more decompressed data"))
    #expect(
      try message(changed("parts.png", "IHDR") { $0[7] = 10 })
        .contains("477 bytes of decompressed data, expected 530"))
    let parts = chunks(try Golden.bytes("type3-8.png"))
    #expect(
      try message(png(parts.filter { $0.name != "PLTE" })).contains("expected PLTE before it"))
    #expect(
      try message(png(parts.filter { $0.name != "IDAT" })).contains("expected IDAT before it"))
    #expect(try message(png(parts + parts)).hasPrefix("no error"))
    #expect(
      try message(png([parts[0], ("ABCD", [])] + parts[1...])).contains("critical chunk \"ABCD\""))
    #expect(try message(png([parts[0], ("abCD", [])] + parts[1...])).hasPrefix("no error"))
    #expect(
      try message(changed("type3-8.png", "PLTE") { $0.removeLast(300) })
        .contains("expected below 100, as PLTE has"))
    #expect(
      try message(changed("type3-8-clear.png", "tRNS") { $0 += [UInt8](repeating: 0, count: 99) })
        .contains("expected at most 200"))
  }

  @Test("a match that begins before the data do")
  func matchTooFar() {
    // A fixed block: a literal, then length 3 at distance 2.
    var bits = LowBitWriter()
    bits.put(0x9C78, 16)
    bits.put(0b011, 3)
    bits.put(reversed(0x30 + 65, count: 8), 8)
    bits.put(reversed(1, count: 7), 7)
    bits.put(reversed(1, count: 5), 5)
    bits.put(0, 7)
    #expect {
      try inflated(bits.finished + [0, 0, 0, 0], size: 4)
    } throws: {
      ($0 as? StreamFault)?.found == "a match 2 bytes back"
    }
  }

  @Test("a JPEG of a kind that is not read")
  func otherKinds() throws {
    #expect(
      try message(remarked("grey.jpg", 0xC0, 0xC9))
        == "a.file: JPEG, byte 89: arithmetic coding (0xC9) cannot be read here, expected "
        + "baseline, extended or progressive coding with Huffman codes")
    #expect(try message(remarked("grey.jpg", 0xC0, 0xC3)).contains("a lossless picture"))
    #expect(try message(remarked("grey.jpg", 0xC0, 0xC5)).contains("a hierarchical picture"))
    var deep = try Golden.bytes("grey.jpg")
    #expect(deep[93] == 8)
    deep[93] = 12
    #expect(
      try message(deep).contains("byte 93: a picture of 12 bits cannot be read here, expected 8"))
    deep[93] = 8
    (deep[94], deep[95]) = (0, 0)
    #expect(try message(deep).contains("(DNL)"))
  }

  @Test("a JPEG's scans")
  func scans() throws {
    #expect(try message(remarked("grey.jpg", 0xC4, 0xEF)).contains("no Huffman table DC 0"))
    #expect(try message(remarked("grey.jpg", 0xDB, 0xEF)).contains("no quantization table 0"))
    // The first restart marker with another number.
    #expect(
      try message(remarked("restart.jpg", 0xD0, 0xD1))
        .contains("found marker 0xD1, expected the restart marker 0xD0"))
    // A height with more blocks than the file has bits.
    var tall = try Golden.bytes("grey.jpg")
    (tall[94], tall[95]) = (0xFF, 0xFF)
    #expect(try message(tall).contains("for 24576 blocks"))
    // The scans of a progressive picture twice: no coefficient may come again.
    let file = try Golden.bytes("grey-progressive.jpg")
    let first = try #require(file.indices.first { file[$0...].starts(with: [0xFF, 0xC4]) })
    #expect(
      try message(file.dropLast(2) + file[first...]).contains("a scan of coefficient 0 from bit 0"))
  }

  @Test("a JPEG with more scans than anyone needs")
  func manyScans() throws {
    // One grey block whose scans all say, in a bit, that there is nothing: first the DC coefficient, then,
    // bit by bit, every other.
    func file(scans count: Int) -> [UInt8] {
      let start: [UInt8] =
        [0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0] + [UInt8](repeating: 1, count: 64)
        + [0xFF, 0xC2, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0]
      var result = start
      for kind: UInt8 in [0x00, 0x10] {
        result += [0xFF, 0xC4, 0, 20, kind, 1] + [UInt8](repeating: 0, count: 16)
      }
      var bands: [[UInt8]] = [[0, 0, 0]]
      for bits: UInt8 in [13, 0xDC, 0xCB, 0xBA, 0xA9] {
        for coefficient: UInt8 in 1...63 { bands.append([coefficient, coefficient, bits]) }
      }
      for band in bands.prefix(count) {
        result += [0xFF, 0xDA, 0, 8, 1, 1, 0] + band + [0x7F]
      }
      return result + [0xFF, 0xD9]
    }
    let gray = Image(width: 8, height: 8, rgba: (0..<64).flatMap { _ in [128, 128, 128, 255] })
    #expect(try Image(decoding: file(scans: 256)) == gray)
    #expect(try message(file(scans: 257)).contains("found scan 257, expected at most 256"))
  }

  @Test("bytes between a scan and the next marker, and after the end, do no harm")
  func surplus() throws {
    let file = try Golden.bytes("grey.jpg")
    let image = try Golden.image("grey.jpg")
    #expect(try Image(decoding: file.dropLast(2) + [0, 0, 7, 0xFF, 0, 0xFF, 0xD9]) == image)
    #expect(try Image(decoding: file + [1, 2, 3]) == image)
    let picture = try Golden.bytes("parts.png")
    #expect(try Image(decoding: picture + [1, 2, 3]) == Golden.image("parts.png"))
  }
}
