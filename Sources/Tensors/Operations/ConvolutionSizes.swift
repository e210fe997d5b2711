/// The extents of a convolution, and how its patches are cut out of pictures and put back.
struct ConvolutionSizes: Sendable {
  let batch: Int
  let height: Int
  let width: Int
  let channels: Int
  let outputs: Int
  let kernelHeight: Int
  let kernelWidth: Int
  let stride: Int
  let padding: Int
  let outputHeight: Int
  let outputWidth: Int

  /// The elements of a patch.
  var depth: Int { kernelHeight * kernelWidth * channels }
  /// The elements of a picture.
  var inputCount: Int { height * width * channels }
  /// The elements of what becomes of it.
  var outputCount: Int { outputHeight * outputWidth * outputs }
  var outputShape: [Int] { [batch, outputHeight, outputWidth, outputs] }

  /// Of pictures [B, height, width, C] and weights [O, C, kernel height, kernel width].
  init(_ input: [Int], _ weight: [Int], stride: Int, padding: Int) {
    let mistake =
      "a convolution of \(input) with weights \(weight), stride \(stride) and padding \(padding)"
    precondition(
      input.count == 4 && weight.count == 4 && input[3] == weight[1] && stride > 0 && padding >= 0,
      mistake)
    (batch, height, width, channels) = (input[0], input[1], input[2], input[3])
    (outputs, kernelHeight, kernelWidth) = (weight[0], weight[2], weight[3])
    precondition(
      kernelHeight > 0 && kernelWidth > 0 && height + 2 * padding >= kernelHeight
        && width + 2 * padding >= kernelWidth, mistake)
    self.stride = stride
    self.padding = padding
    outputHeight = (height + 2 * padding - kernelHeight) / stride + 1
    outputWidth = (width + 2 * padding - kernelWidth) / stride + 1
  }

  /// Floats of the patches that are made at once: some of a second-level cache.
  private static let bandCount = 1 << 16

  /// Lines of the result that are made at once, the same on any number of threads.
  var bandHeight: Int {
    min(outputHeight, max(1, Self.bandCount / max(outputWidth * depth, 1)))
  }

  var bandsOfImage: Int { (outputHeight + bandHeight - 1) / bandHeight }

  /// Band `number` of all bands of all pictures.
  func band(_ number: Int) -> (image: Int, lines: Range<Int>) {
    let (image, place) = number.quotientAndRemainder(dividingBy: bandsOfImage)
    return (image, place * bandHeight..<min(outputHeight, (place + 1) * bandHeight))
  }

  /// Calls `body` for each row of each patch of some lines of a picture's result: with the place of the row
  /// among the patches, the place in the picture that its first pixel within the picture has, how many pixels
  /// of it lie before that, within, and behind. A row that lies outside has none within.
  @inline(__always)
  private func forEachRow(
    _ lines: Range<Int>,
    _ body: (_ patch: Int, _ pixel: Int, _ before: Int, _ within: Int, _ behind: Int) -> Void
  ) {
    var patch = 0
    for line in lines {
      let top = line * stride - padding
      for column in 0..<outputWidth {
        let left = column * stride - padding
        let before = min(max(-left, 0), kernelWidth)
        let behind = min(max(left + kernelWidth - width, 0), kernelWidth - before)
        for u in 0..<kernelHeight {
          let y = top + u
          if y >= 0, y < height {
            body(
              patch, (y * width + left + before) * channels, before * channels,
              (kernelWidth - before - behind) * channels, behind * channels)
          } else {
            body(patch, 0, kernelWidth * channels, 0, 0)
          }
          patch += kernelWidth * channels
        }
      }
    }
  }

  /// The patches of some lines of the result, one a row: [lines · output width, depth].
  func gather(
    _ image: UnsafePointer<Float>, lines: Range<Int>, into patches: UnsafeMutablePointer<Float>
  ) {
    forEachRow(lines) { patch, pixel, before, within, behind in
      let target = patches + patch
      for index in 0..<before { target[index] = 0 }
      (target + before).update(from: image + pixel, count: within)
      for index in 0..<behind { target[before + within + index] = 0 }
    }
  }

  /// Adds each element of the patches to the pixel that it came from.
  func scatter(
    _ patches: UnsafePointer<Float>, lines: Range<Int>, to image: UnsafeMutablePointer<Float>
  ) {
    forEachRow(lines) { patch, pixel, before, within, _ in
      let (source, target) = (patches + patch + before, image + pixel)
      for index in 0..<within { target[index] += source[index] }
    }
  }
}
