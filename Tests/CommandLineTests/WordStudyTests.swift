import Foundation
import Models
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
        + ["--similarity", folder + "/pairs", "--threads", "2"]
        // Twice the same is measured once.
        + ["--dropouts", "0", "0.1", "0.10", "0"]
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

  /// The corpus of `folder`, read.
  private func read(_ folder: String) throws -> WordCorpus {
    _ = try corpus(folder)
    return try WordCorpus(
      training: folder + "/train.txt", validation: folder + "/valid.txt",
      test: folder + "/test.txt", minimumCount: 1)
  }

  private func outcome(
    validation: Double, test: Double, diverged: Bool = false
  ) -> WordTraining.Outcome {
    WordTraining.Outcome(
      validation: [validation], test: test, parameters: 1, tokensPerSecond: 2,
      hasDiverged: diverged)
  }

  private func study(
    _ corpus: WordCorpus, seeds: Int = 1, pairs: [WordPair] = []
  ) -> WordsVersusCharactersStudy {
    WordsVersusCharactersStudy(
      corpus: corpus, training: WordTraining(), sizes: WordsVersusCharactersStudy.Sizes(),
      dropouts: [.init(features: 0, words: 0), .init(features: 0.5, words: 0)],
      pairs: [(file: "pairs", pairs: pairs)], seeds: seeds, pattern: CellPattern(patterns: []),
      probes: [])
  }

  @Test("a net that diverged is not chosen, and is marked in the tables")
  func divergence() throws {
    try withTemporaryFolder { folder in
      let corpus = try read(folder)
      let study = study(corpus, seeds: 2)
      func findings(
        _ outcomes: [WordTraining.Outcome]
      ) -> StudyFindings<WordsVersusCharactersStudy> {
        let cells = study.cells.filter { $0.source == .lookup }.prefix(outcomes.count)
        var byID: [String: WordsVersusCharactersStudy.Finding] = [:]
        for (cell, outcome) in zip(cells, outcomes) {
          byID[cell.id] = WordsVersusCharactersStudy.Finding(
            outcome: outcome, neighbors: [], similarity: [])
        }
        return StudyFindings(byID: byID)
      }
      // In the order of the cells: both dropouts of seed 1, then of seed 2.
      let lost = outcome(validation: 2, test: .infinity, diverged: true)
      let (good, fair) = (outcome(validation: 7, test: 8), outcome(validation: 9, test: 10))
      let all = findings([lost, fair, good, fair])
      #expect(study.bestDropout(.lookup, all) == study.dropouts[0])
      #expect(study.chosen(.lookup, all)?.outcome == good)
      #expect(study.rows(all).map { $0[3] } == ["8.000, diverged", "10.00"])
      #expect(markupFault(in: study.page(all).html) == nil)
      let second = findings([lost, fair, lost, fair])
      #expect(study.bestDropout(.lookup, second) == study.dropouts[1])
      #expect(study.rows(second).map { $0[3] } == ["-, diverged", "10.00"])
      let none = findings([lost])
      #expect(study.bestDropout(.lookup, none) == nil && study.chosen(.lookup, none) == nil)
      #expect(study.table(none).contains("-, diverged"))
    }
  }

  @Test("the order of n-grams is chosen by validation, and charts do without infinite nets")
  func chosenOrder() throws {
    try withTemporaryFolder { folder in
      let study = RecurrenceStudy(
        corpus: try read(folder), training: WordTraining(), hidden: 20, dropout: 0, orders: 2...4,
        seeds: 1, pattern: CellPattern(patterns: []))
      let findings = StudyFindings<RecurrenceStudy>(byID: [
        "2-gram": outcome(validation: 100, test: 111.5),
        "3-gram": outcome(validation: 90, test: 112.5),
        "4-gram": outcome(validation: 95, test: 110.5),
        "LSTM/seed 1": outcome(validation: .infinity, test: .infinity, diverged: true),
        "GRU/seed 1": outcome(validation: 120, test: .infinity),
      ])
      let page = study.page(findings).html
      #expect(page.contains("test perplexity, order 3 (by validation)"))
      #expect(markupFault(in: page) == nil)
      #expect(!page.contains("infH"))
      let row = try #require(study.rows(findings).first { $0[0] == CellKind.lstm.title })
      #expect(row[3] == "-, diverged")
    }
  }

  @Test("results of other pairs under the name of a file are results of other settings")
  func pairsFingerprint() throws {
    try withTemporaryFolder { folder in
      let corpus = try read(folder)
      func settings(_ pairs: String) throws -> String? {
        try study(corpus, pairs: WordPair.parse(pairs, name: "pairs")).settings["pairs"]
      }
      let first = try settings("a\tb\t1\n")
      #expect(first?.hasPrefix("pairs ") == true)
      #expect(try settings("# the same\na\tb\t1\n") == first)
      for other in ["a\tb\t2\n", "ab\t\t1\n", "a\tc\t1\n", "a\tb\t1\na\tb\t1\n"] {
        #expect(try settings(other) != first, "\(other)")
      }
    }
  }

  @Test("no net of the study of recurrence has more parameters than the LSTM, nor many less")
  func equalParameters() throws {
    try withTemporaryFolder { folder in
      let corpus = try read(folder)
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
