import Tensors

extension Variable {
  /// A sequence [T, B, F] with the first `lengths[b]` steps (T when nil) of each sequence in reverse
  /// order; the padding stays where it is. Its own inverse.
  public func reversedInTime(lengths: [Int32]? = nil) -> Variable {
    precondition(shape.count == 3, "a sequence is [T, B, F], not \(shape)")
    let (steps, batch, size) = (shape[0], shape[1], shape[2])
    checkLengths(lengths, steps: steps, batch: batch)
    let rows = (0..<steps).flatMap { t in
      (0..<batch).map { b in
        let length = lengths.map { Int($0[b]) } ?? steps
        return Int32((t < length ? length - 1 - t : t) * batch + b)
      }
    }
    return reshaped(to: [steps * batch, size]).rows(at: rows).reshaped(to: shape)
  }
}
