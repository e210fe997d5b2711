import ArgumentParser
import ModelFiles
import Models

/// `unroll translate`
struct Translate: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Translate lines by a model, or by several that vote.",
    discussion: """
      Reads a line, prints its translation, and goes on, in the order of the lines, as soon as no more are \
      waiting to be read. Several models are an ensemble: each reads the line in its own way, and what they \
      say of the next unit is averaged; they need one target vocabulary, and to tell what they attend to, \
      sources in the same units. What is found for a line does not depend on the others.

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
  @OptionGroup var best: BestFlag
  @OptionGroup(title: "SEARCH") var beams: BeamFlags
  @OptionGroup(title: "SEARCH") var search: SearchFlags
  @OptionGroup(title: "SEARCH") var agreement: MeanFlag
  @OptionGroup(title: "SEARCH") var weights: WeightsFlag
  @OptionGroup var sampling: SamplingFlags
  @OptionGroup var seed: SeedOption
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let path = try settings.value("input", input, .notEmpty)
    let best = try best.value(&settings)
    let tellsAlignment = try settings.isOn("alignment", alignment)
    let page = try settings.value("heat-map", heatMap, .notEmpty)
    var options = try search.options(&settings, beams, best: best)
    options.mean = try agreement.value(&settings, models: models.count)
    let sampling = try sampling.choice(&settings, seed)
    let choice = TranslationStream.Choice(
      options: options, takesPrefixes: try settings.isOn("prefixed", prefixed),
      replacesUnknown: try settings.isOn("replace-unknown", replaceUnknown),
      tellsAlignment: tellsAlignment || page != nil, json: common.json, sampling: sampling)
    let weights = try weights.values(&settings, models: models.count)
    try settings.finish()
    // Draws are not of a beam.
    if sampling == nil { try options.refuseFaults() }
    guard sampling == nil || !choice.tellsAlignment && !choice.replacesUnknown else {
      throw Failure.usage("--sample goes without --alignment, --heat-map and --replace-unknown")
    }
    guard options.allowsUnknown || !choice.replacesUnknown else {
      throw Failure.usage(
        "--no-unknown leaves no <unk> for --replace-unknown; expected one of them")
    }
    try common.refuseSharedFiles(
      outputs: [("--heat-map", page)],
      inputs: models.map { ("a model", $0) } + [("the lines of --input", path)])
    try withThreads(threads) {
      if let page { try AtomicFile.checkWritable(page) }
      let ensemble = try loadTranslators(models, weights: weights)
      try AttentionNeeds(flags: [
        ("--alignment", tellsAlignment), ("--heat-map", page != nil),
        ("--replace-unknown", choice.replacesUnknown),
        ("--coverage-penalty", options.coveragePenalty > 0),
      ]).check(ensemble, models)
      let lines = try path.map(openForReading) ?? STDIN_FILENO
      defer { if path != nil { close(lines) } }
      var shown = page.map { AttentionPage(models: models, path: $0) }
      var stream = TranslationStream(
        ensemble: ensemble, lines: LineReader(file: lines, name: path ?? "standard input"),
        choice: choice, printsAlignment: tellsAlignment, console: console
      ) { source, translations in
        guard let first = translations.first else { return }
        try shown?.add(
          ensemble.models[0].sourceUnits.units(of: source),
          first.hypothesis.tokens.map(ensemble.models[0].targetVocabulary.token), first, console)
      }
      do {
        try stream.run()
      } catch let error as ReaderLeft {
        // Whoever has seen enough of the lines still wants the page.
        try shown?.write(console)
        throw error
      }
      try shown?.write(console)
    }
  }
}
