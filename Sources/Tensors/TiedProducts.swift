import CKernels

// The gradient of a weight that many operations share, as a decoder's that takes step by step what cannot
// be run at once: dW = Σ_t dY_tᵀ·X_t. Added one by one, each product of few rows reads and writes all of
// dW; gathered over the whole pass, they are one product of all rows.

/// Products dYᵀ·X that wait for the end of a backward pass, by parameter.
struct TiedProducts {
  private struct Sum {
    let parameter: Parameter
    var terms: [(dy: Tensor, x: Tensor)]
  }
  /// In the order in which the parameters came up, which is that of the graph.
  private var sums: [Sum] = []
  private var places: [ObjectIdentifier: Int] = [:]

  /// Products of more rows than this are done at once: there is little to gain, and their operands
  /// would be held until the end.
  static let mostRows = 512

  mutating func add(_ dy: Tensor, _ x: Tensor, to parameter: Parameter) {
    let id = ObjectIdentifier(parameter)
    if let place = places[id] {
      sums[place].terms.append((dy, x))
    } else {
      places[id] = sums.count
      sums.append(Sum(parameter: parameter, terms: [(dy, x)]))
    }
  }

  /// Adds all of them to the gradients of their parameters.
  mutating func finish() {
    for sum in sums {
      let dy = Tensor.stacked(sum.terms.map(\.dy))
      let x = Tensor.stacked(sum.terms.map(\.x))
      sum.parameter.accumulateGradient { $0.add(productOf: dy, x, isFresh: $1) }
    }
    self = TiedProducts()
  }
}

extension Tensor {
  /// Matrices [M_i, N] below one another, [Σ M_i, N].
  fileprivate static func stacked(_ parts: [Tensor]) -> Tensor {
    if parts.count == 1 { return parts[0] }
    let columns = parts[0].shape[1]
    let starts = parts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    return Tensor(shape: [starts[parts.count] / max(columns, 1), columns]) { buffer in
      guard let target = buffer.baseAddress else { return }
      ThreadTeam.current.forEach(parts.count) { index in
        parts[index].withUnsafeBufferPointer {
          guard let source = $0.baseAddress else { return }
          (target + starts[index]).update(from: source, count: $0.count)
        }
      }
    }
  }
}

extension UnsafeMutableBufferPointer<Float> {
  /// dYᵀ·X into a gradient [N, K], of dY [M, N] and X [M, K].
  func add(productOf dy: Tensor, _ x: Tensor, isFresh: Bool) {
    guard let target = baseAddress else { return }
    guard dy.shape[0] > 0 else {
      if isFresh { update(repeating: 0) }
      return
    }
    dy.withUnsafeBufferPointer { dyValues in
      x.withUnsafeBufferPointer { xValues in
        guard let dyBase = dyValues.baseAddress, let xBase = xValues.baseAddress else { return }
        multiply(
          MatrixView(dyBase, rows: dy.shape[0], columns: dy.shape[1]).transposed,
          MatrixView(xBase, rows: x.shape[0], columns: x.shape[1]).transposed,
          accumulate: !isFresh, into: target)
      }
    }
  }
}

extension GradientContext {
  /// Adds dYᵀ·X to the gradient of a parent [N, K], a weight: dY [M, N] is the gradient of what was
  /// multiplied from X [M, K].
  ///
  /// For a parameter, products of few rows wait for the end of the pass and become one with those of the
  /// other steps. So neither tensor's memory may be written to afterwards, but through a copy.
  public func addProduct(of dy: Tensor, _ x: Tensor, toParent index: Int) {
    precondition(
      dy.rank == 2 && x.rank == 2 && dy.shape[0] == x.shape[0],
      "gradients \(dy.shape) of products of rows \(x.shape)")
    if let parameter = tiedParameter(index), dy.shape[0] <= TiedProducts.mostRows {
      putOff(dy, x, for: parameter)
    } else {
      accumulate(intoParent: index) { $0.add(productOf: dy, x, isFresh: $1) }
    }
  }

  /// A parent that is a parameter, packed: kept with it, so that many steps can use it.
  public func packed(ofParent index: Int, _ side: PackedMatrix.Side) -> PackedMatrix? {
    switch origin(ofParent: index) {
    case .parameter(let parameter), .frozen(let parameter): parameter.packed(side)
    case .constant, .rows, .node: nil
    }
  }

  private func tiedParameter(_ index: Int) -> Parameter? {
    if case .parameter(let parameter) = origin(ofParent: index) { parameter } else { nil }
  }
}
