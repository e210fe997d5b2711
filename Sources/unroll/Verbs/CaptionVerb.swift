import ArgumentParser
import ModelFiles
import Models

/// `unroll caption`
struct CaptionVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "caption",
    abstract: "Say what pictures show.",
    discussion: """
      Pictures are PNG or JPEG files of any size. Each is answered by a line: its name, a tab and the caption; \
      with --n-best that many lines, each with the score between the two: ln p of the caption by its length, see \
      --length-penalty; with --neighbors the share that it has in common with all that is likely (minimum Bayes \
      risk; Devlin et al. 2015). A captioner of several languages writes in the first of them, in that of --language, or \
      in all.

      EXAMPLES
        unroll caption model.safetensors cat.png dog.jpg
        unroll caption model.safetensors photos/*.jpg --language fr --beam 10 --n-best 3
        unroll caption model.safetensors photos/*.jpg --language all --html captions.html
        unroll caption a.safetensors --with b.safetensors --with c.safetensors cat.png
        unroll caption model.safetensors --features vectors.npy --json
        unroll caption model.safetensors --features vectors.npy photos/*.jpg --html captions.html
        unroll caption model.safetensors cat.png --neighbors train.tsv
      """)

  @Argument(help: "A model file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @Argument(help: "Pictures.", completion: .file(extensions: ["png", "jpg", "jpeg"]))
  var images: [String] = []
  @Option(
    help: ArgumentHelp(
      "A further captioner of the same vocabulary, which writes together with the first. Can be repeated.",
      valueName: "file"), completion: .file(extensions: ["safetensors"]))
  var with: [String] = []
  @Option(
    help: ArgumentHelp(
      "Vectors of pictures, for a captioner that learned from such (NumPy or safetensors); the pictures "
        + "themselves then are names, and what --html shows.", valueName: "file"),
    completion: .file())
  var features: String?
  @Option(help: ArgumentHelp("The language to write in, or all.", valueName: "language"))
  var language: String?
  @OptionGroup var beams: BeamFlags
  @OptionGroup var best: BestFlag
  @OptionGroup var agreement: MeanFlag
  @OptionGroup var weights: WeightsFlag
  @OptionGroup var known: NeighborFlags
  @Option(
    help: ArgumentHelp("Write pictures and captions as a page, too.", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var html: String?
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let others = try settings.list("with", with)
    let features = try settings.value("features", features, .notEmpty)
    let language = try settings.value("language", language)
    var options = try beams.options(&settings, best: try best.value(&settings))
    options.allowsUnknown = false
    options.mean = try agreement.value(&settings, models: 1 + others.count)
    let weights = try weights.values(&settings, models: 1 + others.count)
    let known = try known.choice(&settings)
    let html = try settings.value("html", html, .notEmpty)
    try settings.finish()
    try options.refuseFaults()
    guard !images.isEmpty || features != nil else {
      throw Failure.usage("no pictures: unroll caption MODEL IMAGE…")
    }
    guard html == nil || !images.isEmpty else {
      throw Failure.usage("--html shows pictures; expected them beside --features")
    }
    try common.refuseSharedFiles(
      outputs: [("--html", html)],
      inputs: ([model] + others).map { ("a model that is read", $0) }
        + [known?.table, known?.features].compactMap { $0.map { ("a file that is read", $0) } }
        + images.map { ("a picture that is read", $0) })
    if let html { try AtomicFile.checkWritable(html) }
    try withThreads(threads) {
      let ensemble = try loadCaptioners([model] + others, weights: weights)
      let languages = try chosen(language, of: ensemble.models[0])
      let neighbors = try known?.neighbors(of: ensemble.models[0], model)
      var stream = CaptionStream(
        ensemble: ensemble, languages: languages, options: options, neighbors: neighbors,
        json: common.json,
        page: html.map { _ in CaptionPage(model: model, languages: languages) }, console: console)
      do {
        if let features {
          let pictures = try PictureSet(
            featuresAt: features, count: images.isEmpty ? nil : images.count)
          try stream.run(pictures, files: images)
        } else {
          guard let size = ensemble.models[0].imageSize else {
            throw Failure("\(model) learned from vectors of pictures; expected --features FILE")
          }
          try stream.run(files: images, size: size)
        }
      } catch let error as ReaderLeft {
        // Whoever has seen enough of the lines still wants the page.
        try write(stream.page, to: html)
        throw error
      }
      try write(stream.page, to: html)
    }
  }

  private func write(_ page: CaptionPage?, to path: String?) throws {
    guard let page, let path else { return }
    try AtomicFile.write(page.html, to: path)
  }

  private func chosen(_ language: String?, of model: Captioner) throws -> [String] {
    guard let language else { return [model.languages[0]] }
    if model.languages.contains(language) { return [language] }
    guard language == "all" else {
      throw Failure(
        "\(self.model) does not write \(language.debugDescription); expected one of "
          + (model.languages + ["all"]).joined(separator: ", "))
    }
    return model.languages
  }
}
