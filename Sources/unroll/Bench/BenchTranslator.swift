import ArgumentParser
import Corpora
import Learning
import Models
import Recurrent
import Tensors

/// `unroll bench translator`
struct BenchTranslator: Verb {
  static let configuration = CommandConfiguration(
    commandName: "translator",
    abstract: "Time full training steps of an encoder-decoder with attention.",
    discussion: """
      Two layers of 512 LSTM units on either side, the encoder from both ends with half as many, vocabularies \
      of 10,000, 64 sentences of 25 tokens on both sides; a step is forward, backward, clip and SGD. Forms: \
      after (general attention behind a step, all steps at once), fed (its readout fed to the next step) and \
      before (additive attention before a step).

      EXAMPLES
        unroll bench translator
        unroll bench translator --form fed --threads 1 --json
      """)

  /// How the decoder attends.
  enum Form: String, CaseIterable, ExpressibleByArgument, SettingValue {
    case after, fed, before
  }

  @Option(help: "One of the forms: after, fed or before (default: all).")
  var form: Form?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Units of a layer (default: 512).", valueName: "n"))
  var hidden: Int?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Layers (default: 2).", valueName: "n"))
  var layers: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Sentences side by side (default: 64).", valueName: "n"))
  var batch: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Tokens of a vocabulary (default: 10000).", valueName: "n"))
  var vocabulary: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Seconds to measure for (default: 10).", valueName: "x"))
  var seconds: Double?
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let form = try settings.value("form", form)
    let shape = TranslatorMeasurement.Shape(
      hidden: try settings.value("hidden", hidden, default: 512, .within(2...8192)),
      layers: try settings.value("layers", layers, default: 2, .upTo(16)),
      batch: try settings.value("batch", batch, default: 64, .upTo(4096)),
      vocabulary: try settings.value(
        "vocabulary", vocabulary, default: 10_000, .within(4...1_000_000)))
    let seconds = try settings.value("seconds", seconds, default: 10, .positive)
    try settings.finish()
    if !common.json { console.message(Bench.heading(threads: threads)) }
    for form in form.map({ [$0] }) ?? Form.allCases {
      let measurement = try withThreads(threads) {
        try TranslatorMeasurement(form, shape, seconds: seconds)
      }
      try console.result(
        common.json
          ? JSON.members([
            "name": .string(form.rawValue), "threads": .integer(threads),
            "tokens_per_second": .number((measurement.tokensPerSecond * 10).rounded() / 10),
            "peak_memory_mb": .number((peakMemoryMB() * 10).rounded() / 10),
          ]).text
          : "\(padded(form.rawValue, to: 8)) \(Format.short(measurement.tokensPerSecond)) target tokens/s"
      )
    }
  }
}

/// How fast training steps of an encoder-decoder are.
struct TranslatorMeasurement {
  let tokensPerSecond: Double

  struct Shape {
    /// At least 2: from both ends the encoder has half as many.
    var hidden: Int
    var layers: Int
    var batch: Int
    /// At least 4: three of them are not words.
    var vocabulary: Int
    /// Tokens of a sentence on either side, `</s>` included.
    let length = 25
  }

  init(_ form: BenchTranslator.Form, _ shape: Shape, seconds: Double) throws {
    var steps = TrainingSteps(try Self.task(form, shape), SGD(), rate: 0.1)
    try steps.warmUp(seconds: min(2, seconds / 4))
    tokensPerSecond = try steps.tokensPerSecond(over: seconds)
  }

  private static func task(
    _ form: BenchTranslator.Form, _ shape: Shape
  ) throws -> TranslatorTask {
    let words = try Vocabulary(
      tokens: ["<unk>", "<s>", "</s>"] + (3..<shape.vocabulary).map(String.init))
    let configuration = TranslatorConfiguration(
      encoder: EncoderConfiguration(
        embeddingSize: shape.hidden, hiddenSize: shape.hidden / 2, layers: shape.layers,
        isBidirectional: true),
      decoder: SequenceDecoderConfiguration(
        embeddingSize: shape.hidden, hiddenSize: shape.hidden, layers: shape.layers,
        context: form == .before ? .before : .after,
        attention: form == .before ? .additive : .general, feedsReadout: form == .fed))
    let model = try Translator(
      configuration, sourceUnits: Segmenter(.tokens), targetUnits: Segmenter(.tokens),
      sourceVocabulary: words, targetVocabulary: words, initialization: .uniform(0.05),
      key: RandomKey(seed: 1))
    let count = 8 * shape.batch
    let drawn = RandomKey(seed: 3).words(2 * count * (shape.length - 1)).map {
      String(3 + Int($0) % (shape.vocabulary - 3))
    }
    let lines = (0..<2 * count).map {
      drawn[$0 * (shape.length - 1)..<($0 + 1) * (shape.length - 1)].joined(separator: " ")
    }
    return try TranslatorTask(
      model, sources: Array(lines[..<count]), targets: Array(lines[count...]), batch: shape.batch)
  }
}
