import Corpora
import Models
import Recurrent

/// The methods that the long-range study compares, and their settings for each problem.
///
/// All have 50 units, as the nets of Pascanu et al. (2013), and all but the Hessian-free one see batches
/// of 20 sequences. Rates are the best of those tried at T = 50 to 200 with seed 1; they do not change
/// with T.
struct LongRangeMethods {
  /// A method: its look in charts, and its settings over T steps.
  struct Entry: Sendable {
    var name: String
    /// What is special about it, with the paper it comes from.
    var about: String
    /// Its place among the colours.
    var color: Int
    /// The share of the simple networks' sequences that it is given: those of gated cells cost several
    /// times as much, and a step of a second-order rule goes through each many times.
    var share = 1.0
    var method: @Sendable (LongRangeKind, _ span: Int) -> LongRangeMethod
  }

  private static let batch = 20

  /// All of them, in the order of tables.
  static let all: [Entry] = [
    Entry(
      name: "RNN", about: "tanh units, 15 random weights each, of spectral radius 0.95; plain SGD",
      color: 0
    ) { _, _ in sgd("RNN", clip: nil) },
    Entry(
      name: "RNN + clipping",
      about: "the same, gradients of a norm above 1 scaled down to it (Pascanu et al. 2013)",
      color: 1
    ) { _, _ in sgd("RNN + clipping", clip: 1) },
    Entry(
      name: "RNN + clipping + Ω",
      about: "the same with a penalty on errors that fade on their way back (Pascanu et al. 2013)",
      color: 2
    ) { _, _ in sgd("RNN + clipping + Ω", clip: 1, penalty: 4) },
    Entry(
      name: "RNN, orthogonal",
      about:
        "tanh units, an orthogonal recurrent matrix to start with (Saxe et al. 2014); SGD and clipping",
      color: 3
    ) { _, _ in
      LongRangeMethod(
        name: "RNN, orthogonal", cell: .rnn, rule: .sgd, rate: 0.1, clipNorm: 1, batch: batch)
    },
    Entry(
      name: "IRNN",
      about: "rectified units, the identity as recurrent matrix to start with (Le et al. 2015)",
      color: 4, share: 0.5
    ) { _, _ in
      LongRangeMethod(
        name: "IRNN", cell: .rnnReLU,
        start: .given(.init(input: .normal(0.001), recurrent: .identity)), rule: .adam,
        rate: 0.0003, clipNorm: 1,
        batch: batch)
    },
    Entry(
      name: "Hessian-free",
      about:
        "tanh units, 15 random weights each, of spectral radius 1.1; structural damping (Martens & "
        + "Sutskever 2011)",
      color: 5, share: 0.3
    ) { problem, _ in
      LongRangeMethod(
        name: "Hessian-free", cell: .rnn,
        start: .given(
          .init(
            input: .normal(problem == .adding ? 0.3 : 0.1),
            recurrent: .sparse(connections: 15, radius: 1.1))),
        rule: .hessianFree(structuralDamping: 0.03, curvature: 1000, maxIterations: 150), rate: 1,
        clipNorm: nil, batch: 2000)
    },
    Entry(
      name: "LSTM, bias 1",
      about: "forget gates that start at a bias of 1 (Józefowicz et al. 2015)", color: 8, share: 0.3
    ) { _, _ in gated("LSTM, bias 1", .lstm, .given(.init(forgetBias: 1))) },
    Entry(
      name: "LSTM",
      about: "gates that start with memories of 1 to T steps (Tallec & Ollivier 2018)", color: 6,
      share: 0.3
    ) { _, span in gated("LSTM", .lstm, .chrono(span: span)) },
    Entry(
      name: "GRU",
      about: "gates that start with memories of 1 to T steps (Tallec & Ollivier 2018)", color: 7,
      share: 0.3
    ) { _, span in gated("GRU", .gru, .chrono(span: span)) },
  ]

  /// The method of a name.
  static func named(_ name: String) -> Entry? { all.first { $0.name == name } }

  private static func sgd(_ name: String, clip: Double?, penalty: Float = 0) -> LongRangeMethod {
    LongRangeMethod(
      name: name, cell: .rnn,
      start: .given(
        .init(input: .normal(0.1), recurrent: .sparse(connections: 15, radius: 0.95))),
      rule: .sgd,
      rate: 0.01, clipNorm: clip, overflowDecay: clip == nil ? nil : 0.1,
      vanishingPenalty: penalty, batch: batch)
  }

  private static func gated(
    _ name: String, _ cell: CellKind, _ start: LongRangeMethod.Start
  ) -> LongRangeMethod {
    LongRangeMethod(
      name: name, cell: cell, start: start, rule: .adam, rate: 0.003, clipNorm: 1, batch: batch)
  }
}

extension LongRangeMethod {
  /// "Adam, rate 0.003, norm at most 1, batches of 20"
  var trainingSummary: String {
    let rule =
      switch rule {
      case .sgd: "SGD"
      case .adam: "Adam"
      case .hessianFree(let damping, let curvature, let iterations):
        "Hessian-free, structural damping \(ChartAxis.plain(damping)), curvature of "
          + "\(min(curvature, batch)) sequences, at most \(iterations) products a step"
      }
    let clip = clipNorm.map { "norm at most \(ChartAxis.plain($0))" } ?? "no clipping"
    var parts = [rule, "rate \(ChartAxis.plain(rate))", clip]
    if vanishingPenalty > 0 { parts.append("Ω times \(ChartAxis.plain(Double(vanishingPenalty)))") }
    if let overflowDecay {
      parts.append(
        "a gradient that overflows replaced by \(ChartAxis.plain(overflowDecay)) times the weights")
    }
    if case .given(let start) = start, case .normal(let deviation) = start.input {
      parts.append(
        "input weights that start with a deviation of \(ChartAxis.plain(Double(deviation)))")
    }
    return (parts + ["batches of \(batch)"]).joined(separator: ", ")
  }
}

extension LongRangeKind {
  /// "Adding"
  var title: String {
    switch self {
    case .adding: "Adding"
    case .temporalOrder: "Temporal order"
    case .copyMemory: "Copy memory"
    case .randomPermutation: "Random permutation"
    }
  }

  /// What can be wrong.
  var judged: String { self == .copyMemory ? "symbols" : "sequences" }

  /// What is to be done, and when it is wrong.
  var about: String {
    switch self {
    case .adding:
      "The sum of two marked numbers among T to 1.1·T, said at the end; wrong if it is off by 0.04 or "
        + "more on a scale from 0 to 1 (Hochreiter & Schmidhuber 1997). Without memory: 0.5 is wrong "
        + "about 85 times in a hundred."
    case .temporalOrder:
      "Which of two symbols came first and which second, among T; wrong if the class is (Hochreiter & "
        + "Schmidhuber 1997; Pascanu et al. 2013). Without memory: wrong 75 times in a hundred."
    case .copyMemory:
      "Ten symbols of eight kinds, said again after T steps; each of the ten can be wrong "
        + "(Arjovsky et al. 2016). Without memory: wrong 88 times in a hundred, at a loss of "
        + "10·ln 8/(T + 20) nats a step."
    case .randomPermutation:
      "The first of T symbols, one of two, said again at the end, with a loss there alone (Pascanu et "
        + "al. 2013; Martens & Sutskever 2011 predict a symbol at every step). Without memory: wrong 50 "
        + "times in a hundred."
    }
  }
}
