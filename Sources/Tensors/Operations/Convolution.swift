// Convolution in two dimensions, by way of matrix products. With X the patches of x, one a row (im2col), and
// dY the gradient of the result, one row a pixel of it:
//
//   Y = X·Wᵀ + b     dX = dY·W, each element added to the pixel that it came from     dW = dYᵀ·X     db = Σ dY

extension Variable {
  /// Convolution, or cross-correlation as signal processing has it, of pictures:
  ///
  ///     y[b, i, j, o] = Σ_{c, u, v} W[o, c, u, v] · x[b, s·i + u − p, s·j + v − p, c] + bias[o]
  ///
  /// x [B, height, width, C] with stride s, and zeros where it reaches over an edge, p wide; W [O, C, kernel
  /// height, kernel width] as in PyTorch; y [B, ⌊(height + 2p − kernel height)/s⌋ + 1, likewise, O]. Channels
  /// are last, so that a row of a patch is one run of memory.
  ///
  /// The patches exist in pieces that fit a cache, never as a whole. What comes of a picture does not depend
  /// on the others, nor anything on the number of threads.
  public func convolution2D(
    _ weight: Variable, bias: Variable? = nil, stride: Int = 1, padding: Int = 0
  ) -> Variable {
    let sizes = ConvolutionSizes(shape, weight.shape, stride: stride, padding: padding)
    precondition(
      bias == nil || bias?.shape == [sizes.outputs],
      "a convolution to \(sizes.outputs) channels with bias \(bias?.shape ?? [])")
    let (x, w) = (value, weight.value)
    let output = sizes.convolved(x, w, bias: bias?.value)
    let parents = bias.map { [self, weight, $0] } ?? [self, weight]
    return Variable.operation(from: parents, output: output) { context in
      // x′ ∗ W + x ∗ W′ + b′
      let moved = TangentContext.sum(
        context.tangent(ofParent: 0).map {
          sizes.convolved($0.reshaped(to: x.shape), w, bias: nil)
        },
        context.tangent(ofParent: 1).map { sizes.convolved(x, $0.reshaped(to: w.shape), bias: nil) }
      )
      guard parents.count == 3, let db = context.tangent(ofParent: 2) else { return moved }
      return TangentContext.sum(moved, db.broadcast(to: sizes.outputShape))
    } backward: { context in
      let gradient = context.takeGradient()
      context.accumulate(intoParent: 0) { sum, isFresh in
        if isFresh { sum.update(repeating: 0) }
        sizes.addInputGradient(gradient, w, to: sum)
      }
      if context.needsGradient(ofParent: 1) {
        context.add(sizes.weightGradient(gradient, x), toParent: 1)
      }
      if parents.count == 3, context.needsGradient(ofParent: 2) {
        let pixels = sizes.outputShape.dropLast().reduce(1, *)
        context.add(
          gradient.summed(outer: 1, count: pixels, inner: sizes.outputs), toParent: 2)
      }
    }
  }
}

extension ConvolutionSizes {
  /// W [O, C, kernel height, kernel width] in the order of a patch: [O, kernel height · kernel width · C].
  private func ordered(_ weight: Tensor) -> Tensor {
    weight.transposed([0, 2, 3, 1]).reshaped(to: [outputs, depth])
  }

  /// x ∗ W + bias.
  fileprivate func convolved(_ x: Tensor, _ weight: Tensor, bias: Tensor?) -> Tensor {
    let packed = PackedMatrix(ordered(weight), .forward)
    return Tensor(shape: outputShape) { y in
      x.withUnsafeBufferPointer { x in
        guard let x = x.baseAddress, let y = y.baseAddress else { return }
        ThreadTeam.current.forEach(batch * bandsOfImage) { job in
          let (image, lines) = band(job)
          withWorkspace(lines.count * outputWidth * depth) { patches in
            gather(x + image * inputCount, lines: lines, into: patches)
            packed.multiply(
              rows: lines.count * outputWidth, patches, rowStride: depth,
              bias: bias.map { UnsafePointer($0.sharedPointer) },
              into: y + image * outputCount + lines.lowerBound * outputWidth * outputs,
              resultStride: outputs)
          }
        }
        withExtendedLifetime(bias) {}
      }
    }
  }

  /// dX, scattered back to dx; a picture at a time, so that no two threads add to one pixel.
  fileprivate func addInputGradient(
    _ gradient: Tensor, _ weight: Tensor, to sum: UnsafeMutableBufferPointer<Float>
  ) {
    let packed = PackedMatrix(ordered(weight), .backward)
    gradient.withUnsafeBufferPointer { dy in
      guard let dy = dy.baseAddress, let dx = sum.baseAddress else { return }
      ThreadTeam.current.forEach(batch) { image in
        withWorkspace(bandHeight * outputWidth * depth) { patches in
          for number in 0..<bandsOfImage {
            let lines = band(number).lines
            packed.multiply(
              rows: lines.count * outputWidth,
              dy + image * outputCount + lines.lowerBound * outputWidth * outputs,
              rowStride: outputs, into: patches, resultStride: depth)
            scatter(patches, lines: lines, to: dx + image * inputCount)
          }
        }
      }
    }
  }

  /// dW = dYᵀ·X, summed over bands in their order.
  fileprivate func weightGradient(_ gradient: Tensor, _ x: Tensor) -> Tensor {
    var sum = Tensor(zeros: [outputs, depth])
    let bands = batch * bandsOfImage
    sum.withUnsafeMutableBufferPointer { sum in
      gradient.withUnsafeBufferPointer { dy in
        x.withUnsafeBufferPointer { x in
          guard let dy = dy.baseAddress, let x = x.baseAddress, let sum = sum.baseAddress else {
            return
          }
          // So many bands at once that a product has enough rows to be worth its packing.
          let group = max(1, Self.productRows / max(bandHeight * outputWidth, 1))
          withWorkspace(group * bandHeight * outputWidth * depth) { patches in
            for first in Swift.stride(from: 0, to: bands, by: group) {
              let chosen = (first..<min(bands, first + group)).map(band)
              // The lines of the chosen bands follow one another, in dY as in the patches.
              var (starts, rows) = ([Int](), 0)
              for (_, lines) in chosen {
                starts.append(rows)
                rows += lines.count * outputWidth
              }
              ThreadTeam.current.forEach(chosen.count) { index in
                gather(
                  x + chosen[index].image * inputCount, lines: chosen[index].lines,
                  into: patches + starts[index] * depth)
              }
              let start =
                chosen[0].image * outputCount + chosen[0].lines.lowerBound * outputWidth * outputs
              multiply(
                MatrixView(dy + start, rows: rows, columns: outputs).transposed,
                MatrixView(patches, rows: rows, columns: depth).transposed, accumulate: true,
                into: sum)
            }
          }
        }
      }
    }
    return sum.reshaped(to: [outputs, kernelHeight, kernelWidth, channels])
      .transposed([0, 3, 1, 2])
  }

  private static let productRows = 4096
}
