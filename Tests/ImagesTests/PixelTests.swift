import Foundation
import Testing

@testable import Images

@Suite("What is done with pixels")
struct PixelTests {
  /// A picture whose red counts up in rows of `width`.
  private func counting(_ width: Int, _ height: Int, by step: Int = 1) -> Image {
    Image(
      width: width, height: height,
      rgba: (0..<(width * height)).flatMap { [UInt8($0 * step), 0, 100, 255] })
  }

  private func red(_ image: Image) -> [UInt8] {
    stride(from: 0, to: image.rgba.count, by: 4).map { image.rgba[$0] }
  }

  @Test("a smaller picture has the means of whole areas")
  func halves() {
    // 0 2 4 6 / 8 10 12 14: the first mean is (0 + 2 + 8 + 10) / 4.
    let image = counting(4, 2, by: 2)
    #expect(red(image.resized(width: 2, height: 1)) == [5, 9])
    #expect(red(image.resized(width: 4, height: 1)) == [4, 6, 8, 10])
    #expect(red(image.resized(width: 1, height: 1)) == [7])
    // Half up: 0 and 1 make 1.
    #expect(red(counting(2, 1).resized(width: 1, height: 1)) == [1])
  }

  @Test("a smaller picture of another ratio has means of parts of pixels")
  func parts() {
    // Three pixels to two: (0 + 40/2) / 1.5 and (40/2 + 80) / 1.5.
    #expect(red(counting(3, 1, by: 40).resized(width: 2, height: 1)) == [13, 67])
  }

  @Test("a larger picture is interpolated between centres")
  func larger() {
    // Centres at −¼, ¼, ¾ and 5/4 of the way from the first to the second.
    #expect(red(counting(2, 1, by: 100).resized(width: 4, height: 1)) == [0, 25, 75, 100])
    #expect(red(counting(1, 2, by: 100).resized(width: 1, height: 4)) == [0, 25, 75, 100])
    // Thirds: −⅙, ½ and 7/6.
    #expect(red(counting(2, 1, by: 100).resized(width: 3, height: 1)) == [0, 50, 100])
  }

  @Test("any size keeps one colour, and the mean of areas is the mean of all")
  func constant() throws {
    let image = Image(width: 5, height: 7, rgba: (0..<35).flatMap { _ in [3, 255, 128, 200] })
    for (width, height) in [(1, 1), (3, 2), (5, 14), (11, 3), (64, 64)] {
      let resized = image.resized(width: width, height: height)
      #expect((resized.width, resized.height) == (width, height))
      #expect(resized.rgba == (0..<(width * height)).flatMap { _ in [3, 255, 128, 200] })
    }
    #expect(image.resized(width: 5, height: 7) == image)
  }

  @Test("a transparent neighbour gives alpha, but no colour")
  func transparent() {
    let image = Image(width: 2, height: 1, rgba: [200, 100, 50, 255, 0, 255, 0, 0])
    #expect(image.resized(width: 1, height: 1).rgba == [200, 100, 50, 128])
    let clear = Image(width: 2, height: 1, rgba: [200, 100, 50, 0, 9, 9, 9, 0])
    #expect(clear.resized(width: 1, height: 1).rgba == [0, 0, 0, 0])
  }

  @Test("in front of a colour, each part counts by alpha")
  func composited() {
    let image = Image(
      width: 3, height: 1, rgba: [200, 100, 0, 255, 200, 100, 0, 51, 200, 100, 0, 0])
    // A fifth of the colour and four of white: 40 + 204, 20 + 204, 204.
    #expect(
      image.composited().rgba == [200, 100, 0, 255, 244, 224, 204, 255, 255, 255, 255, 255])
    #expect(image.composited(over: .black).rgba[4..<8] == [40, 20, 0, 255])
    let blue = Image.Color(red: 0, green: 0, blue: 255)
    #expect(image.composited(over: blue).rgba[8...] == [0, 0, 255, 255])
  }

  @Test("planes are all of red, then green, then blue, from 0 to 1")
  func planes() {
    let image = Image(width: 2, height: 1, rgba: [255, 51, 0, 255, 0, 0, 0, 0])
    #expect(image.planes() == [1, 1, 0.2, 1, 0, 1])
    #expect(image.planes(over: .black) == [1, 0, 0.2, 0, 0, 0])
  }

  @Test("luminance weighs the colours and is 1 for white")
  func luminance() {
    let image = Image(
      width: 5, height: 1,
      rgba: [
        255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0,
      ])
    #expect(image.luminance() == [0.299, 0.587, 0.114, 1, 1])
  }

  @Test("Paeth's predictor is the nearest of three, the earlier of equals: left, above, corner")
  func paeth() {
    for left in UInt8(0)..<12 {
      for above in UInt8(0)..<12 {
        for corner in UInt8(0)..<12 {
          let estimate = Int(left) + Int(above) - Int(corner)
          let distances = [left, above, corner].map { abs(estimate - Int($0)) }
          let nearest = distances.firstIndex(of: distances.min() ?? 0) ?? 0
          #expect(
            PNGPixels.paeth(left, above, corner) == [left, above, corner][nearest],
            "\(left), \(above), \(corner)")
        }
      }
    }
  }

  @Test("the transform is the definition's, within a unit of the last place")
  func transform() {
    var random = Random(state: 12)
    var worst = 0.0
    for _ in 0..<40 {
      let values = (0..<64).map { _ in random.below(8) == 0 ? random.below(400) - 200 : 0 }
      let block = Storage<Int32>(count: 64)
      for (place, value) in values.enumerated() { block.cells[place] = Int32(value) }
      let samples = Storage<UInt8>(count: 64)
      JPEGTransform.inverse(block.cells, to: samples.cells, at: 0, rowSize: 8)
      for y in 0..<8 {
        for x in 0..<8 {
          let exact = min(255, max(0, 128 + definition(values, x, y)))
          worst = max(worst, abs(exact - Double(samples.cells[8 * y + x])))
        }
      }
    }
    // Half for rounding to a whole number, and little for all the steps before.
    #expect(worst < 0.6)
  }

  private func definition(_ values: [Int], _ x: Int, _ y: Int) -> Double {
    func basis(_ n: Int, _ u: Int) -> Double {
      u == 0 ? 0.5.squareRoot() : cos(Double((2 * n + 1) * u) * .pi / 16)
    }
    var sum = 0.0
    for v in 0..<8 {
      for u in 0..<8 where values[8 * v + u] != 0 {
        sum += Double(values[8 * v + u]) * basis(x, u) * basis(y, v) / 4
      }
    }
    return sum
  }
}
