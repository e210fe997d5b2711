import Foundation
import Images
import Models

/// A picture and what was said of it.
struct CaptionedImage {
  struct Captions {
    var language: String
    /// The best first.
    var best: [Caption]
  }

  var name: String
  var captions: [Captions]

  var json: JSON {
    .object([
      ("image", .string(name)),
      (
        "captions",
        .array(
          captions.flatMap { captions in
            captions.best.map { caption in
              JSON.members([
                "language": .string(captions.language), "text": .string(caption.text),
                "score": .number(caption.hypothesis.score),
                "log_probability": .number(caption.hypothesis.logProbability),
              ])
            }
          })
      ),
    ])
  }
}

/// A page of pictures with their captions.
struct CaptionPage {
  let model: String
  let languages: [String]
  private var pictures: [ReportPage.Picture] = []

  init(model: String, languages: [String]) { (self.model, self.languages) = (model, languages) }

  /// Pixels of the longer side of a picture on the page: twice as many as it takes there, for fine screens.
  private static let longest = 256

  /// All that the page needs of a picture: itself, as small as it is shown there.
  static func shown(_ image: Image) -> String { shrunk(image).pngDataURI() }

  /// Adds a picture, which is shown as `source`.
  mutating func add(_ answer: CaptionedImage, shown source: String) {
    pictures.append(
      ReportPage.Picture(
        name: URL(fileURLWithPath: answer.name).lastPathComponent, source: source,
        lines: answer.captions.flatMap { captions in
          captions.best.map { (captions.language, $0.text) }
        }))
  }

  /// The page.
  var html: String {
    ReportPage(
      title: "Captions",
      summary: "\(Format.plural(pictures.count, "picture")) captioned by \(model) in "
        + "\(languages.joined(separator: ", ")).",
      sections: [.pictures(title: "Pictures", pictures)]
    ).html
  }

  private static func shrunk(_ image: Image) -> Image {
    let side = max(image.width, image.height)
    guard side > longest else { return image }
    return image.resized(
      width: max(1, image.width * longest / side), height: max(1, image.height * longest / side))
  }
}
