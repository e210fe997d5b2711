extension Variable {
  /// The greatest of each channel in squares of `size` by `size` pixels that do not overlap:
  ///
  ///     y[b, i, j, c] = max_{u, v < size} x[b, size·i + u, size·j + v, c]
  ///
  /// x [B, height, width, C], y [B, ⌊height/size⌋, ⌊width/size⌋, C]: what is left over at the right and at the
  /// bottom is not looked at. NaN if there is one.
  ///
  /// Backward: the first of the greatest, in the order of x, gets the gradient.
  public func maxPooling2D(size: Int = 2) -> Variable {
    let sizes = PoolingSizes(shape, size: size)
    let (output, choices) = sizes.greatest(of: value)
    return Variable.operation(from: [self], output: output) { context in
      context.tangent().map { sizes.picked(from: $0, choices) }
    } backward: { context in
      let gradient = context.takeGradient()
      context.accumulate(intoParent: 0) { sum, isFresh in
        if isFresh { sum.update(repeating: 0) }
        sizes.put(gradient, choices, to: sum)
      }
    }
  }
}

/// The extents of pooling in squares.
private struct PoolingSizes: Sendable {
  let batch: Int
  let height: Int
  let width: Int
  let channels: Int
  let size: Int

  var outputHeight: Int { height / size }
  var outputWidth: Int { width / size }
  /// Elements of a line of squares.
  var lineCount: Int { outputWidth * channels }
  var lines: Int { batch * outputHeight }

  init(_ shape: [Int], size: Int) {
    precondition(
      shape.count == 4 && (1...16).contains(size) && shape[1] >= size && shape[2] >= size,
      "pooling of \(shape) in squares of \(size)")
    (batch, height, width, channels) = (shape[0], shape[1], shape[2], shape[3])
    self.size = size
  }

  /// Where the top left pixel of a square is.
  private func start(line: Int, column: Int) -> Int {
    let (image, row) = line.quotientAndRemainder(dividingBy: outputHeight)
    return ((image * height + row * size) * width + column * size) * channels
  }

  /// Where the pixel of choice n is, from the top left one.
  private var offsets: [Int] {
    (0..<size * size).map { ($0 / size * width + $0 % size) * channels }
  }

  /// The greatest elements, and for each its choice: which pixel of its square it is.
  func greatest(of x: Tensor) -> (values: Tensor, choices: [UInt8]) {
    let offsets = offsets
    var values = Tensor(uninitialized: [batch, outputHeight, outputWidth, channels])
    let count = values.count
    let choices = [UInt8](unsafeUninitializedCapacity: count) { choices, initialized in
      values.withUnsafeMutableBufferPointer { values in
        x.withUnsafeBufferPointer { x in
          guard let x = x.baseAddress, let values = values.baseAddress,
            let choices = choices.baseAddress
          else { return }
          ThreadTeam.current.forEachRows(lines, columns: lineCount, grain: Grain.heavy) {
            for line in $0 {
              for column in 0..<outputWidth {
                let place = line * lineCount + column * channels
                let (best, choice) = (values + place, choices + place)
                let source = x + start(line: line, column: column)
                for c in 0..<channels {
                  best[c] = source[c]
                  choice[c] = 0
                }
                for (number, offset) in offsets.enumerated().dropFirst() {
                  let other = source + offset
                  let number = UInt8(number)
                  for c in 0..<channels {
                    // A NaN that is the best stays so, for it is less than nothing.
                    let isGreater = other[c] > best[c] || (other[c].isNaN && !best[c].isNaN)
                    best[c] = isGreater ? other[c] : best[c]
                    choice[c] = isGreater ? number : choice[c]
                  }
                }
              }
            }
          }
        }
      }
      initialized = count
    }
    return (values, choices)
  }

  /// The chosen elements of `x`.
  func picked(from x: Tensor, _ choices: [UInt8]) -> Tensor {
    Tensor(shape: [batch, outputHeight, outputWidth, channels]) { values in
      x.withUnsafeBufferPointer { x in
        forEachChoice(choices) { values[$0] = x[$1] }
      }
    }
  }

  /// Adds to the chosen elements of `sum`.
  func put(_ gradient: Tensor, _ choices: [UInt8], to sum: UnsafeMutableBufferPointer<Float>) {
    gradient.withUnsafeBufferPointer { gradient in
      forEachChoice(choices) { sum[$1] += gradient[$0] }
    }
  }

  /// Calls `body` with the place of each element of the result and the place that it was taken from. No two
  /// are taken from one place.
  private func forEachChoice(_ choices: [UInt8], _ body: (_ to: Int, _ from: Int) -> Void) {
    let offsets = offsets
    choices.withUnsafeBufferPointer { choices in
      ThreadTeam.current.forEachRows(lines, columns: lineCount, grain: Grain.heavy) {
        for line in $0 {
          for column in 0..<outputWidth {
            let (place, source) = (
              line * lineCount + column * channels, start(line: line, column: column)
            )
            for c in 0..<channels {
              body(place + c, source + offsets[Int(choices[place + c])] + c)
            }
          }
        }
      }
    }
  }
}
