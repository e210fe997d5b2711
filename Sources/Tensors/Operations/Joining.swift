// Putting tensors together and taking them apart along an axis. Around the axis a tensor is
// [outer, extent·inner]: all of these copy rows of a matrix.

extension Variable {
  /// Tensors that differ only in the extent of `axis`, one after the other along it.
  ///
  /// Backward: each part gets its slice of the gradient.
  public static func concatenate(_ parts: [Variable], axis: Int = 0) -> Variable {
    guard let first = parts.first else { preconditionFailure("nothing to concatenate") }
    let axis = first.value.axisIndex(axis)
    var shape = first.shape
    shape[axis] = 0
    for part in parts {
      var expected = part.shape
      precondition(
        expected.count == shape.count,
        "shapes \(first.shape) and \(part.shape) are concatenated")
      shape[axis] += expected[axis]
      expected[axis] = shape[axis]
      precondition(
        expected == shape,
        "shapes \(first.shape) and \(part.shape) are concatenated along axis \(axis)")
    }
    return join(parts, outer: first.value.extents(around: axis).outer, shape: shape)
  }

  /// Tensors of one shape along a new axis: T tensors [B, F] give [T, B, F] for axis 0.
  ///
  /// Backward: each part gets its slice of the gradient.
  public static func stack(_ parts: [Variable], axis: Int = 0) -> Variable {
    guard let first = parts.first else { preconditionFailure("nothing to stack") }
    for part in parts {
      precondition(part.shape == first.shape, "\(first.shape) and \(part.shape) are stacked")
    }
    let axis = axis < 0 ? axis + first.shape.count + 1 : axis
    precondition(
      0 <= axis && axis <= first.shape.count,
      "new axis \(axis) for tensors of shape \(first.shape)")
    var shape = first.shape
    shape.insert(parts.count, at: axis)
    return join(parts, outer: first.shape[..<axis].reduce(1, *), shape: shape)
  }

  private static func join(_ parts: [Variable], outer: Int, shape: [Int]) -> Variable {
    let widths = parts.map { $0.value.count / Swift.max(outer, 1) }
    let layout = RowLayout(rows: outer, widths: widths)
    let output = layout.joined(parts.map(\.value), shape: shape)
    return operation(from: parts, output: output) { context in
      layout.joined(widths.indices.map { context.tangent(ofParent: $0) }, shape: shape)
    } backward: { context in
      let gradient = context.takeGradient()
      for index in widths.indices {
        context.accumulate(intoParent: index) { sum, isFresh in
          gradient.withUnsafeBufferPointer {
            layout.take(index, from: $0, into: sum, isAdded: !isFresh)
          }
        }
      }
    }
  }

  /// The inverse of `concatenate`: parts of the given extents along `axis`.
  ///
  /// Backward: the gradients of the parts, concatenated.
  public func split(_ extents: [Int], axis: Int = 0) -> [Variable] {
    let axis = value.axisIndex(axis)
    precondition(
      extents.reduce(0, +) == shape[axis],
      "axis \(axis) of shape \(shape) is split into \(extents)")
    let shapes = extents.map { extent in
      var shape = self.shape
      shape[axis] = extent
      return shape
    }
    return split(extents, axis: axis, shapes: shapes)
  }

  /// `parts` equal parts along `axis`.
  public func split(into parts: Int, axis: Int = 0) -> [Variable] {
    let extent = shape[value.axisIndex(axis)]
    precondition(
      parts > 0 && extent % parts == 0, "axis \(axis) of shape \(shape) in \(parts) equal parts")
    return split(Array(repeating: extent / parts, count: parts), axis: axis)
  }

  /// The inverse of `stack`: [T, B, F] gives T variables [B, F] for axis 0.
  public func unstacked(axis: Int = 0) -> [Variable] {
    let axis = value.axisIndex(axis)
    var rest = shape
    rest.remove(at: axis)
    let parts = shape[axis]
    return split(
      Array(repeating: 1, count: parts), axis: axis,
      shapes: Array(repeating: rest, count: parts))
  }

  private func split(_ extents: [Int], axis: Int, shapes: [[Int]]) -> [Variable] {
    let (outer, _, inner) = value.extents(around: axis)
    let layout = RowLayout(rows: outer, widths: extents.map { $0 * inner })
    let outputs = shapes.enumerated().map { layout.part($0, of: value, shape: $1) }
    return Variable.operation(from: [self], outputs: outputs) { context in
      shapes.enumerated().map { index, shape in
        context.tangent().map { layout.part(index, of: $0, shape: shape) }
      }
    } backward: { context in
      context.accumulate(intoParent: 0) { sum, isFresh in
        for index in extents.indices {
          if let gradient = context.gradient(ofOutput: index) {
            gradient.withUnsafeBufferPointer {
              layout.put($0, at: index, into: sum, isAdded: !isFresh)
            }
          } else if isFresh {
            layout.clear(index, in: sum)
          }
        }
      }
    }
  }

