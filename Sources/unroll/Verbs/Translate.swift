import ArgumentParser
import ModelFiles
import Models
import Tensors

/// `unroll translate`
struct Translate: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Translate lines by a model, or by several that vote.",
    discussion: """
      Reads a line, prints its translation, and goes on, in the order of the lines, as soon as no more are \
      waiting to be read. Several models are an ensemble: each reads the line in its own way, and what they \
      say of the next unit is averaged; they need one target vocabulary. What is found for a line does not \
      depend on the others.

      With --n-best a line has the number of its source, its score and the translation, tabs between them. \
      With --alignment it ends with pairs SOURCE-TARGET of units, counted from 0.

      EXAMPLES
        echo "Where are you?" | unroll translate en-fr.safetensors
        unroll translate a.safetensors b.safetensors --beam 12 < test.en > test.fr
        unroll translate g2p.safetensors --n-best 3 --json < words.txt
        unroll translate en-fr.safetensors --heat-map page.html < test.en
        unroll translate en-fr.safetensors --sample --temperature 0.7 --n-best 5 < test.en
      """)

  @Argument(help: "Model files.", completion: .file(extensions: ["safetensors"]))
  var models: [String]
  @Option(
    help: ArgumentHelp("Lines to translate (default: standard input).", valueName: "file"),
    completion: .file())
  var input: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Translations of each line (default: 1).", valueName: "n"))
  var nBest: Int?
  @Flag(help: "Tell which unit of the source each unit of a translation attended to most.")
  var alignment = false
  @Option(
    help: ArgumentHelp(
      "Write a page that shows what was attended to, of the first 100 lines.", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var heatMap: String?
  @Flag(help: "Put the unit that was attended to most in the place of <unk>.")
  var replaceUnknown = false
  @Flag(help: "What stands behind a tab in a line is what its translation begins with.")
  var prefixed = false
  @OptionGroup(title: "SEARCH") var search: SearchFlags
  @OptionGroup(title: "SEARCH") var ensemble: EnsembleFlags

  @Flag(help: "Draw translations at random in place of searching for the likeliest.")
  var sample = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Of --sample: below 1 the likely becomes likelier (default: 1).", valueName: "x"))
  var temperature: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Of --sample: draw from the n likeliest units only.", valueName: "n"))
  var topK: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Of --sample: draw from the likeliest units that together have probability x only.",
      valueName: "x"))
  var topP: Double?
  @OptionGroup var seed: SeedOption
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let path = try settings.value("input", input, .notEmpty)
    let best = try settings.value("n-best", nBest, default: 1, .upTo(10_000))
    let tellsAlignment = try settings.isOn("alignment", alignment)
    let page = try settings.value("heat-map", heatMap, .notEmpty)
    let sampling = try sampling(&settings)
    let options = try search.options(&settings, best: best)
    let choice = TranslationStream.Choice(
      options: options, takesPrefixes: try settings.isOn("prefixed", prefixed),
      replacesUnknown: try settings.isOn("replace-unknown", replaceUnknown),
      tellsAlignment: tellsAlignment || page != nil, json: common.json, sampling: sampling)
    let load = try ensemble.ensemble(&settings, models)
    try settings.finish()
    guard sampling == nil || !choice.tellsAlignment && !choice.replacesUnknown else {
      throw Failure.usage("--sample goes without --alignment, --heat-map and --replace-unknown")
    }
    try common.refuseSharedFiles(
      outputs: [("--heat-map", page)],
      inputs: models.map { ("a model", $0) } + [("the lines of --input", path)])
    try withThreads(threads) {
      if let page { try AtomicFile.checkWritable(page) }
      let ensemble = try load()
      try check(ensemble, choice)
      let lines = try path.map(openForReading) ?? STDIN_FILENO
      defer { if path != nil { close(lines) } }
      var shown = AttentionPage(models: models)
      var stream = TranslationStream(
        ensemble: ensemble, lines: LineReader(file: lines, name: path ?? "standard input"),
        choice: choice, printsAlignment: tellsAlignment, console: console
      ) { source, translations in
        guard page != nil, let first = translations.first else { return }
        shown.add(
          ensemble.models[0].sourceUnits.units(of: source),
          first.hypothesis.tokens.map(ensemble.models[0].targetVocabulary.token), first)
      }
      try stream.run()
      if let page {
        try AtomicFile.write(shown.html, to: page)
        console.message(
          "\(page): what \(Format.plural(shown.shown.count, "translation")) attended to")
      }
    }
  }

  private func sampling(_ settings: inout Settings) throws -> (rule: Sampling, key: RandomKey)? {
    let isOn = try settings.isOn("sample", sample)
    let temperature = try settings.value("temperature", temperature, .notNegative)
    let topK = try settings.value("top-k", topK, .atLeast(1))
    let topP = try settings.value("top-p", topP, .share)
    let seed = try seed.value(&settings)
    guard isOn || temperature == nil && topK == nil && topP == nil else {
      throw Failure.usage("--temperature, --top-k and --top-p go with --sample")
    }
    guard isOn else { return nil }
    return (
      Sampling(temperature: temperature ?? 1, topK: topK, topP: topP), RandomKey(seed: seed)
    )
  }

  /// Refuses what needs models that attend, of others.
  private func check(_ ensemble: TranslatorEnsemble, _ choice: TranslationStream.Choice) throws {
    let needs = [
      ("--alignment and --heat-map", choice.tellsAlignment),
      ("--replace-unknown", choice.replacesUnknown),
      ("--coverage-penalty", choice.options.coveragePenalty > 0),
    ]
    for (flag, isOn) in needs where isOn {
      for (path, model) in zip(models, ensemble.models)
      where !model.configuration.decoder.context.attends {
        throw Failure("\(flag) needs models with attention, which \(path) is not")
      }
    }
  }
}
