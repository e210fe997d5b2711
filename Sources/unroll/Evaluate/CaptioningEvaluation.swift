import ArgumentParser
import Corpora
import Foundation
import Images
import Models

/// The flags of pictures that a captioner is judged by.
struct JudgedCaptionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Folder of a captioner's pictures (default: images beside FILE).", valueName: "folder"),
    completion: .directory)
  var images: String?
  @Option(
    help: ArgumentHelp(
      "The column of FILE that names them (default: image).", valueName: "column"))
  var imageColumn: String?
  @Option(
    help: ArgumentHelp(
      "Vectors of them, for a captioner that learned from such (NumPy or safetensors).",
      valueName: "file"), completion: .file())
  var features: String?
  @Option(
    help: ArgumentHelp(
      "A table that a captioner learned from: how far its most frequent caption, and that of the nearest "
        + "picture, would get.", valueName: "file"), completion: .file())
  var baselines: String?
  @Option(
    help: ArgumentHelp(
      "With --baselines and --features: vectors of that table's pictures, for the caption of the picture "
        + "whose vectors are nearest.", valueName: "file"), completion: .file())
  var baselineFeatures: String?
  @OptionGroup var known: NeighborFlags

  /// What the flags and the configuration file say.
  func choice(_ settings: inout Settings) throws -> JudgedCaptions {
    JudgedCaptions(
      images: try settings.value("images", images, .notEmpty),
      imageColumn: try settings.value("image-column", imageColumn, .notEmpty),
      features: try settings.value("features", features, .notEmpty),
      baselines: try settings.value("baselines", baselines, .notEmpty),
      baselineFeatures: try settings.value("baseline-features", baselineFeatures, .notEmpty),
      neighbors: try known.choice(&settings))
  }
}

/// How a captioner is judged.
struct JudgedCaptions {
  var images: String?
  var imageColumn: String?
  var features: String?
  var baselines: String?
  var baselineFeatures: String?
  var neighbors: NeighborChoice?

  /// A flag that was given; nil if none was.
  var flag: String? {
    [
      ("images", images != nil), ("image-column", imageColumn != nil),
      ("features", features != nil), ("baselines", baselines != nil),
      ("baseline-features", baselineFeatures != nil), ("neighbors", neighbors != nil),
    ].first { $0.1 }?.0
  }

  /// The table at `path`.
  func list(_ path: String, columns: [String]) throws -> CaptionList {
    try CaptionList(reading: path, columns: columns, imageColumn: imageColumn ?? "image")
  }
}

/// How well captioners do on the pictures of a table, together or one by itself, by language, beside what
/// needs no net.
struct CaptioningEvaluation {
  let models: [String]
  let weights: [Double]?
  let file: String
  let judged: JudgedCaptions
  let options: SearchOptions
  let json: Bool

  /// Captions of one language by one method.
  private struct Row {
    var language: String
    var method: String
    var scores: CaptionScores
  }

  /// What needs no net of its own, and the pictures as it sees them.
  private struct Baseline {
    /// What the caption of the nearest picture is called.
    var nearest: String
    var baselines: CaptionBaselines
    var pictures: PictureSet
  }

  func run(_ console: Console) throws {
    guard judged.baselineFeatures == nil || (judged.baselines != nil && judged.features != nil)
    else {
      throw Failure.usage("--baseline-features goes with --baselines and --features")
    }
    let ensemble = try loadCaptioners(models, weights: weights)
    let captioner = ensemble.models[0]
    let list = try judged.list(file, columns: captioner.languages)
    let (set, images) = try pictures(captioner, list)
    let data = CaptionedPictures(set, list)
    let baselines = try baselines(list.columns, set, images)
    var options = options
    options.allowsUnknown = false
    let neighbors = try judged.neighbors?.neighbors(of: captioner, models[0])
    let (rows, speed) = try rows(ensemble, data, options, neighbors, baselines)
    let loss = MemberLoss(try ensemble.models.map { try $0.meanLoss(of: data) })
    try json
      ? console.result(object(rows, loss, list.count, speed).text)
      : console.writeResult(table(rows, loss, list.count, speed))
  }

  /// The pictures as captioners see them, and as they are where something is to be compared with them.
  private func pictures(
    _ captioner: Captioner, _ list: CaptionList
  ) throws -> (set: PictureSet, images: [Image]) {
    let folder = judged.images ?? list.usualFolder
    let isCompared = judged.baselines != nil
    guard let size = captioner.imageSize else {
      guard let features = judged.features else {
        throw Failure("\(models[0]) learned from vectors of pictures; expected --features FILE")
      }
      let needsImages = isCompared || judged.images != nil
      return (
        try PictureSet(featuresAt: features, count: list.count),
        needsImages ? try list.images(in: folder) : []
      )
    }
    guard judged.features == nil else {
      throw Failure("--features goes with a captioner of vectors; \(models[0]) takes pictures")
    }
    guard isCompared else { return (try list.pictures(in: folder, size: size), []) }
    let images = try list.images(in: folder)
    return (PictureSet(images, size: size), images)
  }

