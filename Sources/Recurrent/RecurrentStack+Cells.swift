import Tensors

extension RecurrentStack {
  /// The cells of all layers from the lowest to the highest, the forward one first where a layer has two.
  public var cells: [AnyCell] { layers.flatMap(\.cells) }

  /// The same stack with other cells in its layers: a twin that shares the parameters of the cells that
  /// `replacement` keeps or wraps, and the learned initial states.
  ///
  /// - Parameter replacement: a cell of the same sizes, given one of ``cells`` and its number there.
  public func replacingCells(_ replacement: (AnyCell, Int) -> AnyCell) -> RecurrentStack {
    var number = -1
    let layers = layers.map { layer in
      layer.replacingCells { cell in
        number += 1
        return replacement(cell, number)
      }
    }
    return RecurrentStack(
      layers: layers, connections: connections, dropout: dropout, isVariational: isVariational)
  }
}

extension RecurrentLayer {
  fileprivate func replacingCells(_ replacement: (AnyCell) -> AnyCell) -> RecurrentLayer {
    RecurrentLayer(
      cell: replacement(cell), reverse: reverse.map(replacement), initialState: initialState)
  }

  private init(cell: AnyCell, reverse: AnyCell?, initialState: [Parameter]) {
    self.cell = cell
    self.reverse = reverse
    self.initialState = initialState
  }
}
