import CKernels
import Tensors

/// The products of one step of M sequences that share what they read and where they come from: one row for
/// each different input and each different state.
///
/// ```
/// sum_m = Σ_k x_k W_kᵀ + b (+ h Uᵀ)      of the parts x_k of the input that row m reads
/// ```
/// The parts are summed one after the other, whatever is shared, so a row does not depend on what it is
/// together with.
struct BranchProducts {
  /// G·H.
  let columns: Int
  /// x_k W_kᵀ, [D_k, G·H], the first with b.
  private let inputs: [(products: Tensor, places: [Int32])]
  /// h Uᵀ (+ b), [D, G·H].
  private let state: Tensor
  private let statePlaces: [Int32]

  /// - Parameters:
  ///   - parts: the input's, side by side.
  ///   - h: the states, of which the selected ones go on.
  init(
    _ parts: [SelectedRows], _ inputWeight: PackedMatrix, inputBias: Tensor, h: Variable,
    _ selection: RowSelection, _ recurrentWeight: PackedMatrix, stateBias: Tensor? = nil
  ) {
    let chosen = SelectedRows(h, selection)
    let columns = inputWeight.columns
    precondition(
      parts.reduce(0) { $0 + $1.width } == inputWeight.depth,
      "an input of \(parts.map(\.width)) features for a cell of \(inputWeight.depth)")
    precondition(
      chosen.width == recurrentWeight.depth,
      "a state \(h.shape) for a cell of \(recurrentWeight.depth) units")
    let products = parts.map { Tensor(uninitialized: [$0.distinct.shape[0], columns]) }
    let state = Tensor(uninitialized: [chosen.distinct.shape[0], columns])
    forEachColumnBlock(
      columns: columns, work: columns * (inputWeight.depth + recurrentWeight.depth)
    ) { range in
      var first = 0
      for (part, product) in zip(parts, products) {
        inputWeight.multiply(
          rows: part.distinct.shape[0], part.distinct.value.sharedPointer, rowStride: part.width,
          bias: first == 0 ? inputBias.sharedPointer : nil, into: product.sharedPointer,
          resultStride: columns, columns: range, depth: first..<first + part.width)
        first += part.width
      }
      recurrentWeight.multiply(
        rows: chosen.distinct.shape[0], chosen.distinct.value.sharedPointer,
        rowStride: chosen.width, bias: stateBias?.sharedPointer, into: state.sharedPointer,
        resultStride: columns, columns: range)
    }
    withExtendedLifetime((parts, inputBias, chosen, stateBias)) {}
    self.columns = columns
    inputs = zip(parts, products).map { (products: $1, places: $0.places) }
    self.state = state
    statePlaces = selection.places
  }

  /// Σ_k x_k W_kᵀ + b of row m.
  func sumInputs(_ m: Int, into sum: UnsafeMutablePointer<Float>) {
    for (index, input) in inputs.enumerated() {
      let row = input.products.sharedPointer + Int(input.places[m]) * columns
      if index == 0 {
        sum.update(from: row, count: columns)
      } else {
        unroll_add(columns, sum, row, sum)
      }
    }
  }

  /// h Uᵀ (+ b) of row m.
  func state(_ m: Int) -> UnsafePointer<Float> {
    UnsafePointer(state.sharedPointer + Int(statePlaces[m]) * columns)
  }

  /// Both.
  func sumAll(_ m: Int, into sum: UnsafeMutablePointer<Float>) {
    if inputs.count == 1 {
      let row = inputs[0].products.sharedPointer + Int(inputs[0].places[m]) * columns
      unroll_add(columns, row, state(m), sum)
    } else {
      sumInputs(m, into: sum)
      unroll_add(columns, sum, state(m), sum)
    }
  }

  /// Calls `body` with each row and a workspace of G·H, on the threads of the team.
  func forEachRow(_ body: (_ m: Int, _ workspace: UnsafeMutablePointer<Float>) -> Void) {
    let (count, block) = (statePlaces.count, 32)
    ThreadTeam.current.forEach((count + block - 1) / block) { index in
      withWorkspace(columns) { workspace in
        for m in index * block..<min(count, (index + 1) * block) { body(m, workspace) }
      }
    }
    withExtendedLifetime(self) {}
  }
}
