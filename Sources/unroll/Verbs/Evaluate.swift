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
      or captioners, each of the others by a --with, are measured as the ensemble that they are; the perplexity \
      is then that of their mean loss.

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
        unroll evaluate a.safetensors words.tsv --with b.safetensors --with c.safetensors
        unroll evaluate captioner.safetensors test.tsv --baselines train.tsv
      """)

  @Argument(help: "A model file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @Argument(help: "A text file, or one with labels; not with --similarity.", completion: .file())
  var file: String?
  @Option(
    help: ArgumentHelp(
      "A further translator or captioner, which votes with the first. Can be repeated.",
      valueName: "file"),
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
  @OptionGroup(title: "TRANSLATIONS AND CAPTIONS") var beams: BeamFlags
  @OptionGroup(title: "TRANSLATIONS AND CAPTIONS") var search: SearchFlags
  @OptionGroup(title: "TRANSLATIONS AND CAPTIONS") var agreement: MeanFlag
  @OptionGroup(title: "TRANSLATIONS AND CAPTIONS") var weights: WeightsFlag
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
    var options = try search.options(&settings, beams)
    options.mean = try agreement.value(&settings, models: 1 + others.count)
    let weights = try weights.values(&settings, models: 1 + others.count)
    let captions = try captions.choice(&settings)
    try settings.finish()
    try options.refuseFaults()
    let searching = settings.firstGiven(of: BeamFlags.keys + SearchFlags.keys)
    try withThreads(threads) {
      let kind = try ModelKind(ofFile: model)
      try refuse(
        [
          Bound(
            flag: caching.map { _ in "cache" } ?? interpolating.map { _ in "interpolate" },
            owner: kind == .ngrams ? "a neural model" : "a language model", tasks: [.languageModel]),
          Bound(
            flag: labelled.format.map { _ in "format" }, owner: "a tagger", tasks: [.tagger]),
          Bound(
            flag: labelled.flag, owner: "a tagger or a classifier of trees",
            tasks: [.tagger, .treeClassifier]),
          Bound(flag: trees.flag, owner: "a classifier of trees", tasks: [.treeClassifier]),
          Bound(flag: captions.flag, owner: "a captioner", tasks: [.captioner]),
          Bound(flag: paired.map { _ in "source" }, owner: "a translator", tasks: [.translator]),
          Bound(
            flag: others.isEmpty ? searching : "with", owner: "a translator or a captioner",
            tasks: [.translator, .captioner]),
        ], for: kind)
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
        guard labelled.flag == nil, trees.format == nil else {
          throw Failure.usage(
            "--listops makes its trees; it takes no --\(labelled.flag ?? "tree-format") beside it")
        }
        return try TreeClassification(
          model: model, source: .listOps(count), refusesUnseen: true, json: common.json
        ).run(console)
      }
      if kind == .neural(.translator) {
        guard file == nil || paired == nil else {
          throw Failure.usage("FILE and --source both say what is translated; expected one of them")
        }
        return try TranslationEvaluation(
          models: [model] + others, weights: weights, file: file, pairs: paired, options: options,
          json: common.json
        ).run(console)
      }
      guard let file else {
        let lack = kind == .neural(.captioner) ? "no table of pictures" : "no text to predict"
        throw Failure.usage("\(lack): unroll evaluate MODEL FILE")
      }
      let perplexity = PerplexityEvaluation(model: model, file: file, json: common.json)
      switch kind {
      // Measured above.
      case .neural(.translator): break
      case .ngrams: try perplexity.runNGrams(console)
      case .neural(.languageModel):
        try perplexity.run(console, caching: caching, interpolating: interpolating)
      case .neural(.tagger):
        try TaggingEvaluation(model: model, file: file, labelled: labelled, json: common.json)
          .run(console)
      case .neural(.classifier):
        try ClassifyingEvaluation(model: model, file: file, json: common.json).run(console)
      case .neural(.forecaster):
        try ForecastingEvaluation(model: model, file: file, json: common.json).run(console)
      case .neural(.captioner):
        try CaptioningEvaluation(
          models: [model] + others, weights: weights, file: file, judged: captions,
          options: options, json: common.json
        ).run(console)
      case .neural(.treeClassifier):
        try TreeClassification(
          model: model, source: .file(file, trees.format),
          refusesUnseen: !labelled.allowsUnseen, json: common.json
        ).run(console)
      }
    }
  }

  /// A flag that goes with models of some kinds alone.
  private struct Bound {
    /// nil if it was not given.
    var flag: String?
    var owner: String
    var tasks: [ModelTask]
  }

  /// Refuses flags that were given and go with other models than those of `kind`.
  private func refuse(_ bounds: [Bound], for kind: ModelKind) throws {
    for bound in bounds where !bound.tasks.map(ModelKind.neural).contains(kind) {
      guard let flag = bound.flag else { continue }
      throw Failure("--\(flag) goes with \(bound.owner); \(model) is \(kind)")
    }
  }
}
