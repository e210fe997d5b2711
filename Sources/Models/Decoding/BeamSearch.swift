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
  /// Whether hypotheses tell what they attended to. That, as a coverage penalty, is for models that attend, and
  /// that all read the same tokens of a source.
  let keepsAttention: Bool

  /// The ids of the target's tokens that have a role.
  struct Specials {
    let start, end, unknown: Int32
    /// Others that are read first and never written.
    var unwritten: [Int32] = []
  }

  /// What is asked of the search for one source.
  struct Request {
    /// The least and the most tokens of the target, but for those of a longer prefix.
    let lengths: ClosedRange<Int>
    /// Tokens that the target begins with.
    let prefix: [Int32]

    /// What the options ask for a source of so many tokens, or for part `part` of `parts` of one, which share
    /// in the lengths.
    init(
      _ options: SearchOptions, sourceCount: Int, prefix: [Int32] = [], part: Int = 0,
      of parts: Int = 1
    ) {
      func share(_ length: Int) -> Int { length * (part + 1) / parts - length * part / parts }
      let least = share(options.minimumLength)
      let most = options.maximumLength.map(share) ?? 2 * sourceCount + 20
      lengths = least...max(least, most, prefix.count)
      self.prefix = prefix
    }
  }

  /// The best targets of each source, the best first.
  ///
  /// - Parameter sources: what each model has made of the sources.
  func run(_ sources: [EncodedSource], _ requests: [Request]) -> [[Hypothesis]] {
    let begun = ensemble.begin(sources)
    var beams = requests.map {
      SentenceBeams($0, options, specials, keepsAttention: keepsAttention)
    }
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
    return beams.map(\.best)
  }

  /// What the threads advance.
  // Safe to share: each index is one thread's alone, and the search waits for all of them before it reads.
  private struct Beams: @unchecked Sendable {
    let all: UnsafeMutableBufferPointer<SentenceBeams>
  }
}