  private func baselines(
    _ languages: [String], _ set: PictureSet, _ images: [Image]
  ) throws -> [Baseline] {
    guard let path = judged.baselines else { return [] }
    let list = try judged.list(path, columns: languages)
    let size = CaptionBaselines.pictureSize
    let known = try list.pictures(in: judged.images ?? list.usualFolder, size: size)
    let byPixels = Baseline(
      nearest: "nearest", baselines: CaptionBaselines(CaptionedPictures(known, list)),
      pictures: PictureSet(images, size: size))
    guard let file = judged.baselineFeatures else { return [byPixels] }
    let features = try PictureSet(featuresAt: file, count: list.count)
    if let own = features.featureShape?.size, let given = set.featureShape?.size, own != given {
      throw Failure(
        "\(file) has \(own) features of a picture; expected \(given), as --features has")
    }
    return [
      byPixels,
      Baseline(
        nearest: "nearest-vector",
        baselines: CaptionBaselines(CaptionedPictures(features, list)), pictures: set),
    ]
  }

  /// The rows, and the captions that were written a second.
  private func rows(
    _ ensemble: CaptionerEnsemble, _ data: CaptionedPictures, _ options: SearchOptions,
    _ neighbors: CaptionNeighbors?, _ baselines: [Baseline]
  ) throws -> (rows: [Row], speed: Double) {
    var (count, seconds) = (0, 0.0)
    let rows = try data.languages.enumerated().flatMap { place, language -> [Row] in
      // Those that have a caption to compare with.
      let chosen = data.captions.indices.filter { data.captions[$0][place] != nil }
      guard !chosen.isEmpty else { return [] }
      let references = chosen.map { data.captions[$0][place] ?? "" }
      func row(_ method: String, _ captions: [String]) -> Row {
        Row(
          language: language, method: method,
          scores: CaptionScores(of: captions, references: references))
      }
      let pictures = data.pictures.subset(chosen)
      let start = secondsNow()
      let found = try ensemble.caption(
        pictures, language: language, options, neighbors: neighbors)
      seconds += secondsNow() - start
      count += found.count
      var rows = [row("captioner", found.map { $0.first?.text ?? "" })]
      for its in baselines {
        let nearest = its.baselines.nearest(to: its.pictures.subset(chosen), language: language)
        rows.append(row(its.nearest, nearest.map { $0 ?? "" }))
      }
      if let baselines = baselines.first?.baselines {
        let usual = baselines.mostFrequent(language: language) ?? ""
        rows.append(row("most-frequent", chosen.map { _ in usual }))
      }
      return rows
    }
    return (rows, Double(count) / max(seconds, 1e-9))
  }

  /// BLEU-1, BLEU-4 and the exact share of a row, each with where it would be on other pictures of the kind.
  private func estimates(_ row: Row) -> [(name: String, value: BootstrapEstimate)] {
    let bootstrap = Bootstrap()
    return [
      (
        "bleu_1",
        bootstrap.estimate(of: row.scores.statistics(order: 1), by: CaptionScores.metric(order: 1))
      ), ("bleu_4", bootstrap.estimate(of: row.scores.counts, by: CaptionScores.metric())),
      ("exact", bootstrap.estimate(of: row.scores.errors, by: ErrorRate.exact)),
    ]
  }

  private func table(_ rows: [Row], _ loss: MemberLoss, _ count: Int, _ speed: Double) -> String {
    func cell(_ estimate: BootstrapEstimate, _ scale: Double) -> String {
      String(
        format: "%5.1f  %5.1f to %5.1f", scale * estimate.score,
        scale * estimate.interval.lowerBound, scale * estimate.interval.upperBound)
    }
    let width = max(8, rows.map(\.language.count).max() ?? 0)
    var lines = [
      "pictures    \(Format.count(count))",
      "perplexity  " + loss.text(of: "token"),
      "speed       \(Format.short(speed)) captions/s with a beam of \(options.beamSize)", "",
      padded("", to: width + 18)
        + ["BLEU-1", "BLEU-4", "exactly right, %"].map { padded($0, to: 23) }.joined(),
    ]
    lines += rows.map { row in
      let estimates = estimates(row)
      return padded(printable(row.language), to: width + 2) + padded(row.method, to: 16)
        + zip(estimates, [1, 1, 100.0]).map { padded(cell($0.value, $1), to: 23) }.joined()
    }
    lines += [
      "", "Behind each score is where the middle 95 % of 1,000 resamples of the pictures are.",
    ]
    return lines.map { $0.replacing(/\ +$/, with: "") }.joined(separator: "\n") + "\n"
  }

  private func object(_ rows: [Row], _ loss: MemberLoss, _ count: Int, _ speed: Double) -> JSON {
    let scores = rows.map { row in
      JSON.object(
        [("language", .string(row.language)), ("method", .string(row.method))]
          + estimates(row).map { name, estimate in
            (
              name,
              JSON.members([
                "score": .number(estimate.score), "low": .number(estimate.interval.lowerBound),
                "high": .number(estimate.interval.upperBound),
              ])
            )
          })
    }
    return .object(
      [("pictures", .integer(count))] + loss.members
        + [
          ("beam", .integer(options.beamSize)), ("captions_per_second", .number(speed.rounded())),
          ("scores", .array(scores)),
        ])
  }
}
