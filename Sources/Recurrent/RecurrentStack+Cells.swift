extension RecurrentStack {
  /// The same stack with another cell in each layer: a twin that shares the parameters of the cells
  /// that `replacement` keeps or wraps.
  ///
  /// - Parameters:
  ///   - dropout: the twin's; nil for this stack's.
  ///   - replacement: a cell of the same sizes, given the one of a layer and the layer's number.
  public func replacingCells(
    dropout: Float? = nil, _ replacement: (AnyCell, Int) -> AnyCell
  ) -> RecurrentStack {
    RecurrentStack(
      layers.enumerated().map { replacement($1, $0) }, dropout: dropout ?? self.dropout)
  }
}
