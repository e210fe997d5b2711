import Recurrent
import Tensors

/// The spectra of a stack's recurrent matrices.
///
/// Going back one step multiplies a gradient by W_hhᵀ and the slopes of the nonlinearity. So with a
/// simple network, gradients must vanish where the greatest singular value is below 1 (with tanh), and
/// can explode only where it is above; a matrix that starts orthogonal, with all values 1, at least
/// starts well (Pascanu et al. 2013; Saxe et al. 2014). A gated cell has one matrix a gate.
public struct RecurrentSpectrum: Codable, Sendable, Equatable {
  /// One for each gate of each layer.
  public let matrices: [Matrix]

  /// The spectrum of one matrix [H, H].
  public struct Matrix: Codable, Sendable, Equatable {
    /// The parameter it is in: "rnn.weight_hh_l0".
    public let parameter: String
    /// Which of the parameter's blocks of H rows it is: "forget", or "block 2" where the cell does not
    /// say. Empty if it is the only one.
    public let block: String
    /// All singular values, descending.
    public let singularValues: [Double]
    /// All eigenvalues, by magnitude, descending; empty for a matrix that is not square.
    public let eigenvalues: [Eigenvalues.Value]

    /// The greatest magnitude of an eigenvalue; nil for a matrix that is not square.
    public var spectralRadius: Double? { eigenvalues.first?.magnitude }
    /// The greatest singular value.
    public var largest: Double { singularValues.first ?? 0 }
    /// The least singular value.
    public var smallest: Double { singularValues.last ?? 0 }
  }

  /// The spectra of all parameters named `…weight_hh…` of `stack`, which is PyTorch's name for what
  /// multiplies the state. Matrices with elements that are not finite are left out.
  ///
  /// - Complexity: O(H³) for each: two seconds of a core for 1000 units.
  public init(_ stack: RecurrentStack) {
    let blocks = stack.cells.flatMap { cell in
      cell.parameters.filter { $0.name.contains("weight_hh") && $0.shape.count == 2 }
        .flatMap { Self.blocks(of: $0, cell) }
    }
    // Each is computed by one thread alone, so their number changes nothing.
    var results = [Matrix?](repeating: nil, count: blocks.count)
    results.withUnsafeMutableBufferPointer { results in
      // Each index writes its own element.
      nonisolated(unsafe) let results = results
      ThreadTeam.current.forEach(blocks.count) { results[$0] = Self.spectrum(of: blocks[$0]) }
    }
    matrices = results.compactMap(\.self)
  }

  private struct Block: Sendable {
    let parameter: String
    let name: String
    let values: Tensor
  }

  private static func blocks(of parameter: Parameter, _ cell: AnyCell) -> [Block] {
    let (rows, columns) = (parameter.shape[0], parameter.shape[1])
    let count = max(1, rows / max(cell.hiddenSize, 1))
    // A projection makes the output narrower than a gate; then the names tell the number of gates.
    let names = cell.blockNames
    let parts =
      !names.isEmpty && rows % names.count == 0
      ? names.count : rows == count * cell.hiddenSize ? count : 1
    let value = parameter.value.scalars
    let size = rows / parts * columns
    return (0..<parts).map { part in
      Block(
        parameter: parameter.name,
        name: parts == 1 ? "" : parts == names.count ? names[part] : "block \(part)",
        values: Tensor(
          shape: [rows / parts, columns], scalars: value[part * size..<(part + 1) * size]))
    }
  }

  private static func spectrum(of block: Block) -> Matrix? {
    guard let singular = SingularValues(of: block.values) else { return nil }
    var eigenvalues: [Eigenvalues.Value] = []
    if block.values.shape[0] == block.values.shape[1] {
      guard let all = Eigenvalues(of: block.values) else { return nil }
      eigenvalues = all.values
    }
    return Matrix(
      parameter: block.parameter, block: block.name, singularValues: singular.values,
      eigenvalues: eigenvalues)
  }
}
