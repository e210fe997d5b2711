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
      #expect(evaluated.contains("en        captioner       100.0  100.0 to 100.0"))
      #expect(evaluated.contains("fr        nearest         100.0"))
      #expect(
        evaluated.contains("100.0 to 100.0  ")
          && evaluated.contains("captions/s with a beam of 5"))
      #expect(evaluated.contains("en        most-frequent"))
      let twice = try runVerb(["evaluate", path, test, "--with", path]).results
      #expect(twice.contains("the mean of 2 models") && twice.contains("captioner       100.0"))
      let judged = try members(runVerb(["evaluate", path, test, "--json"]).results)
      #expect((judged["scores"] as? [[String: Any]])?.count == 2)
      #expect(judged["captions_per_second"] != nil && judged["beam"] as? Int == 5)

      #expect(try runVerb(["inspect", path]).results.contains("languages   en, fr\n"))
      #expect(
        try runVerb(["inspect", path]).results
          .contains("8 x 8 pixels, 2 stages of 4, 6 channels, seen as 2 x 2 places"))

      let picture = folder + "/images/b0.png"
      #expect(try runVerb(["caption", path, picture]).results == "\(picture)\tred picture\n")
      #expect(
        try runVerb([
          "caption", path, "--with", path, picture, "--mean", "log-probabilities",
        ]).results == "\(picture)\tred picture\n")
      #expect(
        try runVerb(["caption", path, picture, "--neighbors", test, "--n-best", "2"]).results
          .hasPrefix("\(picture)\t0."))
      #expect(
        try runVerb(["evaluate", path, test, "--neighbors", train]).results
          .contains("captioner       100.0"))
      let page = folder + "/p.html"
      let both = try runVerb([
        "caption", path, picture, "--language", "all", "--n-best", "2", "--html", page,
      ]).results
      #expect(both.split(separator: "\n").count == 4)
      // Told by what orders them.
      let best = try members(
        runVerb(["caption", path, picture, "--n-best", "2", "--json"]).results)
      let captions = try #require(best["captions"] as? [[String: Any]])
      let scores = captions.compactMap { $0["score"] as? Double }
      #expect(scores.count == 2 && scores[0] > scores[1])
      #expect(captions[0]["log_probability"] as? Double != scores[0])
      let lines = try runVerb(["caption", path, picture, "--n-best", "2"]).results
      #expect(lines.hasPrefix("\(picture)\t\(Format.number(scores[0]))\tred picture\n"))
      let html = try String(contentsOfFile: page, encoding: .utf8)
      #expect(html.contains("<img src=\"data:image/png;base64,") && html.contains("red picture"))
      #expect(markupFault(in: html) == nil)
      #expect(
        try runVerb(["caption", path, picture, "--json"]).results.contains(
          "\"text\":\"red picture\""))

      refusals(path, picture, folder)
    }
  }

  private func members(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  /// A captioner of one epoch that saw the pictures of `train` at `size` pixels; its path.
  private func hasty(_ folder: String, _ train: String, size: Int) throws -> String {
    let path = "\(folder)/hasty-\(size).safetensors"
    try runVerb([
      "train", "captioner", "--train", train, "--output", path, "--image-size", "\(size)",
      "--channels",
      "4", "--hidden", "6", "--epochs", "1", "--threads", "1",
    ])
    return path
  }

  @Test("pictures are told as they are done, before a file that is none")
  func streams() throws {
    try withTemporaryFolder { folder in
      let train = try table(folder, "a", 40)
      let path = try hasty(folder, train, size: 8)
      let pictures = (0..<40).map { "\(folder)/images/a\($0).png" }
      let all = try runVerb(["caption", path] + pictures).results.split(separator: "\n")
      #expect(zip(all, pictures).allSatisfy { $0.hasPrefix($1 + "\t") } && all.count == 40)

      let captured = CapturedConsole()
      let page = folder + "/p.html"
      let command = ["caption", path] + pictures.prefix(34) + ["--html", page]
      let verb = try #require(
        try Unroll.parseAsRoot(command + [folder + "/nosuch.png"]) as? any Verb)
      #expect(
        failureLine { try verb.run(captured.console) }
          == "cannot read \(folder)/nosuch.png: no such file")
      #expect(captured.results.split(separator: "\n") == Array(all.prefix(34)))
      #expect(!FileManager.default.fileExists(atPath: page))

      // A reader that leaves has its page of what it has seen.
      let left = Console(
        writeResult: { _ in throw ReaderLeft() }, writeMessage: { _ in }, terminalWidth: { nil })
      let watched = try #require(try Unroll.parseAsRoot(command) as? any Verb)
      #expect(throws: ReaderLeft.self) { try watched.run(left) }
      let html = try String(contentsOfFile: page, encoding: .utf8)
      #expect(html.contains("1 picture captioned by") && markupFault(in: html) == nil)
    }
  }

  @Test("a model does not go where a picture of its tables is, and ensembles name who does not fit")
  func files() throws {
    try withTemporaryFolder { folder in
      let (train, valid) = (try table(folder, "a", 3), try table(folder, "b", 3))
      for (name, its) in [("a1", train), ("b2", valid)] {
        let picture = "\(folder)/images/\(name).png"
        let before = try Data(contentsOf: URL(fileURLWithPath: picture))
        #expect(
          failureLine {
            try runVerb([
              "train", "captioner", "--train", train, "--valid", valid, "--output", picture,
            ])
          } == "--output \(picture) is a picture of \(its); expected a file of its own")
        #expect(try Data(contentsOf: URL(fileURLWithPath: picture)) == before)
      }
      let (small, large) = (try hasty(folder, train, size: 8), try hasty(folder, train, size: 12))
      #expect(
        failureLine {
          try runVerb(["caption", small, "--with", large, "\(folder)/images/a0.png"])
        }
          == "\(small) and \(large): model 2 of the ensemble takes other pictures than the first, expected the "
          + "same")
      #expect(
        failureLine { try runVerb(["evaluate", small]) }
          == "no table of pictures: unroll evaluate MODEL FILE")
      #expect(
        failureLine {
          try runVerb(["evaluate", small, valid, "--with", small, "--weights", "1", "2", "3"])
        } == "3 weights for 2 models; expected one each")
      let usual = ["train", "captioner", "--output", folder + "/x", "--train", train]
      for (flags, expected) in [
        (["--captions", "en", "fr", "en"], "--captions has \"en\" twice"),
        (["--judge", "bleu-1"], "--judge bleu-1 needs a text to validate on: --valid FILE"),
        (["--patience", "3"], "--patience needs a text to validate on: --valid FILE"),
      ] {
        #expect(failureLine { try runVerb(usual + flags) } == expected)
      }
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
      let judged = ["evaluate", path, train, "--features", folder + "/f.npy"]
      let compared = try runVerb(
        judged + ["--baselines", train, "--baseline-features", folder + "/f.npy"]
      ).results
      #expect(compared.contains("fr        nearest-vector  100.0  100.0 to 100.0"))
      #expect(
        failureLine { try runVerb(judged + ["--baseline-features", folder + "/f.npy"]) }
          == "--baseline-features goes with --baselines and --features")
      // Beside vectors, pictures are names and what a page shows.
      let shown = ["caption", path, "--features", folder + "/f.npy"]
      let pictures = (0..<3).map { "\(folder)/images/a\($0).png" }
      let page = folder + "/p.html"
      let named = try runVerb(shown + ["--html", page] + pictures).results
      #expect(named.hasPrefix("\(pictures[0])\trouge\n\(pictures[1])\tvert\n"))
      let html = try String(contentsOfFile: page, encoding: .utf8)
      #expect(html.contains("3 pictures captioned by") && markupFault(in: html) == nil)
      for (flags, expected) in [
        (["--html", page], "--html shows pictures; expected them beside --features"),
        (
          Array(pictures.prefix(2)),
          "\(folder)/f.npy has features of 3 pictures, expected 2, one for each"
        ),
      ] { #expect(failureLine { try runVerb(shown + flags) } == expected) }
      // Known pictures have a say, and refusals name what is missing.
      let known = ["caption", path, "--features", folder + "/f.npy", "--neighbors", train]
      let told = try runVerb(
        known + ["--neighbor-features", folder + "/f.npy", "--neighbor-weight", "50"]
      ).results
      #expect(told == found)
      for (flags, expected) in [
        (
          known, "\(path) learned from vectors of pictures; expected --neighbor-features FILE"
        ),
        (
          Array(known.prefix(4)) + ["--neighbor-weight", "2"],
          "--neighbor-weight goes with --neighbors"
        ),
        (
          known + ["--neighbor-features", "a", "--neighbor-images", "b"],
          "--neighbor-features takes the place of --neighbor-images"
        ),
      ] { #expect(failureLine { try runVerb(flags) } == expected) }
    }
  }
}
