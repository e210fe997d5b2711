// Picking elements by index. The indices are data, not variables.

extension Variable {
  /// Rows of a matrix [N, F] by index, an embedding lookup: [indices.count, F]. Rows may repeat.
  ///
  /// Backward: row i of the gradient is added to row `indices[i]`; a parameter keeps only the rows
  /// that were touched (see ``Parameter/Gradient``).
  public func rows(at indices: [Int32]) -> Variable {
    precondition(value.rank == 2, "rows of a tensor of shape \(shape)")
    if let known = tableRows {
      return Variable(
        rows: indices.map { known.rows[Int($0)] }, of: known.table, shape: [indices.count])
    }
    return Variable.operation(from: [self], output: value.gathered(rows: indices)) {
      $0.tangent()?.gathered(rows: indices)
    } backward: {
      $0.addRows(indices, $0.takeGradient(), toParent: 0)
    }
  }

  /// One element of each row: y[i] = x[i, indices[i]], for x [M, V] and M indices; the
  /// log-probabilities of targets, for example.
  ///
  /// Backward: the gradient, with zeros around it.
  public func elements(at indices: [Int32]) -> Variable {
    precondition(
      value.rank == 2 && shape[0] == indices.count,
      "\(indices.count) elements of the rows of a tensor of shape \(shape)")
    let columns = shape[1]
    return Variable.operation(from: [self], output: value.gathered(elements: indices)) {
      $0.tangent()?.gathered(elements: indices)
    } backward: { context in
      let gradient = context.takeGradient()
      context.accumulate(intoParent: 0) { sum, isFresh in
        if isFresh { sum.update(repeating: 0) }
        gradient.withUnsafeBufferPointer { gradient in
          for (row, index) in indices.enumerated() {
            sum[row * columns + Int(index)] += gradient[row]
          }
        }
      }
    }
  }

  /// a where `mask` is not 0, else b. a and b have one shape, to which the mask is broadcast: [B, 1]
  /// chooses whole rows of states [B, H].
  ///
  /// A choice, not a product: what is not chosen may be NaN. Backward: each operand gets the
  /// gradient where it was chosen, and 0 elsewhere.
  public static func select(_ mask: Tensor, _ a: Variable, _ b: Variable) -> Variable {
    precondition(a.shape == b.shape, "a choice between shapes \(a.shape) and \(b.shape)")
    let mask = mask.broadcast(to: a.shape)
    let output = mask.selecting(a.value, b.value)
    return operation(from: [a, b], output: output) { context in
      TangentContext.sum(
        context.tangent(ofParent: 0).map { mask.masking($0, whereZero: true) },
        context.tangent(ofParent: 1).map { mask.masking($0, whereZero: false) })
    } backward: { context in
      let gradient = context.takeGradient()
      if context.needsGradient(ofParent: 0) {
        context.add(mask.masking(gradient, whereZero: true), toParent: 0)
      }
      if context.needsGradient(ofParent: 1) {
        context.add(mask.masking(gradient, whereZero: false), toParent: 1)
      }
    }
  }
}

extension Tensor {
  /// Rows of a matrix [N, F] by index: [indices.count, F].
  public func gathered(rows indices: [Int32]) -> Tensor {
    let (count, columns) = (shape[0], shape[1])
    return Tensor(shape: [indices.count, columns]) { output in
      withUnsafeBufferPointer { table in
        let (x, y) = (table.baseAddress!, output.baseAddress!)
        ThreadTeam.current.forEachRows(indices.count, columns: columns) {
          for row in $0 {
            let index = Int(indices[row])
            precondition(0 <= index && index < count, "row \(index) of \(count)")
            (y + row * columns).update(from: x + index * columns, count: columns)
          }
        }
      }
    }
  }

  /// One element of each row of a matrix [M, V]: [M].
  fileprivate func gathered(elements indices: [Int32]) -> Tensor {
    let columns = shape[1]
    return Tensor(shape: [indices.count]) { output in
      withUnsafeBufferPointer { x in
        for (row, index) in indices.enumerated() {
          precondition(0 <= index && index < columns, "element \(index) of \(columns)")
          output[row] = x[row * columns + Int(index)]
        }
      }
    }
  }

  /// With this one as a mask: a where it is not 0, else b.
  fileprivate func selecting(_ a: Tensor, _ b: Tensor) -> Tensor {
    var result = a
    result.withUnsafeMutableBufferPointer { result in
      withUnsafeBufferPointer { mask in
        b.withUnsafeBufferPointer { b in
          ThreadTeam.current.forEachRange(count, grain: Grain.light) {
            for i in $0 where mask[i] == 0 { result[i] = b[i] }
          }
        }
      }
    }
    return result
  }

  /// With this one as a mask: `tensor` with 0 where the mask is 0 (or is not).
  func masking(_ tensor: Tensor, whereZero: Bool) -> Tensor {
    var result = tensor
    result.update(with: self) { n, mask, y in
      for i in 0..<n where (mask[i] == 0) == whereZero { y[i] = 0 }
    }
    return result
  }
}
