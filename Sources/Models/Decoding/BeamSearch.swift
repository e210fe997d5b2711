import Recurrent
import Tensors

/// Beam search over the targets of several sources at once (Sutskever et al. 2014).
///
/// At every step each sentence keeps the K likeliest hypotheses that have not ended. Those that end with
/// `</s>` among its K best candidates are complete. A sentence is done when it has K complete ones, or
/// as soon as none that is open can become better than those it has, which the length penalty bounds.
///
/// The hypotheses of all sentences advance as one batch. What is found for a sentence does not depend on
/// the others.
struct BeamSearch {
  let ensemble: DecoderEnsemble
  let options: SearchOptions
  let specials: Specials
  /// Whether hypotheses tell what they attended to.
  let keepsAttention: Bool

  /// The ids of the target's tokens that have a role.
  struct Specials {
    let start, end, unknown: Int32
  }

  /// What is asked of the search for one source.
  struct Request {
    /// The source's tokens, which limit the target's.
    var sourceCount: Int
    /// Tokens that the target begins with.
    var prefix: [Int32] = []
  }

  /// The best targets of each source, the best first.
  ///
  /// - Parameter sources: what each model has made of the sources.
  func run(_ sources: [EncodedSource], _ requests: [Request]) -> [[Hypothesis]] {
    let begun = ensemble.begin(sources)
    var beams = requests.map { SentenceBeams($0, options, specials) }
    // A group begins with a hypothesis of its own.
    var parents = RowSelection(
      beams.indices.flatMap { repeatElement(Int32($0), count: beams[$0].open.count) },
      of: beams.count)
    var state = begun.state
    let lengths =
      sources[0].lengths.map { $0.map(Int.init) }
      ?? Array(repeating: sources[0].memory.shape[0], count: requests.count)
    let attends = keepsAttention || options.coveragePenalty > 0
    while beams.contains(where: { !$0.isDone }) {
      let starts = beams.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.open.count) }
      let step = ensemble.branch(
        beams.flatMap(\.lastTokens), from: state, parents, begun.memories, starts: starts)
      let weights = attends ? ensemble.meanWeights(step, starts: starts, lengths: lengths) : nil
      let size = ensemble.vocabularySize
      // Each sentence by itself, on any thread.
      beams.withUnsafeMutableBufferPointer { buffer in
        let shared = Beams(all: buffer)
        ThreadTeam.current.forEach(shared.all.count) { b in
          guard !shared.all[b].isDone else { return }
          shared.all[b].advance(
            step.scores, rows: starts[b]..<starts[b + 1], vocabularySize: size,
            weights: weights.map { ($0, lengths[b]) })
        }
      }
      state = step.state
      parents = RowSelection(
        zip(beams, starts).flatMap { beam, start in beam.parents.map { Int32(start + $0) } },
        of: starts[beams.count])
    }
    return beams.map { $0.best(keepsAttention: keepsAttention) }
  }

  /// What the threads advance.
  // Safe to share: each index is one thread's alone, and the search waits for all of them before it reads.
  private struct Beams: @unchecked Sendable {
    let all: UnsafeMutableBufferPointer<SentenceBeams>
  }
}