  /// Indices `range` of `axis`.
  ///
  /// Backward: the gradient, with zeros around it.
  public func sliced(_ range: Range<Int>, axis: Int = 0) -> Variable {
    let axis = value.axisIndex(axis)
    precondition(
      range.lowerBound >= 0 && range.upperBound <= shape[axis],
      "indices \(range) of axis \(axis) of shape \(shape)")
    let (outer, extent, inner) = value.extents(around: axis)
    let layout = RowLayout(
      rows: outer,
      widths: [range.lowerBound, range.count, extent - range.upperBound].map { $0 * inner })
    var sliceShape = shape
    sliceShape[axis] = range.count
    let output = layout.part(1, of: value, shape: sliceShape)
    return Variable.operation(from: [self], output: output) { [sliceShape] in
      $0.tangent().map { layout.part(1, of: $0, shape: sliceShape) }
    } backward: { context in
      let gradient = context.takeGradient()
      context.accumulate(intoParent: 0) { sum, isFresh in
        if isFresh {
          layout.clear(0, in: sum)
          layout.clear(2, in: sum)
        }
        gradient.withUnsafeBufferPointer { layout.put($0, at: 1, into: sum, isAdded: !isFresh) }
      }
    }
  }
}

/// A matrix whose columns are divided into parts.
private struct RowLayout: Sendable {
  let rows: Int
  let widths: [Int]
  private let starts: [Int]
  private let width: Int

  init(rows: Int, widths: [Int]) {
    self.rows = rows
    self.widths = widths
    var (starts, start) = ([Int](), 0)
    for width in widths {
      starts.append(start)
      start += width
    }
    self.starts = starts
    width = start
  }

  /// The matrix of the given parts; nil stands for zeros.
  func joined(_ parts: [Tensor?], shape: [Int]) -> Tensor {
    Tensor(shape: shape) { whole in
      for (index, part) in parts.enumerated() {
        if let part {
          part.withUnsafeBufferPointer { put($0, at: index, into: whole) }
        } else {
          clear(index, in: whole)
        }
      }
    }
  }

  /// One part of a matrix, as a tensor of its own.
  func part(_ index: Int, of whole: Tensor, shape: [Int]) -> Tensor {
    Tensor(shape: shape) { part in
      whole.withUnsafeBufferPointer { take(index, from: $0, into: part, isAdded: false) }
    }
  }

  /// Copies (or adds) the contiguous matrix `part` into its columns of `whole`.
  func put(
    _ part: UnsafeBufferPointer<Float>, at index: Int,
    into whole: UnsafeMutableBufferPointer<Float>, isAdded: Bool = false
  ) {
    let (start, width) = (starts[index], widths[index])
    move(
      part.baseAddress!, width, to: whole.baseAddress! + start, self.width, columns: width,
      isAdded: isAdded)
  }

  /// Copies (or adds) its columns of `whole` into the contiguous matrix `part`.
  func take(
    _ index: Int, from whole: UnsafeBufferPointer<Float>,
    into part: UnsafeMutableBufferPointer<Float>, isAdded: Bool
  ) {
    let (start, width) = (starts[index], widths[index])
    move(
      whole.baseAddress! + start, self.width, to: part.baseAddress!, width, columns: width,
      isAdded: isAdded)
  }

  /// Zeros its columns of `whole`.
  func clear(_ index: Int, in whole: UnsafeMutableBufferPointer<Float>) {
    for row in 0..<rows {
      (whole.baseAddress! + row * width + starts[index]).update(
        repeating: 0, count: widths[index])
    }
  }

  private func move(
    _ source: UnsafePointer<Float>, _ sourceStride: Int, to target: UnsafeMutablePointer<Float>,
    _ targetStride: Int, columns: Int, isAdded: Bool
  ) {
    ThreadTeam.current.forEachRows(rows, columns: columns) {
      for row in $0 {
        let (x, y) = (source + row * sourceStride, target + row * targetStride)
        if isAdded {
          Kernels.add(
            UnsafeBufferPointer(start: x, count: columns),
            to: UnsafeMutableBufferPointer(start: y, count: columns))
        } else {
          y.update(from: x, count: columns)
        }
      }
    }
  }
}
