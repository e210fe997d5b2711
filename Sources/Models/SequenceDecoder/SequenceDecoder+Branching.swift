import Recurrent
import Tensors

extension SequenceDecoder {
  /// What a step of prediction of M hypotheses says.
  struct Prediction {
    /// r [M, R].
    var readouts: Variable
    /// The state after it, of M rows.
    var state: State
    /// α [M, S]; nil where nothing is attended to.
    var weights: Variable?
  }

  /// What is looked at in all steps of prediction, and the state before the first one.
  ///
  /// Attention after a step reads W_c m_s in place of m_s, once for each step of the source, so that no product
  /// of contexts is left for the steps of the target: W_c Σ_s α_s m_s = Σ_s α_s W_c m_s.
  func beginBranching(_ source: EncodedSource) -> (memory: Memory, state: State) {
    var (memory, state) = begin(source, mode: .prediction)
    if configuration.context == .after, let attention = memory.attention, let readout {
      memory.attention = attention.reading(
        readout.share(of: attention.values, inputs: 0..<attention.values.shape[2]))
    }
    return (memory, state)
  }

  /// One step of prediction for M hypotheses, of which `starts[b] ..< starts[b + 1]` are those of source b:
  /// each reads its token and goes on from a row of the state, that of a hypothesis of the same source. The memory
  /// is that of ``beginBranching(_:)``.
  ///
  /// What depends on the token or on the parent alone is computed once for each different one.
  func branch(
    _ tokens: [Int32], from state: State, _ parents: RowSelection, _ memory: Memory,
    starts: [Int]
  ) -> Prediction {
    let words = RowSelection(tokens, of: embedding.vocabularySize)
    let vectors = SelectedRows(
      distinct: embedding(words.distinct, steps: 1, mode: .prediction)
        .reshaped(to: [words.distinct.count, embedding.size]), places: words.places)
    func layers(_ input: [SelectedRows]) -> (output: Variable, state: RecurrentStack.State) {
      network.branch(input, from: state.network, parents)
    }
    switch configuration.context {
    case .initial:
      let (output, next) = layers([vectors])
      return Prediction(readouts: output, state: State(network: next))
    case .everyStep:
      let context = SelectedRows(distinct: memory.summary, places: sequences(starts))
      let (output, next) = layers([vectors, context])
      return Prediction(
        readouts: readOut([output, context.all, vectors.all], .prediction),
        state: State(network: next))
    case .before:
      let query = SelectedRows(
        state.network.layers[network.layers.count - 1].output, parents
      ).distinct
      let (contexts, weights) = attend(
        query, parents.distinctStarts(starts), memory, .prediction)
      let context = SelectedRows(distinct: contexts, places: parents.places)
      let (output, next) = layers([vectors, context])
      return Prediction(
        readouts: readOut([output, context.all, vectors.all], .prediction),
        state: State(network: next), weights: weights.rows(at: parents.places))
    case .after:
      let fed = state.readout.map { SelectedRows($0, parents) }
      let (output, next) = layers([vectors] + (fed.map { [$0] } ?? []))
      let (shares, weights) = attend(output, starts, memory, .prediction)
      guard let readout else { preconditionFailure("a decoder without a readout") }
      let contextSize = readout.weight.shape[1] - output.shape[1]
      let readouts = readout.completed(
        shares.value, with: output, inputs: contextSize..<readout.weight.shape[1]
      ).tanh()
      return Prediction(
        readouts: readouts,
        state: State(network: next, readout: configuration.feedsReadout ? readouts : nil),
        weights: weights)
    }
  }

  /// Which source each of M hypotheses is of.
  private func sequences(_ starts: [Int]) -> [Int32] {
    (0..<starts.count - 1).flatMap { b in
      repeatElement(Int32(b), count: starts[b + 1] - starts[b])
    }
  }
}

extension RowSelection {
  /// Where the distinct rows of each source begin, if those of the M rows begin at `starts` and no two sources
  /// have a row in common.
  fileprivate func distinctStarts(_ starts: [Int]) -> [Int] {
    var found = [0]
    for b in 0..<starts.count - 1 {
      let own = places[starts[b]..<starts[b + 1]].max().map { Int($0) + 1 }
      found.append(own ?? found[b])
    }
    return found
  }
}
