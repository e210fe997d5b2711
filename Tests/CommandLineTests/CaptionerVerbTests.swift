import Corpora
import Foundation
import Images
import Models
import Testing

@testable import unroll

@Suite("The verbs of captioners")
struct CaptionerVerbTests {
  /// Pictures of one colour in `folder`/images, and a table of them; its path.
  private func table(_ folder: String, _ name: String, _ count: Int) throws -> String {
    let colors: [(String, String, [UInt8])] = [
      ("red", "rouge", [230, 20, 20, 255]), ("green", "vert", [20, 200, 20, 255]),
      ("nothing", "rien", [0, 0, 0, 0]),
    ]
    var lines = ["image\ten\tfr"]
    for number in 0..<count {
      let (english, french, pixel) = colors[number % 3]
      let side = 8 + number % 2
      let image = Image(
        width: side, height: 8, rgba: (0..<8 * side).flatMap { _ in pixel })
      try write(image.pngData(), to: "\(folder)/images/\(name)\(number).png")
      lines.append("\(name)\(number).png\t\(english) picture\t\(french)")
    }
    try write(lines.joined(separator: "\n") + "\n", to: "\(folder)/\(name).tsv")
    return "\(folder)/\(name).tsv"
  }

  @Test("a captioner is trained, evaluated, inspected, and captions pictures, on a page too")
  func whole() throws {
    try withTemporaryFolder { folder in
      let (train, test) = (try table(folder, "a", 6), try table(folder, "b", 3))
      let path = folder + "/m.safetensors"
      let trained = try runVerb([
        "train", "captioner", "--train", train, "--valid", test, "--output", path, "--image-size",
        "8",
        "--channels", "4", "6", "--hidden", "10", "--dropout", "0", "--dropout-picture", "0",
        "--dropout-stages", "0", "--epochs", "100", "--batch", "3", "--learning-rate", "0.01",
        "--judge", "mismatch", "--turn", "0", "--threads", "1",
      ])
      #expect(
        trained.messages.contains("on 6 pictures with 30 units of captions (en, fr; vocabulary 12)")
      )
      #expect(trained.results.contains("validation exactly right 100.0 %"))

      let evaluated = try runVerb(["evaluate", path, test, "--baselines", train]).results
      #expect(evaluated.contains("en        captioner      100.0  100.0 to 100.0"))
      #expect(evaluated.contains("fr        nearest        100.0"))
      #expect(evaluated.contains("en        most-frequent"))
      let twice = try runVerb(["evaluate", path, test, "--with", path]).results
      #expect(twice.contains("the mean of 2 models") && twice.contains("captioner      100.0"))
      let scores = try JSONSerialization.jsonObject(
        with: Data(try runVerb(["evaluate", path, test, "--json"]).results.utf8))
      #expect(((scores as? [String: Any])?["scores"] as? [[String: Any]])?.count == 2)

      #expect(try runVerb(["inspect", path]).results.contains("languages   en, fr\n"))
      #expect(
        try runVerb(["inspect", path]).results
          .contains("8 x 8 pixels, 2 stages of 4, 6 channels, seen as 2 x 2 places"))

      let picture = folder + "/images/b0.png"
      #expect(try runVerb(["caption", path, picture]).results == "\(picture)\tred picture\n")
      let page = folder + "/p.html"
      let both = try runVerb([
        "caption", path, picture, "--language", "all", "--n-best", "2", "--html", page,
      ]).results
      #expect(both.split(separator: "\n").count == 4)
      let html = try String(contentsOfFile: page, encoding: .utf8)
      #expect(html.contains("<img src=\"data:image/png;base64,") && html.contains("red picture"))
      #expect(markupFault(in: html) == nil)
      #expect(
        try runVerb(["caption", path, picture, "--json"]).results.contains(
          "\"text\":\"red picture\""))

      refusals(path, picture, folder)
    }
  }

  /// One line each.
  private func refusals(_ path: String, _ picture: String, _ folder: String) {
    #expect(
      failureLine { try runVerb(["caption", path, picture, "--language", "de"]) }
        == "\(path) does not write \"de\"; expected one of en, fr, all")
    #expect(
      failureLine { try runVerb(["caption", path, folder + "/none.png"]) }
        == "cannot read \(folder)/none.png: no such file")
    #expect(
      failureLine { try runVerb(["caption", path, folder + "/a.tsv"]) }?
        .hasPrefix("\(folder)/a.tsv: it is ") == true)
    #expect(
      failureLine { try runVerb(["caption", path]) } == "no pictures: unroll caption MODEL IMAGE…")
    let usual = ["train", "captioner", "--output", folder + "/x.safetensors", "--train"]
    try? write("image\ten\nmissing.png\ta\n", to: folder + "/missing.tsv")
    #expect(
      failureLine { try runVerb(usual + [folder + "/missing.tsv"]) }
        == "\(folder)/missing.tsv:2: cannot read \(folder)/images/missing.png: no such file")
    try? write("image\ten\n", to: folder + "/empty.tsv")
    #expect(
      failureLine { try runVerb(usual + [folder + "/empty.tsv"]) }
        == "\(folder)/empty.tsv is empty, expected text")
    #expect(
      failureLine { try runVerb(usual + [folder + "/a.tsv", "--captions", "it"]) }
        == "\(folder)/a.tsv:1: the heading has no column \"it\", only \"image\", \"en\", \"fr\"")
    #expect(
      failureLine {
        try runVerb(usual + [folder + "/a.tsv", "--channels", "4", "4", "4", "4", "4", "4", "4"])
      }
        == "7 stages halve 64 pixels to nothing")
  }

  @Test("vectors from a NumPy file take the place of pictures")
  func features() throws {
    try withTemporaryFolder { folder in
      let train = try table(folder, "a", 3)
      let numbers: [Float] = [1, 0, 0, 0, 1, 0, 0, 0, 1]
      let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 3), }"
      let bytes = numbers.flatMap { withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init) }
      try write(
        [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)
          + bytes,
        to: folder + "/f.npy")
      let path = folder + "/m.safetensors"
      _ = try runVerb([
        "train", "captioner", "--train", train, "--features", folder + "/f.npy", "--captions", "fr",
        "--output", path, "--hidden", "8", "--dropout", "0", "--dropout-picture", "0", "--epochs",
        "40",
        "--learning-rate", "0.03", "--threads", "1", "--context", "initial",
      ])
      let found = try runVerb(["caption", path, "--features", folder + "/f.npy"]).results
      #expect(found == "1\trouge\n2\tvert\n3\trien\n")
    }
  }
}
