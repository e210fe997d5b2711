import Foundation
import Testing

@testable import Images

@Suite("PNG files written")
struct WriterTests {
  @Test("are read back as they were, every picture that is read")
  func roundTrip() throws {
    for name in try Golden.names("png") + Golden.names("jpg") {
      let image = try Golden.image(name)
      #expect(try Image(decoding: image.pngData()) == image, "\(name)")
    }
  }

  @Test("have the fewest channels that lose nothing")
  func colorTypes() throws {
    func type(_ rgba: [UInt8]) -> UInt8 {
      Image(width: 2, height: 1, rgba: rgba).pngData()[25]
    }
    #expect(type([7, 7, 7, 255, 9, 9, 9, 255]) == 0)
    #expect(type([7, 7, 8, 255, 9, 9, 9, 255]) == 2)
    #expect(type([7, 7, 7, 255, 9, 9, 9, 254]) == 4)
    #expect(type([7, 7, 8, 255, 9, 9, 9, 254]) == 6)
    #expect(type([7, 7, 7, 254, 9, 9, 8, 255]) == 6)
  }

  @Test("give grey with alpha back, through every filter")
  func grayAlpha() throws {
    var random = Random(state: 13)
    for width in [1, 2, 9] {
      let rgba = (0..<(width * 7)).flatMap { place -> [UInt8] in
        // Some rows rise evenly and some are noise, so that each filter is the best of one.
        let gray = UInt8(place / width % 2 == 0 ? 5 * place % 256 : random.below(256))
        return [gray, gray, gray, UInt8(random.below(256))]
      }
      let image = Image(width: width, height: 7, rgba: rgba)
      let file = image.pngData()
      #expect(file[25] == 4)
      #expect(try Image(decoding: file) == image)
    }
  }

  @Test("a data URI is the file in base 64")
  func uri() throws {
    let image = try Golden.image("filter0.png")
    let uri = image.pngDataURI()
    let start = "data:image/png;base64,"
    #expect(uri.hasPrefix(start))
    let data = try #require(Data(base64Encoded: String(uri.dropFirst(start.count))))
    #expect([UInt8](data) == image.pngData())
  }

  @Test("deflate gives back every text that zlib was given, in little more room")
  func deflate() throws {
    for stream in try Golden.streams() {
      guard let plain = stream.plain else { continue }
      let made = Deflate.zlib(plain)
      #expect(try inflated(made, size: plain.count) == plain, "\(stream.name)")
      if stream.name.hasSuffix("level9") {
        #expect(made.count <= stream.compressed.count + stream.compressed.count / 20 + 10)
      }
    }
  }

  @Test("deflate gives back what repeats at the window's edge, and what fills several blocks")
  func window() throws {
    var random = Random(state: 11)
    for distance in [32767, 32768, 32769] {
      let start = random.bytes(300)
      let plain = start + [UInt8](repeating: 1, count: distance - 300) + start
      #expect(try inflated(Deflate.zlib(plain), size: plain.count) == plain)
    }
    let noise = random.bytes(40000)
    let made = Deflate.zlib(noise)
    #expect(try inflated(made, size: noise.count) == noise)
    #expect(made.count < noise.count + 400)
  }

  @Test("the sizes of a code are Huffman's, and no longer than the limit")
  func sizes() {
    // The classical example: 45, 13, 12, 16, 9, 5 have 1, 3, 3, 3, 4, 4 bits.
    #expect(HuffmanSizes.sizes([45, 13, 12, 16, 9, 5], limit: 15) == [1, 3, 3, 3, 4, 4])
    // Counts like Fibonacci's numbers make the deepest trees.
    var counts = [1, 1]
    while counts.count < 24 { counts.append(counts[counts.count - 2] + counts[counts.count - 1]) }
    for limit in [7, 15] {
      let sizes = HuffmanSizes.sizes(counts, limit: limit)
      #expect(sizes.max() ?? 0 <= limit)
      #expect(sizes.reduce(0) { $0 + 1 << (limit - $1) } == 1 << limit)
    }
  }
}
