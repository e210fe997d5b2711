import CKernels

// Sums, means and extremes over one axis or all. Every sum has a fixed order, so no result depends
// on the number of threads; sums over the last axis and over all are made in double precision.

extension Variable {
  /// The sum of all elements, shape []. Backward: dx = dy everywhere.
  public func sum() -> Variable {
    let shape = self.shape
    return Variable.operation(from: [self], output: value.total()) {
      $0.tangent()?.total()
    } backward: { context in
      let gradient = context.takeGradient().scalar
      context.add(Tensor(repeating: gradient, shape: shape), toParent: 0)
    }
  }

  /// The mean of all elements, shape []. Backward: dx = dy / count.
  public func mean() -> Variable {
    precondition(value.count > 0, "the mean of no elements, shape \(shape)")
    return sum() / Float(value.count)
  }

  /// The sum over `axis`, which goes away, or stays with extent 1 if `keepingDimension`.
  ///
  /// Backward: dx = dy, repeated along the axis.
  public func sum(axis: Int, keepingDimension: Bool = false) -> Variable {
    let axis = value.axisIndex(axis)
    let (outer, count, inner) = value.extents(around: axis)
    let (kept, original) = (shapeReduced(axis, keepingDimension: true), shape)
    let output = value.summed(outer: outer, count: count, inner: inner)
      .reshaped(to: shapeReduced(axis, keepingDimension: keepingDimension))
    return Variable.operation(from: [self], output: output) {
      $0.tangent()?.summed(outer: outer, count: count, inner: inner)
    } backward: { context in
      let gradient = context.takeGradient().reshaped(to: kept)
      context.add(gradient.broadcast(to: original), toParent: 0)
    }
  }

  /// The mean over `axis`, which goes away, or stays with extent 1 if `keepingDimension`.
  ///
  /// Backward: dx = dy / extent, repeated along the axis.
  public func mean(axis: Int, keepingDimension: Bool = false) -> Variable {
    let extent = shape[value.axisIndex(axis)]
    precondition(extent > 0, "the mean over axis \(axis) of shape \(shape)")
    return sum(axis: axis, keepingDimension: keepingDimension) / Float(extent)
  }

  /// The greatest element along `axis`, which goes away, or stays with extent 1 if
  /// `keepingDimension`. NaN if there is one.
  ///
  /// Backward: the first of the greatest elements gets the gradient.
  public func max(axis: Int, keepingDimension: Bool = false) -> Variable {
    let axis = value.axisIndex(axis)
    precondition(shape[axis] > 0, "the greatest element along axis \(axis) of shape \(shape)")
    let (outer, count, inner) = value.extents(around: axis)
    let (values, places) = value.greatest(outer: outer, count: count, inner: inner)
    let output = values.reshaped(to: shapeReduced(axis, keepingDimension: keepingDimension))
    return Variable.operation(from: [self], output: output) { context in
      context.tangent().map { tangent in
        tangent.withUnsafeBufferPointer { tangent in
          Tensor(shape: [places.count], scalars: places.map { tangent[$0] })
        }
      }
    } backward: { context in
      let gradient = context.takeGradient()
      context.accumulate(intoParent: 0) { sum, isFresh in
        if isFresh { sum.update(repeating: 0) }
        gradient.withUnsafeBufferPointer { gradient in
          for (index, place) in places.enumerated() { sum[place] += gradient[index] }
        }
      }
    }
  }

  /// The least element along `axis`, which goes away, or stays with extent 1 if
  /// `keepingDimension`. NaN if there is one.
  ///
  /// Backward: the first of the least elements gets the gradient.
  public func min(axis: Int, keepingDimension: Bool = false) -> Variable {
    -(-self).max(axis: axis, keepingDimension: keepingDimension)
  }

  /// The greatest of all elements, shape []; NaN if there is one.
  public func max() -> Variable { reshaped(to: [value.count]).max(axis: 0) }

  /// The least of all elements, shape []; NaN if there is one.
  public func min() -> Variable { reshaped(to: [value.count]).min(axis: 0) }

  private func shapeReduced(_ axis: Int, keepingDimension: Bool) -> [Int] {
    var reduced = shape
    if keepingDimension { reduced[axis] = 1 } else { reduced.remove(at: axis) }
    return reduced
  }
}

extension Tensor {
  /// The sum of all elements, shape [].
  func total() -> Tensor { summed(outer: 1, count: count, inner: 1).reshaped(to: []) }

  /// For each row of the last axis the index of its first greatest element; NaN never wins.
  public func argmax() -> [Int32] {
    precondition(rank > 0 && shape[rank - 1] > 0, "the greatest elements of shape \(shape)")
    let columns = shape[rank - 1]
    return withUnsafeBufferPointer { x in
      (0..<count / columns).map {
        Int32(unroll_argmax(columns, x.baseAddress! + $0 * columns))
      }
    }
  }

  /// These elements as [outer, count, inner]: the greatest ones along the middle axis, [outer,
  /// inner], and where they are stored. The first NaN counts as the greatest.
  fileprivate func greatest(
    outer: Int, count: Int, inner: Int
  ) -> (values: Tensor, places: [Int]) {
    var places = [Int](repeating: 0, count: outer * inner)
    let values = Tensor(shape: [outer, inner]) { values in
      withUnsafeBufferPointer { x in
        places.withUnsafeMutableBufferPointer { places in
          for row in 0..<outer {
            for column in 0..<inner {
              let start = row * count * inner + column
              var place = start
              for candidate in stride(from: start, to: start + count * inner, by: inner)
              where x[candidate] > x[place] || (x[candidate].isNaN && !x[place].isNaN) {
                place = candidate
              }
              places[row * inner + column] = place
              values[row * inner + column] = x[place]
            }
          }
        }
      }
    }
    return (values, places)
  }
}
