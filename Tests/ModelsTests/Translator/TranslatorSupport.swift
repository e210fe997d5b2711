import Corpora
import Recurrent
import Tensors
import Testing

@testable import Models

/// Ways in which a decoder can be told of its source.
struct DecoderForm: Sendable, CustomTestStringConvertible {
  var context: ContextUse
  var attention: AttentionKind = .general
  var feedsReadout = false
  var isBidirectional = true
  var reversesSource = false
  var layers = 1
  var cell = CellKind.lstm

  static let all: [DecoderForm] = [
    DecoderForm(context: .initial, isBidirectional: false, reversesSource: true, layers: 2),
    DecoderForm(context: .initial, layers: 2, cell: .gru),
    DecoderForm(context: .everyStep, cell: .gruResetBefore),
    DecoderForm(context: .before, attention: .additive),
    DecoderForm(context: .before, attention: .dot, layers: 2, cell: .gru),
    DecoderForm(context: .after, attention: .dot),
    DecoderForm(context: .after, attention: .general, layers: 2),
    DecoderForm(context: .after, attention: .additive, feedsReadout: true, layers: 2),
    DecoderForm(context: .after, attention: .general, feedsReadout: true, cell: .rnn),
  ]

  var testDescription: String {
    "\(context.rawValue) \(attention.rawValue)\(feedsReadout ? " fed" : "") \(cell.rawValue) x\(layers)"
  }

  /// Of 8 units, and vectors of 6 features.
  func configuration(
    hidden: Int = 8, isTied: Bool = false, dropout: NetworkDropout = NetworkDropout()
  ) -> TranslatorConfiguration {
    TranslatorConfiguration(
      encoder: EncoderConfiguration(
        embeddingSize: 6, cell: cell, hiddenSize: isBidirectional ? hidden / 2 : hidden,
        layers: layers, isBidirectional: isBidirectional, dropout: dropout,
        reversesSource: reversesSource),
      decoder: SequenceDecoderConfiguration(
        embeddingSize: isTied ? hidden : 6, cell: cell, hiddenSize: hidden, layers: layers,
        dropout: dropout, context: context, attention: attention, feedsReadout: feedsReadout,
        isTied: isTied))
  }

  /// A translator of letters to letters, its parameters random.
  func translator(
    seed: UInt64 = 1, hidden: Int = 8, target: String = "xyz", isTied: Bool = false,
    scale: Float = 0.5
  ) throws -> Translator {
    let translator = try Translator(
      configuration(hidden: hidden, isTied: isTied),
      TranslatorUnits(source: .characters, target: .characters), learningFrom: ["abcd"], [target],
      key: RandomKey(seed: seed))
    for (index, parameter) in translator.parameters.enumerated() {
      parameter.value = RandomKey(seed: seed).child(index)
        .uniform(parameter.shape, from: -scale, to: scale)
    }
    return translator
  }
}

extension Translator {
  /// ln p of target tokens, `</s>` included, given a source.
  func logProbability(_ source: [Int32], _ target: [Int32]) -> Double {
    -tokenLosses(sources: [source], targets: [target])[0].reduce(0) { $0 + Double($1) }
  }
}

extension Translator {
  /// Makes a token likelier than all others at every step.
  func favor(_ token: Int32) {
    guard let bias = parameters.first(where: { $0.name == "output.bias" }) else { return }
    bias.value[Int(token)] = 50
  }
}
