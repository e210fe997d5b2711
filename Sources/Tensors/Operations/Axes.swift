// Operations that only rearrange: each backward is the inverse rearrangement.

extension Variable {
  /// The same elements in another shape of equal count; nothing is copied.
  public func reshaped(to shape: [Int]) -> Variable {
    if tableRows != nil, shape.last == self.shape.last {
      return Variable(value.reshaped(to: shape), origin: origin)
    }
    return Variable.operation(from: [self], output: value.reshaped(to: shape)) {
      $0.tangent()?.reshaped(to: shape)
    } backward: {
      $0.add($0.takeGradient(), toParent: 0)
    }
  }

  /// Axis i of the result is axis `axes[i]` of this one: `axes` is a permutation.
  ///
  /// Backward: the inverse permutation.
  public func transposed(_ axes: [Int]) -> Variable {
    precondition(
      axes.sorted() == Array(shape.indices), "axes \(axes) of a tensor of shape \(shape)")
    var inverse = axes
    for (index, axis) in axes.enumerated() { inverse[axis] = index }
    return Variable.operation(from: [self], output: value.transposed(axes)) {
      $0.tangent()?.transposed(axes)
    } backward: { [inverse] in
      $0.add($0.takeGradient().transposed(inverse), toParent: 0)
    }
  }

  /// The transpose of a matrix, or of each matrix in the last two axes.
  public func transposed() -> Variable { swappingAxes(-2, -1) }

  /// Exchanges two axes; -1 is the last one.
  public func swappingAxes(_ first: Int, _ second: Int) -> Variable {
    var axes = Array(shape.indices)
    axes.swapAt(value.axisIndex(first), value.axisIndex(second))
    return transposed(axes)
  }
}

extension Tensor {
  /// Axis i of the result is axis `axes[i]` of this one.
  func transposed(_ axes: [Int]) -> Tensor {
    var strides = [Int](repeating: 1, count: rank)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    // The axes of the result with their strides in the source, those that stay neighbours merged.
    var merged: [(extent: Int, stride: Int)] = []
    for axis in axes where shape[axis] != 1 {
      let (extent, stride) = (shape[axis], strides[axis])
      if let last = merged.last, last.stride == stride * extent {
        merged[merged.count - 1] = (last.extent * extent, stride)
      } else {
        merged.append((extent, stride))
      }
    }
    let resultShape = axes.map { shape[$0] }
    guard merged.count > 1 else { return reshaped(to: resultShape) }

    let row = merged.removeLast()
    let column = merged.removeLast()
    let outer = merged
    return Tensor(shape: resultShape) { result in
      withUnsafeBufferPointer { source in
        let (x, y) = (source.baseAddress!, result.baseAddress!)
        let area = column.extent * row.extent
        let bands = (column.extent + Self.bandHeight - 1) / Self.bandHeight
        let blocks = area > 0 ? count / area * bands : 0
        ThreadTeam.current.forEachRows(blocks, columns: Self.bandHeight * row.extent) {
          for block in $0 {
            var (rest, offset) = (block / bands, 0)
            for axis in outer.reversed() {
              offset += rest % axis.extent * axis.stride
              rest /= axis.extent
            }
            let start = block % bands * Self.bandHeight
            let height = min(Self.bandHeight, column.extent - start)
            copyStrided(
              x + offset + start * column.stride, rowStride: column.stride,
              columnStride: row.stride, rows: height, columns: row.extent,
              to: y + block / bands * area + start * row.extent)
          }
        }
      }
    }
  }

  /// Rows of the result that are written together: as many as there are floats in a cache line, so
  /// that a line of the source is used up once it has been read.
  private static let bandHeight = 16
}

/// Copies a strided matrix to contiguous memory.
private func copyStrided(
  _ x: UnsafePointer<Float>, rowStride: Int, columnStride: Int, rows: Int, columns: Int,
  to y: UnsafeMutablePointer<Float>
) {
  if columnStride == 1 {
    for row in 0..<rows {
      (y + row * columns).update(from: x + row * rowStride, count: columns)
    }
    return
  }
  for column in 0..<columns {
    for row in 0..<rows { y[row * columns + column] = x[row * rowStride + column * columnStride] }
  }
}
