import Images
import Models

/// Captions pictures some at a time, in their order, and tells each lot as soon as it is done: a folder of
/// photographs takes little memory, and what was found before a file that is none is not lost.
struct CaptionStream {
  let ensemble: CaptionerEnsemble
  let languages: [String]
  let options: SearchOptions
  let neighbors: CaptionNeighbors?
  let json: Bool
  let console: Console
  /// Sees what is told; nil where none is asked for.
  private(set) var page: CaptionPage?

  /// Pictures that are captioned side by side.
  private static let batch = 32

  init(
    ensemble: CaptionerEnsemble, languages: [String], options: SearchOptions,
    neighbors: CaptionNeighbors?, json: Bool, page: CaptionPage?, console: Console
  ) {
    (self.ensemble, self.languages, self.options) = (ensemble, languages, options)
    (self.neighbors, self.json) = (neighbors, json)
    (self.page, self.console) = (page, console)
  }

  /// A picture that waits for its caption.
  private struct Waiting {
    let name: String
    /// As the captioners see it.
    let seen: Image
    /// As the page shows it.
    let shown: String?
  }

  /// Captions the pictures in some files.
  ///
  /// - Parameter size: pixels a side that the captioners see.
  /// - Throws: what is wrong with a file, after the pictures before it were told.
  mutating func run(files: [String], size: Int) throws {
    var waiting: [Waiting] = []
    for file in files {
      do {
        let image = try Image(contentsOf: file)
        waiting.append(
          Waiting(
            name: file, seen: image.composited().resized(width: size, height: size),
            shown: page.map { _ in CaptionPage.shown(image) }))
      } catch {
        try answer(waiting, size: size)
        throw error
      }
      if waiting.count == Self.batch {
        try answer(waiting, size: size)
        waiting = []
      }
    }
    try answer(waiting, size: size)
  }

  /// Captions vectors of pictures: of those in `files`, or, where there are none, of some that have numbers for
  /// names.
  mutating func run(_ pictures: PictureSet, files: [String]) throws {
    for start in stride(from: 0, to: pictures.count, by: Self.batch) {
      let rows = Array(start..<min(pictures.count, start + Self.batch))
      let shown = try rows.map { row in
        page == nil ? nil : CaptionPage.shown(try Image(contentsOf: files[row]))
      }
      try answer(
        pictures.subset(rows), names: rows.map { files.isEmpty ? "\($0 + 1)" : files[$0] },
        shown: shown)
    }
  }

  private mutating func answer(_ waiting: [Waiting], size: Int) throws {
    guard !waiting.isEmpty else { return }
    try answer(
      PictureSet(waiting.map(\.seen), size: size), names: waiting.map(\.name),
      shown: waiting.map(\.shown))
  }

  private mutating func answer(_ pictures: PictureSet, names: [String], shown: [String?]) throws {
    let found = try languages.map {
      try ensemble.caption(pictures, language: $0, options, neighbors: neighbors)
    }
    for (index, name) in names.enumerated() {
      let answer = CaptionedImage(
        name: name,
        captions: zip(languages, found).map {
          CaptionedImage.Captions(language: $0, best: $1[index])
        })
      if let source = shown[index] { page?.add(answer, shown: source) }
      try console.writeResult(json ? answer.json.text + "\n" : lines(answer))
    }
  }

  private func lines(_ answer: CaptionedImage) -> String {
    answer.captions.flatMap { captions in
      let label = languages.count > 1 ? "\(captions.language)\t" : ""
      return captions.best.map { caption in
        let score = options.best > 1 ? Format.number(caption.hypothesis.score) + "\t" : ""
        return "\(answer.name)\t\(label)\(score)\(oneLine(caption.text))\n"
      }
    }.joined()
  }
}
