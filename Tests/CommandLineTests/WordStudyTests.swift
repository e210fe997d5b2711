import Foundation
import Recurrent
import Testing

@testable import unroll

@Suite("Studies of language models of words")
struct WordStudyTests {
  /// Three texts in `folder`, of words that have much in common.
  private func corpus(_ folder: String) throws -> [String] {
    let stems = ["walk", "talk", "jump", "play", "turn", "open"]
    func text(_ lines: Int, _ ending: String) -> String {
      (0..<lines).map { line in
        let stem = stems[line * 5 % 6]
        return "they \(stem)ed and we \(stem)\(line % 3 == 0 ? ending : "ing") there again\n"
      }.joined()
    }
    try write(text(160, "er"), to: folder + "/train.txt")
    try write(text(80, "ed"), to: folder + "/valid.txt")
    try write(text(80, "able"), to: folder + "/test.txt")
    return ["train", "valid", "test"].flatMap { ["--\($0)", "\(folder)/\($0).txt"] }
  }

  @Test("words and characters are tuned alike, shown with their neighbours, and not measured twice")
  func wordsVersusCharacters() throws {
    try withTemporaryFolder { folder in
      let texts = try corpus(folder)
      try write(
        "walking\ttalking\t8\nwalked\tthere\t1\nwalkable\twalked\t7\n", to: folder + "/pairs")
      let arguments =
        ["study", "words-vs-characters", "--quick", "--output", folder + "/study"] + texts
        + ["--similarity", folder + "/pairs", "--dropouts", "0", "0.1", "--threads", "2"]
      let first = try runVerb(arguments)
      let table = first.results
      #expect(table.contains("looked up") && table.contains("composed") && table.contains("(best)"))
      #expect(table.contains("\nboth "))
      #expect(table.contains("unseen  walkable  no vector"))
      #expect(table.split(separator: "\n").contains { $0.hasPrefix("pairs") })
      #expect(first.messages.contains("[6/6]"))
      let again = try runVerb(arguments)
      #expect(again.messages.contains("6 of 6 are there already") && again.results == table)
      let page = try String(contentsOfFile: folder + "/study/report.html", encoding: .utf8)
      #expect(markupFault(in: page) == nil)
      #expect(page.contains("Words or characters?") && page.contains("walkable"))
    }
  }

  @Test(
    "n-grams and nets of equally many parameters stand in one table, and are not measured twice")
  func recurrence() throws {
    try withTemporaryFolder { folder in
      let arguments =
        ["study", "recurrence", "--quick", "--output", folder + "/study"] + (try corpus(folder))
        + ["--hidden", "8", "--threads", "2"]
      let first = try runVerb(arguments)
      let rows = first.results.split(separator: "\n").dropFirst()
      for name in ["1-gram", "3-gram", "feed-forward net", "RNN", "LSTM", "GRU"] {
        #expect(rows.contains { $0.hasPrefix(name) }, "\(name)")
      }
      let again = try runVerb(arguments)
      #expect(again.messages.contains("are there already") && again.results == first.results)
      let page = try String(contentsOfFile: folder + "/study/report.html", encoding: .utf8)
      #expect(markupFault(in: page) == nil)
      #expect(page.contains("What is it worth to remember?"))
    }
  }

  @Test("no net of the study of recurrence has more parameters than the LSTM, nor many less")
  func equalParameters() throws {
    try withTemporaryFolder { folder in
      _ = try corpus(folder)
      let corpus = try WordCorpus(
        training: folder + "/train.txt", validation: folder + "/valid.txt",
        test: folder + "/test.txt", minimumCount: 1)
      let study = RecurrenceStudy(
        corpus: corpus, training: WordTraining(), hidden: 20, dropout: 0, orders: 1...3, seeds: 1,
        pattern: CellPattern(patterns: []))
      func parameters(_ kind: CellKind, more units: Int = 0) -> Int {
        var configuration = study.configuration(kind)
        configuration.hiddenSize += units
        return configuration.parameterCount(vocabularySize: corpus.vocabulary.count)
      }
      let budget = parameters(.lstm)
      #expect(study.configuration(.lstm).hiddenSize == 20)
      for kind in RecurrenceStudy.Net.cells {
        #expect(parameters(kind) <= budget && parameters(kind, more: 1) > budget)
      }
    }
  }

  @Test("what is missing or makes no sense is said in a line")
  func refusals() throws {
    try withTemporaryFolder { folder in
      let texts = try corpus(folder)
      func refused(_ arguments: [String]) -> String? {
        failureLine {
          try runVerb(
            ["study", "words-vs-characters", "--output", folder + "/study", "--threads", "1"]
              + arguments)
        }
      }
      #expect(refused(Array(texts.dropLast(2))) == "--test FILE is missing")
      #expect(
        refused(texts + ["--dropouts", "1"])
          == "--dropouts is 1; expected numbers from 0 to below 1")
      try write("too little\n", to: folder + "/little")
      #expect(
        refused(Array(texts.dropLast()) + [folder + "/little"])
          == "\(folder)/little has 2 words, expected 500 or more")
    }
  }
}
