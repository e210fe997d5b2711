import ArgumentParser
import Corpora
import Images
import ModelFiles
import Models

/// `unroll caption`
struct CaptionVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "caption",
    abstract: "Say what pictures show.",
    discussion: """
      Pictures are PNG or JPEG files of any size. Each is answered by a line: its name, a tab and the caption; \
      with --n-best that many lines, each with ln p of the caption between the two. A captioner of several \
      languages writes in the first of them, in that of --language, or in all.

      EXAMPLES
        unroll caption model.safetensors cat.png dog.jpg
        unroll caption model.safetensors photos/*.jpg --language fr --beam 10 --n-best 3
        unroll caption model.safetensors photos/*.jpg --language all --html captions.html
        unroll caption model.safetensors --features vectors.npy --json
      """)

  @Argument(help: "A model file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @Argument(help: "Pictures.", completion: .file(extensions: ["png", "jpg", "jpeg"]))
  var images: [String] = []
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Further captioners of the same vocabulary, which write together with the first.",
      valueName: "file"), completion: .file(extensions: ["safetensors"]))
  var with: [String] = []
  @Option(
    help: ArgumentHelp(
      "Instead of pictures: vectors of them, for a captioner that learned from such (NumPy or "
        + "safetensors).", valueName: "file"), completion: .file())
  var features: String?
  @Option(help: ArgumentHelp("The language to write in, or all.", valueName: "language"))
  var language: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Hypotheses that are kept at each step (default: 5).", valueName: "n"))
  var beam: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Divide ln p of a caption by its length to this power: 0 favours short ones (default: 1).",
      valueName: "x"))
  var lengthPenalty: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Captions of each picture, the best first (default: 1).", valueName: "n"))
  var nBest: Int?
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
    let beam = try settings.value("beam", beam, .upTo(10_000))
    let penalty = try settings.value("length-penalty", lengthPenalty, default: 1, .notNegative)
    let best = try settings.value("n-best", nBest, default: 1, .upTo(10_000))
    let html = try settings.value("html", html, .notEmpty)
    try settings.finish()
    let options = SearchOptions(
      beamSize: beam ?? max(5, best), best: best, lengthPenalty: .power(penalty),
      allowsUnknown: false)
    if options.fault != nil {
      throw Failure.usage(
        "--n-best is \(best), more than the hypotheses of --beam, \(options.beamSize)")
    }
    guard images.isEmpty == (features != nil) else {
      throw Failure.usage(
        images.isEmpty
          ? "no pictures: unroll caption MODEL IMAGE…"
          : "--features takes the place of pictures; expected one of them")
    }
    guard html == nil || features == nil else {
      throw Failure.usage("--html shows pictures, which --features does not have")
    }
    try common.refuseSharedFiles(
      outputs: [("--html", html)],
      inputs: ([model] + others).map { ("a model that is read", $0) }
        + images.map { ("a picture that is read", $0) })
    if let html { try AtomicFile.checkWritable(html) }
    try withThreads(threads) {
      let models = try loadCaptioners([model] + others)
      let languages = try chosen(language, of: models.models[0])
      let seen = try pictures(models.models[0], features)
      let found = try languages.map { try models.caption(seen.set, language: $0, options) }
      let answers = seen.names.indices.map { index in
        CaptionedImage(
          name: seen.names[index],
          captions: zip(languages, found).map {
            CaptionedImage.Captions(language: $0, best: $1[index])
          })
      }
      if let html {
        let page = CaptionPage(model: model, answers: answers, images: seen.images)
        try AtomicFile.write(page.html, to: html)
      }
      try print(answers, hasSeveral: best > 1, console)
    }
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

  private func pictures(
    _ model: Captioner, _ features: String?
  ) throws -> (set: PictureSet, names: [String], images: [Image]) {
    if let features {
      let set = try PictureSet(featuresAt: features)
      return (set, (0..<set.count).map { "\($0 + 1)" }, [])
    }
    guard let size = model.imageSize else {
      throw Failure("\(self.model) learned from vectors of pictures; expected --features FILE")
    }
    let read = try images.map { try Image(contentsOf: $0) }
    return (PictureSet(read, size: size), images, read)
  }

  private func print(_ answers: [CaptionedImage], hasSeveral: Bool, _ console: Console) throws {
    for answer in answers {
      if common.json {
        try console.result(answer.json.text)
        continue
      }
      for captions in answer.captions {
        let label = answer.captions.count > 1 ? "\(captions.language)\t" : ""
        for caption in captions.best {
          let score =
            hasSeveral ? Format.number(caption.hypothesis.logProbability) + "\t" : ""
          try console.result("\(answer.name)\t\(label)\(score)\(oneLine(caption.text))")
        }
      }
    }
  }
}

/// The captioners in some files, as one.
func loadCaptioners(_ paths: [String]) throws -> CaptionerEnsemble {
  try CaptionerEnsemble(
    paths.map { path in
      let kind = try ModelKind(ofFile: path)
      guard kind == .neural(.captioner) else {
        throw Failure("captions are of a captioner; \(path) is \(kind)")
      }
      return try Captioner(contentsOf: path)
    })
}
