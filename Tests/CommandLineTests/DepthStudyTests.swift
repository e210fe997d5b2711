import Learning
import Models
import Recurrent
import Testing

@testable import unroll

@Suite("The depth study")
struct DepthStudyTests {
  private static let text = (0..<3000).map {
    "the \(["cat", "dog", "bird"][$0 % 3]) sees \(["a fish", "the king"][$0 % 2])\n"
  }.joined()

  private func study(
    parameters: Int = 5000, steps: Int = 4, seeds: Int = 2
  ) throws -> DepthStudy {
    try withTemporaryFolder { folder in
      try write(Self.text, to: folder + "/text.txt")
      var training = DepthStudy.Training()
      training.parameters = parameters
      training.steps = steps
      return DepthStudy(
        corpus: try DepthStudy.Corpus(training: folder + "/text.txt", heldOut: nil),
        training: training, seeds: seeds, pattern: CellPattern(patterns: []))
    }
  }

  @Test("nets are as wide as the parameters allow, and one unit more would be too many")
  func widths() throws {
    for parameters in [5000, 100_000] {
      let study = try study(parameters: parameters)
      let size = study.corpus.vocabulary.count
      for net in DepthStudy.Net.all {
        var configuration = try #require(study.configuration(net))
        #expect(configuration.parameterCount(vocabularySize: size) <= parameters)
        configuration.hiddenSize += 1
        #expect(configuration.parameterCount(vocabularySize: size) > parameters)
      }
    }
    #expect(try study(parameters: 10).configuration(.all[0]) == nil)
  }

  @Test("what is counted is what the model has")
  func counted() throws {
    let study = try study()
    let watch = StudyWatch(interrupt: InterruptFlag()) { _ in }
    let found = try #require(
      try study.measure(.init(layers: 4, connections: .input, seed: 1), watch))
    let configuration = try #require(study.configuration(.init(layers: 4, connections: .input)))
    let size = study.corpus.vocabulary.count
    #expect(found.parameters == configuration.parameterCount(vocabularySize: size))
    #expect(found.hiddenSize == configuration.hiddenSize)
    #expect(found.curve.map(\.step) == [1, 2, 3, 4] && !found.hasDiverged)
    #expect((found.flow ?? 0) > 0)
    // About as good as a guess.
    #expect((found.best ?? 0) > 2 && (found.best ?? 99) < 6)
  }

  @Test("one layer stands for all kinds of connections, and there is no cell twice")
  func cells() throws {
    let ids = try study().cells.map(\.id)
    #expect(ids.count == 20 && Set(ids).count == 20)
    #expect(ids.contains(DepthStudy.cellExample) && ids.first == "1 layer/seed 1")
  }

  @Test("table and page are made of whatever is there")
  func told() throws {
    let study = try study()
    var byID: [String: DepthStudy.Finding] = [:]
    #expect(markupFault(in: study.page(StudyFindings(byID: byID)).html) == nil)
    for seed in 1...2 {
      for net in DepthStudy.Net.all.prefix(3) {
        byID["\(net.name)/seed \(seed)"] = .init(
          hiddenSize: 7, parameters: 1234, curve: [.init(step: 1, bits: 3 + Double(seed))],
          flow: 0.5, tokensPerSecond: 1000, hasDiverged: seed == 2)
      }
    }
    let findings = StudyFindings<DepthStudy>(byID: byID)
    let html = study.page(findings).html
    #expect(markupFault(in: html) == nil && !html.contains("nan"))
    let row = study.table(findings).split(separator: "\n")[1]
    #expect(
      row.split(separator: " ").joined(separator: " ")
        == "1 layer 7 1,234 4.500 (4.000 to 5.000), diverged 0.5000 1.00k")
  }

  @Test("the command measures, goes on where it was, and says what is wrong in one line")
  func command() throws {
    try withTemporaryFolder { folder in
      try write(Self.text, to: folder + "/text.txt")
      try write("too short", to: folder + "/short.txt")
      func run(_ arguments: String...) throws -> String {
        let all = ["study", "depth", "--threads", "1", "--output", folder + "/depth"] + arguments
        let captured = CapturedConsole()
        guard let verb = try Unroll.parseAsRoot(all) as? DepthVerb else { return "" }
        try verb.run(captured.console)
        return captured.results
      }
      let text = ["--train", folder + "/text.txt"]
      func refusal(_ arguments: [String]) -> String {
        failureLine {
          var verb = try #require(
            try Unroll.parseAsRoot(["study", "depth"] + arguments) as? DepthVerb)
          verb.options.output = folder + "/other"
          try verb.run(CapturedConsole().console)
        } ?? ""
      }
      let found = try run(
        "--train", folder + "/text.txt", "--parameters", "5000", "--steps", "2", "--seeds", "1",
        "--only", "2 layers")
      #expect(found.contains("2 layers/residual") && found.contains("report.html"))
      #expect(refusal([]).contains("--train FILE is missing"))
      #expect(refusal(["--train", folder + "/none.txt"]).contains("none.txt"))
      #expect(
        refusal(["--train", folder + "/short.txt"])
          == "the last tenth of \(folder)/short.txt has 1 character, expected 5,000 or more; "
          + "give --valid")
      #expect(
        refusal(text + ["--valid", folder + "/short.txt"])
          == "\(folder)/short.txt has 9 characters, expected 5,000 or more")
      let page = folder + "/other/report.html"
      try write(Self.text, to: page)
      #expect(refusal(["--train", page]).contains("report.html is the text of --train"))
      #expect(try String(contentsOfFile: page, encoding: .utf8) == Self.text)
      #expect(refusal(text + ["--parameters", "900"]).contains("too few for a net of"))
      #expect(refusal(text + ["--steps", "0"]).contains("--steps is 0"))
    }
  }
}
