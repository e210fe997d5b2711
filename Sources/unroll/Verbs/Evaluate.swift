import ArgumentParser
import Models

/// `unroll evaluate`
struct Evaluate: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Measure how well a model predicts a text.",
    discussion: """
      By a language model the whole text counts, its first token too; the state is carried from beginning to end. \
      Perplexity is e to the cross-entropy, which is in nats a token.

      With --cache also as a model that remembers what it has lately read (Grave et al. 2017): words \
      come again where the net was in a like state. --cache-tune chooses weight and flatness on \
      another text.

      A tagger is measured on sentences with labels, CoNLL-U or columns: the accuracy, that on words \
      which occurred in training and on others, and where labels such as B-PER mark spans their F1, \
      counted as conlleval does.

      A classifier is measured on a file like that it learned from: which classes were taken for which, \
      or how well labels were found, or how near numbers came. A forecaster is measured on the values of \
      a series, beside the last value as a forecast.

      A classifier of trees is measured on trees with labels, or by --listops on as many expressions of \
      ListOps, drawn apart from those that nets learn from.

      A translator is measured on sources with their references behind tabs (FILE), or on --source and \
      --target: perplexity, BLEU and chrF as sacreBLEU's, errors, and lines that equal no reference.

      A captioner is measured on a table of pictures and captions: by BLEU-1, BLEU-4 and the share that is \
      exactly right, in each of its languages; with --baselines beside what needs no net. Several translators \
      or captioners, the others by --with, are measured as the ensemble that they are.

      An n-gram model (ARPA) is measured on the same tokens. With --interpolate a neural model is \
      mixed with one, token by token; --tune chooses the share on another text.

      With --similarity its word vectors are measured: how well their cosines rank pairs of words as \
      people do.

      EXAMPLES
        unroll evaluate model.safetensors test.txt
        unroll evaluate model.safetensors test.txt --json
        unroll evaluate model.safetensors test.txt --cache --cache-tune valid.txt
        unroll evaluate model.arpa test.txt
        unroll evaluate model.safetensors test.txt --interpolate model.arpa --tune valid.txt
        unroll evaluate model.safetensors --similarity wordsim353.tsv
        unroll evaluate tagger.safetensors test.conllu
        unroll evaluate classifier.safetensors test.tsv
        unroll evaluate forecaster.safetensors test.csv
        unroll evaluate trees.safetensors test.txt
        unroll evaluate trees.safetensors --listops 10000
        unroll evaluate en-fr.safetensors --source test.en --target test.fr --beam 12
        unroll evaluate g2p.safetensors words.tsv
        unroll evaluate a.safetensors words.tsv --with b.safetensors c.safetensors
        unroll evaluate captioner.safetensors test.tsv --baselines train.tsv
      """)

  @Argument(help: "A model file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @Argument(help: "A text file, or one with labels; not with --similarity.", completion: .file())
  var file: String?
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Further translators or captioners, which vote with the first.", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var with: [String] = []
  @OptionGroup var caching: CacheOptions
  @OptionGroup var interpolation: InterpolationOptions
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Pairs of words and people's ratings of them, a line each, to rank by cosine.",
      valueName: "file"), completion: .file())
  var similarity: [String] = []
  @OptionGroup var labelled: LabelledOptions
  @OptionGroup var trees: JudgedTreeOptions
  @OptionGroup(title: "TRANSLATIONS") var paired: PairedOptions
  @OptionGroup(title: "TRANSLATIONS") var search: SearchFlags
  @OptionGroup var captions: JudgedCaptionOptions
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let caching = try CacheChoice(caching, &settings)
    let interpolating = try interpolation.choice(&settings)
    let others = try settings.list("with", with)
    let similarity = try settings.list("similarity", similarity)
    let labelled = try labelled.choice(&settings)
    let trees = try trees.choice(&settings)
    let paired = try paired.choice(&settings)
    let search = try search.options(&settings)
    let captions = try captions.choice(&settings)
    try settings.finish()
    // What goes with some models alone.
    let caches = caching.map { _ in "cache" }
    let mixes = interpolating.map { _ in "interpolate" }
    let labels = labelled.flag
    let shapes = trees.flag
    try withThreads(threads) {
      if let flag = captions.flag {
        guard similarity.isEmpty, trees.listOps == nil else {
          throw Failure.usage("--\(flag) goes with a captioner's FILE")
        }
        if try ModelKind(ofFile: model) != .neural(.captioner) {
          try refuse(flag, for: "a captioner")
        }
      }
      if !others.isEmpty {
        guard
          try [.neural(.translator), .neural(.captioner)].contains(ModelKind(ofFile: model)),
          similarity.isEmpty, trees.listOps == nil
        else {
          return try refuse("with", for: "a translator or a captioner that is measured by FILE")
        }
      }
      guard similarity.isEmpty else {
        guard file == nil else {
          throw Failure.usage("--similarity measures word vectors; it takes no FILE beside it")
        }
        return try SimilarityEvaluation(model: model, files: similarity, json: common.json)
          .run(console)
      }
      if let count = trees.listOps {
        guard file == nil else {
          throw Failure.usage("--listops makes its trees; it takes no FILE beside it")
        }
        guard try ModelKind(ofFile: model) == .neural(.treeClassifier) else {
          return try refuse("listops", for: "a classifier of trees")
        }
        try refuse(caches ?? mixes, for: "a language model")
        guard labels == nil, trees.format == nil else {
          throw Failure.usage(
            "--listops makes its trees; it takes no --\(labels ?? "tree-format") beside it")
        }
        return try TreeClassification(
          model: model, source: .listOps(count), refusesUnseen: true, json: common.json
        ).run(console)
      }
      if case .neural(.translator) = try ModelKind(ofFile: model) {
        try refuse(caches ?? mixes, for: "a language model")
        try refuse(labels, for: "a tagger")
        try refuse(shapes, for: "a classifier of trees")
        guard file == nil || paired == nil else {
          throw Failure.usage("FILE and --source both say what is translated; expected one of them")
        }
        return try TranslationEvaluation(
          models: [model] + others, file: file, pairs: paired, options: search, json: common.json
        ).run(console)
      }
      try refuse(paired.map { _ in "source" }, for: "a translator")
      guard let file else { throw Failure.usage("no text to predict: unroll evaluate MODEL FILE") }
      let perplexity = PerplexityEvaluation(model: model, file: file, json: common.json)
      switch try ModelKind(ofFile: model) {
      // Measured above.
      case .neural(.translator): break
      case .ngrams:
        try refuse(caches ?? mixes, for: "a neural model")
        try refuse(labels, for: "a tagger")
        try refuse(shapes, for: "a classifier of trees")
        try perplexity.runNGrams(console)
      case .neural(.languageModel):
        try refuse(labels, for: "a tagger")
        try refuse(shapes, for: "a classifier of trees")
        try perplexity.run(console, caching: caching, interpolating: interpolating)
      case .neural(.tagger):
        try refuse(caches ?? mixes, for: "a language model")
        try refuse(shapes, for: "a classifier of trees")
        try TaggingEvaluation(model: model, file: file, labelled: labelled, json: common.json)
          .run(console)
      case .neural(.classifier):
        try refuse(caches ?? mixes, for: "a language model")
        try refuse(labels, for: "a tagger")
        try refuse(shapes, for: "a classifier of trees")
        try ClassifyingEvaluation(model: model, file: file, json: common.json).run(console)
      case .neural(.forecaster):
        try refuse(caches ?? mixes, for: "a language model")
        try refuse(labels, for: "a tagger")
        try refuse(shapes, for: "a classifier of trees")
        try ForecastingEvaluation(model: model, file: file, json: common.json).run(console)
      case .neural(.captioner):
        try refuse(caches ?? mixes, for: "a language model")
        try refuse(labels, for: "a tagger")
        try refuse(shapes, for: "a classifier of trees")
        try CaptioningEvaluation(
          models: [model] + others, file: file, judged: captions, options: search,
          json: common.json
        )
        .run(console)
      case .neural(.treeClassifier):
        try refuse(caches ?? mixes, for: "a language model")
        if labelled.format != nil { try refuse("format", for: "a tagger") }
        try TreeClassification(
          model: model, source: .file(file, trees.format),
          refusesUnseen: !labelled.allowsUnseen, json: common.json
        ).run(console)
      }
    }
  }

  /// Refuses a flag that was given, for it goes with another kind of model.
  private func refuse(_ flag: String?, for expected: String) throws {
    guard let flag else { return }
    throw Failure("--\(flag) goes with \(expected); \(model) is \(try ModelKind(ofFile: model))")
  }
}
