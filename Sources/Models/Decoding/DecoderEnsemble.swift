import CKernels
import Recurrent
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Decoders of one vocabulary that take each step together, and what they say of the next token.
///
/// What one model says, and several copies of it, is the same to the bit.
struct DecoderEnsemble {
  let decoders: [SequenceDecoder]
  /// Whether each reads sources from their end.
  let reversed: [Bool]
  /// What each of them counts, the greatest 1.
  let weights: [Float]
  let mean: EnsembleMean

  init(
    decoders: [SequenceDecoder], reversed: [Bool], weights: [Double], mean: EnsembleMean
  ) {
    self.decoders = decoders
    self.reversed = reversed
    // Whatever their unit was: so they are neither too small nor too large for a Float.
    let greatest = weights.max() ?? 1
    self.weights = weights.map { Float($0 / greatest) }
    self.mean = mean
  }

  /// V.
  var vocabularySize: Int { decoders[0].output.vocabularySize }

  /// What all decoders carry, a row for each hypothesis.
  struct State {
    var members: [SequenceDecoder.State]
  }

  /// What is looked at in all steps, and the state before the first one, for each source.
  func begin(_ sources: [EncodedSource]) -> (memories: [SequenceDecoder.Memory], state: State) {
    let begun = zip(decoders, sources).map { $0.beginBranching($1) }
    return (begun.map(\.memory), State(members: begun.map(\.state)))
  }

  /// What is said after tokens [M].
  struct Step {
    var state: State
    /// ln p of each next token, [M, V], as ``DecoderEnsemble/Scores`` has it.
    var scores: Scores
    /// What each model attended to, [M, S], in the order in which it reads; nil where it does not attend.
    var weights: [Tensor?]
  }

  /// ln p [M, V] of several models: `greatest` + ln(`sums` / Σ w), or `greatest` itself.
  ///
  /// The logarithm is not taken of what is not going to be looked at: `greatest` is nowhere less than ln p.
  struct Scores {
    let greatest: Tensor
    /// Σ_m w_m e^(ln p_m - greatest); nil where `greatest` is ln p.
    let sums: Tensor?
    let totalWeight: Float

    /// ln p, by the place in [M, V].
    func logProbability(
      _ place: Int, _ greatest: UnsafePointer<Float>, _ sums: UnsafePointer<Float>?
    ) -> Float {
      sums.map { greatest[place] + logf($0[place] / totalWeight) } ?? greatest[place]
    }
  }

  /// One step of M hypotheses; see ``SequenceDecoder/branch(_:from:_:_:starts:)``.
  func branch(
    _ tokens: [Int32], from state: State, _ parents: RowSelection,
    _ memories: [SequenceDecoder.Memory], starts: [Int]
  ) -> Step {
    var members: [SequenceDecoder.State] = []
    var said: [Tensor] = []
    var attended: [Tensor?] = []
    for (index, decoder) in decoders.enumerated() {
      let taken = decoder.branch(
        tokens, from: state.members[index], parents, memories[index], starts: starts)
      members.append(taken.state)
      attended.append(taken.weights?.value)
      said.append(decoder.output.logProbabilities(taken.readouts.value))
    }
    return Step(state: State(members: members), scores: combined(said), weights: attended)
  }

  private func combined(_ said: [Tensor]) -> Scores {
    let total = weights.reduce(0, +)
    guard said.count > 1 else {
      return Scores(greatest: said[0], sums: nil, totalWeight: total)
    }
    let size = vocabularySize
    let rows = said[0].shape[0]
    let greatest = said[0].copied()
    let sums = mean == .probabilities ? Tensor(zeros: said[0].shape) : nil
    ThreadTeam.current.forEach(rows) { row in
      let (own, first) = (greatest.sharedPointer + row * size, row * size)
      withWorkspace(size) { difference in
        switch mean {
        case .logProbabilities:
          // From the first on, so that copies of a model leave it as it is.
          for (member, weight) in zip(said.dropFirst(), weights.dropFirst()) {
            unroll_subtract(
              size, member.sharedPointer + first, said[0].sharedPointer + first, difference)
            unroll_axpy(size, weight / total, difference, own)
          }
        case .probabilities:
          guard let sums else { return }
          for member in said.dropFirst() {
            let other = member.sharedPointer + first
            for token in 0..<size { own[token] = max(own[token], other[token]) }
          }
          for (member, weight) in zip(said, weights) {
            unroll_subtract(size, member.sharedPointer + first, own, difference)
            unroll_exp(size, difference, difference)
            unroll_axpy(size, weight, difference, sums.sharedPointer + first)
          }
        }
      }
    }
    withExtendedLifetime(said) {}
    return Scores(greatest: greatest, sums: sums, totalWeight: total)
  }

  /// The mean of what the models attended to, [M, S], in the order of the sources, of which all read the same
  /// tokens; nil where one does not attend.
  ///
  /// - Parameters:
  ///   - starts: the rows of sentence b are `starts[b] ..< starts[b + 1]`.
  ///   - lengths: the steps of each source, `</s>` at the end.
  func meanWeights(_ step: Step, starts: [Int], lengths: [Int]) -> Tensor? {
    let given = step.weights.compactMap { $0 }
    guard given.count == decoders.count, let first = given.first else { return nil }
    precondition(
      given.allSatisfy { $0.shape == first.shape },
      "attention of shapes \(given.map(\.shape)) has no mean")
    let width = first.shape[1]
    let sum = Tensor(zeros: first.shape)
    for (weights, isReversed) in zip(given, reversed) {
      for (b, length) in lengths.enumerated() {
        for row in starts[b]..<starts[b + 1] {
          let (source, target) = (
            weights.sharedPointer + row * width, sum.sharedPointer + row * width
          )
          for place in 0..<length {
            let read = isReversed && place < length - 1 ? length - 2 - place : place
            target[place] += source[read] / Float(given.count)
          }
        }
      }
      withExtendedLifetime(weights) {}
    }
    return sum
  }
}

/// What each of `count` models counts; nil for all alike.
///
/// Throws ``ModelError/invalidConfiguration(_:)`` for weights that are not as many or not above zero.
func weightsOfModels(_ weights: [Double]?, count: Int) throws(ModelError) -> [Double] {
  guard let weights else { return Array(repeating: 1, count: count) }
  guard weights.count == count else {
    throw .invalidConfiguration("\(weights.count) weights for \(count) models, expected one each")
  }
  if let weight = weights.first(where: { !($0 > 0 && $0.isFinite) }) {
    throw .invalidConfiguration("the weight of a model is above 0, not \(weight)")
  }
  return weights
}
