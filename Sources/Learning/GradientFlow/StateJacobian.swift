import Recurrent
import Synchronization
import Tensors

/// How much a layer's state depends on its own state k steps before: the singular values of
/// ∂h_t/∂h_{t-k} and of ∂s_t/∂s_{t-k}, s = (h, c) being the whole state, with all inputs held.
///
/// The greatest value bounds by what factor a gradient can grow on its way through k steps; where it
/// falls towards zero, nothing that is k steps apart can be learnt (Pascanu et al. 2013).
public struct StateJacobian: Codable, Sendable, Equatable {
  /// k.
  public let distance: Int
  /// Of ∂h_t/∂h_{t-k} with the other parts of s_{t-k} held, descending.
  public let outputValues: [Double]
  /// Of ∂s_t/∂s_{t-k}, descending; the same for a cell whose state is its output.
  public let stateValues: [Double]

  /// How many of the singular values are kept.
  static let leading = 16

  /// The Jacobians of one sequence, t being its last step.
  ///
  /// - Parameters:
  ///   - inputs: x_t [1, I] for all steps; states: the parts [1, H] of the state before each of them.
  ///   - distances: those that the sequence is too short for are left out.
  static func measure(
    _ cell: AnyCell, inputs: [Tensor], states: [[Tensor]], distances: [Int]
  ) -> [StateJacobian] {
    let distances = Set(distances).filter { 1...max(inputs.count, 1) ~= $0 }.sorted()
    guard let farthest = distances.last, farthest <= inputs.count, !inputs[0].shape.contains(0)
    else { return [] }
    let first = inputs.count - farthest
    let matrices = matrices(
      of: cell, inputs: Array(inputs[first...]), from: states[first], distances: distances)
    // Each is decomposed by one thread alone, so their number changes nothing.
    var results = [StateJacobian?](repeating: nil, count: distances.count)
    let height = states[first][0].shape[1]
    results.withUnsafeMutableBufferPointer { results in
      // Each index writes its own element.
      nonisolated(unsafe) let results = results
      ThreadTeam.current.forEach(distances.count) { index in
        let distance = distances[index]
        results[index] = matrices[distance].flatMap {
          StateJacobian(distance: distance, matrix: $0, height: height)
        }
      }
    }
    return results.compactMap(\.self)
  }

  /// The Jacobian `matrix` [S, S], whose upper left `height` rows and columns are those of the output;
  /// nil if an element is not finite.
  private init?(distance: Int, matrix: [Double], height: Int) {
    let size = Int(Double(matrix.count).squareRoot())
    let output = (0..<height * height).map { matrix[$0 / height * size + $0 % height] }
    guard let outputValues = SingularValues(of: output, rows: height, columns: height),
      let stateValues = height == size
        ? outputValues : SingularValues(of: matrix, rows: size, columns: size)
    else { return nil }
    self.distance = distance
    self.outputValues = Array(outputValues.values.prefix(Self.leading))
    self.stateValues = Array(stateValues.values.prefix(Self.leading))
  }

  /// ∂s_t/∂s_{t-k} [S, S] for each of `distances`, S the size of all parts together, t the step after
  /// all of `inputs`.
  ///
  /// The one sequence runs as S equal ones, and the backward pass starts from the identity: sequence r
  /// from component r of the last state. So what arrives at a state on the way is row r of its
  /// Jacobian, and one pass gives those of all distances.
  static func matrices(
    of cell: AnyCell, inputs: [Tensor], from state: [Tensor], distances: [Int]
  ) -> [Int: [Double]] {
    let widths = state.map { $0.shape[1] }
    let size = widths.reduce(0, +)
    let offsets = widths.indices.map { widths[..<$0].reduce(0, +) }
    let found = Mutex<[Int: [Double]]>([:])
    for distance in distances {
      found.withLock { $0[distance] = [Double](repeating: 0, count: size * size) }
    }

    let start = Parameter("start", Tensor(zeros: [size, size]))
    let leaf = start.variable(.training(RandomKey(seed: 0)))
    var parts = zip(state, leaf.split(widths, axis: 1)).map { part, zeros in
      // The parameter adds nothing but its gradient, and makes the pass record.
      Variable(part.repeated(size)) + zeros
    }
    for (index, input) in inputs.enumerated() {
      let distance = inputs.count - index
      if distances.contains(distance) {
        parts = parts.enumerated().map { part, value in
          value.probed { gradient in
            found.withLock {
              $0[distance]?.write(gradient, size: size, fromColumn: offsets[part])
            }
          }
        }
      }
      let next = cell.step(
        Variable(input.repeated(size)), AnyCell.State(parts: parts), mode: .prediction)
      parts = next.parts
    }
    Variable.backward(
      zip(parts, offsets).map { part, offset in
        (part, Tensor(identity: part.shape, fromRow: offset))
      })
    return found.withLock { $0 }
  }
}

extension [Double] {
  /// Writes columns of a matrix with `size` columns.
  fileprivate mutating func write(_ columns: Tensor, size: Int, fromColumn first: Int) {
    let width = columns.shape[1]
    columns.withUnsafeBufferPointer { columns in
      for i in columns.indices { self[i / width * size + first + i % width] = Double(columns[i]) }
    }
  }
}

extension Tensor {
  /// [1, F] as [rows, F].
  fileprivate func repeated(_ rows: Int) -> Tensor {
    Tensor(shape: [rows, shape[1]]) { all in
      withUnsafeBufferPointer { row in
        for i in all.indices { all[i] = row[i % row.count] }
      }
    }
  }

  /// Ones from row `first` down the diagonal.
  fileprivate init(identity shape: [Int], fromRow first: Int) {
    self.init(zeros: shape)
    withUnsafeMutableBufferPointer { values in
      for column in 0..<shape[1] { values[(first + column) * shape[1] + column] = 1 }
    }
  }
}
