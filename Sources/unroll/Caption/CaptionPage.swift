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
  let answers: [CaptionedImage]
  let images: [Image]

  /// Pixels of the longer side of a picture on the page: twice as many as it takes there, for fine screens.
  private static let longest = 256

  /// The page.
  var html: String {
    let languages = answers.first?.captions.map(\.language) ?? []
    return ReportPage(
      title: "Captions",
      summary: "\(Format.plural(answers.count, "picture")) captioned by \(model) in "
        + "\(languages.joined(separator: ", ")).",
      sections: [
        .pictures(
          title: "Pictures",
          zip(answers, images).map { answer, image in
            ReportPage.Picture(
              name: URL(fileURLWithPath: answer.name).lastPathComponent,
              source: Self.shrunk(image).pngDataURI(),
              lines: answer.captions.flatMap { captions in
                captions.best.map { (captions.language, $0.text) }
              })
          })
      ]
    ).html
  }

  private static func shrunk(_ image: Image) -> Image {
    let side = max(image.width, image.height)
    guard side > longest else { return image }
    return image.resized(
      width: max(1, image.width * longest / side), height: max(1, image.height * longest / side))
  }
}
