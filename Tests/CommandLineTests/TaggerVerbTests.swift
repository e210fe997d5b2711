import Corpora
import Foundation
import Models
import Recurrent
import Tensors
import Testing

@testable import unroll

@Suite("The verbs of taggers")
struct TaggerVerbTests {
  /// Words whose labels follow from their spelling, as CoNLL-U.
  private func conllu(_ sentences: Int) -> String {
    let words = [("the", "DET"), ("cat", "NOUN"), ("dog", "NOUN"), ("sees", "VERB")]
    return (0..<sentences).map { sentence in
      let count = 2 + sentence % 3
      let rows = (0..<count).map { place in
        let (word, label) = words[(sentence + place) % 4]
        return "\(place + 1)\t\(word)\t_\t\(label)\t_\t_\t\(place)\t_\t_\t_\n"
      }
      return "# text = \(sentence)\n" + rows.joined() + "\n"
    }.joined()
  }

  /// A tagger that has learned nothing, in `folder`; its path.
  private func untrained(
    _ folder: String, labels: [String] = ["DET", "NOUN", "VERB"], column: LabelColumn? = .upos
  ) throws -> String {
    let sentence = LabelledSentence(words: labels.map { "w\($0)" }, labels: labels)
    let tagger = try Tagger(
      TaggerConfiguration(
        words: WordEncoderConfiguration(
          lookUpSize: 3,
          characters: CharacterConfiguration(embeddingSize: 2, hiddenSize: 2, outputSize: 3)),
        hiddenSize: 4, constraints: .usual(for: [sentence])),
      learningFrom: [sentence], column: column,
      initialization: .uniform(1), key: RandomKey(seed: 3))
    let path = folder + "/untrained.safetensors"
    try tagger.save(to: path)
    return path
  }

  private func members(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test("a tagger is trained, evaluated, inspected, converted, and labels a text")
  func whole() throws {
    try withTemporaryFolder { folder in
      try write(conllu(60), to: folder + "/train.conllu")
      // Known by what stands in it.
      try write(conllu(9), to: folder + "/valid")
      let path = folder + "/m.safetensors"
      let trained = try runVerb([
        "train", "tagger", "--train", folder + "/train.conllu", "--valid", folder + "/valid",
        "--output", path, "--hidden", "8", "--embedding", "6", "--character-embedding", "4",
        "--character-hidden", "4", "--dropout", "0.1", "--epochs", "6", "--learning-rate", "0.02",
        "--batch", "8", "--threads", "1", "--json",
      ])
      #expect(
        trained.messages.contains("training a tagger, a bidirectional LSTM, 1 layer of 2 x 8 "))
      #expect(trained.messages.contains("validation accuracy 100.0 %  best so far"))
      let report = try members(trained.results)
      #expect(report["validation_accuracy"] as? Double == 1)
      #expect(report["validation_perplexity"] == nil)

      let evaluated = try members(runVerb(["evaluate", path, folder + "/valid", "--json"]).results)
      #expect(evaluated["words"] as? Int == 27 && evaluated["accuracy"] as? Double == 1)
      #expect(evaluated["unknown_words"] as? Int == 0 && evaluated["spans"] == nil)

      let shown = try runVerb(["inspect", path]).results
      #expect(shown.hasPrefix("tagger: a bidirectional LSTM, 1 layer of 2 x 8 units\n"))
      #expect(shown.contains("labels        3 tokens\n  first       \"NOUN\""))
      #expect(shown.contains("labels      CoNLL-U's upos\n"))
      #expect(shown.contains(", validation accuracy 100.0 %"))
      let architecture = try #require(
        members(runVerb(["inspect", path, "--json"]).results)["architecture"] as? [String: Any])
      #expect(architecture["output"] as? String == "softmax" && architecture["hidden"] as? Int == 8)

      try runVerb(["convert", path, "--output", folder + "/half"])
      try write("the cat sees\n\nthe dogs\n", to: folder + "/text")
      let tagged = try runVerb(["tag", folder + "/half", folder + "/text"]).results
      #expect(tagged.hasPrefix("the\tDET\ncat\tNOUN\nsees\tVERB\n\n\nthe\tDET\ndogs\t"))
    }
  }

  @Test("what is asked for is in the recipe, and what makes none is refused")
  func recipe() throws {
    func recipe(_ arguments: [String]) throws -> TaggerRecipe {
      var settings = Settings(file: try ConfigFile("words: lookup", path: "run.yaml"))
      let recipe = try TrainTagger.parse(arguments).recipe(&settings, seed: 1)
      try settings.finish()
      return recipe
    }
    let crf = try recipe([
      "--column", "xpos", "--output-layer", "crf", "--constraints", "training", "--lowercase",
      "--min-count", "2", "--dropout-words", "0.25", "--batch-words", "900",
    ])
    #expect(crf.configuration.output == .crf && crf.configuration.constraints == .training)
    #expect(crf.configuration.lowercases && crf.configuration.minimumCount == 2)
    #expect(crf.configuration.words == WordEncoderConfiguration(lookUpSize: 100))
    #expect(crf.column == .xpos && crf.batchWords == 900 && !crf.choosesConstraints)
    #expect(crf.record["dropout-words"] == "0.25" && crf.record["output-layer"] == "crf")
    for (arguments, expected) in [
      (["--constraints", "training"], "--constraints training goes with --output-layer crf"),
      (
        ["--optimizer", "hessian-free"],
        "--optimizer hessian-free is for language models, not for taggers"
      ),
      (["--dropout-words", "1.5"], "--dropout-words is 1.5; expected a number from 0 to 1"),
      (["--skip", "input"], "input skip connections need at least 2 layers, not 1"),
    ] {
      #expect(failureLine { _ = try recipe(arguments) } == expected)
    }
  }

  @Test("the recipe of a record is one that train tagger takes, and gives the same record")
  func record() throws {
    var settings = Settings(file: nil)
    let made = try TrainTagger.parse([
      "--cell", "gru", "--learn-initial-state", "--dropout-state", "0.1", "--layers", "2",
    ]).recipe(&settings, seed: 1)
    let arguments = made.record.filter { $0.value != "false" }.flatMap { name, value in
      value == "true" ? ["--\(name)"] : ["--\(name)", value]
    }
    settings = Settings(file: nil)
    let again = try TrainTagger.parse(arguments).recipe(&settings, seed: 1)
    #expect(again.record == made.record && again.configuration == made.configuration)
  }

  @Test("sentences come as text, columns or CoNLL-U, and go out the same way, in their order")
  func formats() throws {
    try withTemporaryFolder { folder in
      let path = try untrained(folder)
      func tag(_ name: String, _ text: String, _ flags: String...) throws -> String {
        try write(text, to: folder + "/" + name)
        return try runVerb(["tag", path, folder + "/" + name] + flags).results
      }
      let labels = try Tagger(contentsOf: path).tag([["a", "b"], ["c"]]).flatMap(\.self)
      #expect(
        try tag("text", "\u{FEFF}a  b\r\n\nc")
          == "a\t\(labels[0])\nb\t\(labels[1])\n\n\nc\t\(labels[2])\n\n")
      #expect(
        try tag("text", "a b\nc\n", "--json")
          == """
          {"words":["a","b"],"labels":["\(labels[0])","\(labels[1])"]}
          {"words":["c"],"labels":["\(labels[2])"]}

          """)
      #expect(
        try tag("columns", "a X\nb Y\n\n\nc Z\n", "--input", "columns")
          == "a X \(labels[0])\nb Y \(labels[1])\n\nc Z \(labels[2])\n\n")
      let bare = """
        # one
        1-2\tab\t_\t_\t_\t_\t_\t_\t_\tA=1
        1\ta\t_\t_\tX\t_\t0\t_\t_\t_
        2\tb\t_\t_\tX\t_\t1\t_\t_\t_

        """
      func filled(_ place: Int) -> String {
        bare.split(separator: "\n").map { line in
          var columns = line.split(separator: "\t").map(String.init)
          if let word = ["1", "2"].firstIndex(of: columns[0]) { columns[place] = labels[word] }
          return columns.joined(separator: "\t") + "\n"
        }.joined() + "\n"
      }
      #expect(try tag("bare.conllu", bare) == filled(3))
      #expect(try tag("bare.conllu", bare, "--column", "xpos") == filled(4))
    }
  }

  @Test("a long input is labelled as its sentences are alone")
  func batches() throws {
    try withTemporaryFolder { folder in
      let path = try untrained(folder)
      let sentences = (0..<9000).map { ["a", "b", "c", "d", "e"].prefix(1 + $0 % 5) }
      try write(
        sentences.map { $0.joined(separator: " ") + "\n" }.joined(), to: folder + "/text")
      let tagger = try Tagger(contentsOf: path)
      let alone = (0..<5).map { tagger.tag([Array(sentences[$0])])[0] }
      var expected = ""
      for (index, words) in sentences.enumerated() {
        expected += zip(words, alone[index % 5]).map { "\($0)\t\($1)\n" }.joined() + "\n"
      }
      #expect(try runVerb(["tag", path, folder + "/text"]).results == expected)
    }
  }

  @Test("spans are scored by type and over all, and their labels obey IOB2")
  func spans() throws {
    try withTemporaryFolder { folder in
      let path = try untrained(folder, labels: ["O", "B-PER", "I-PER", "B-LOC"], column: nil)
      try write("wO O\nwB-PER B-PER\nwI-PER I-PER\n\nwB-LOC B-LOC\nelse O\n", to: folder + "/gold")
      let text = try runVerb(["evaluate", path, folder + "/gold"]).results
      #expect(text.hasPrefix("words               5 in 2 sentences\naccuracy "))
      #expect(
        text.contains("\nspans               F1 ") && text.contains("\n  LOC               F1 "))
      #expect(text.contains("\n  unknown words     ") && text.contains(" %  of 1") == false)
      let json = try members(runVerb(["evaluate", path, folder + "/gold", "--json"]).results)
      let all = try #require(json["spans"] as? [String: Any])
      let types = try #require(json["spans_by_type"] as? [String: [String: Any]])
      #expect(all["expected"] as? Int == 2 && types["PER"]?["expected"] as? Int == 1)
      #expect(json["known_words"] as? Int == 4 && json["unknown_words"] as? Int == 1)
    }
  }

  @Test("bad input is refused in one line that says where it stands")
  func refusals() throws {
    try withTemporaryFolder { folder in
      let path = try untrained(folder)
      let file = folder + "/file"
      func refused(_ text: String, _ arguments: String...) throws -> String? {
        try write(text, to: file)
        return failureLine { try runVerb(arguments) }
      }
      let row = "1\ta\t_\tNOUN\t_\t_\t0\t_\t_\t_\n"
      #expect(
        try refused(row.replacing("NOUN", with: "NEW"), "evaluate", path, file)
          == "\(file):1: the label \"NEW\" does not occur in the training data, expected one of its 3"
      )
      #expect(
        try refused(row.replacing("NOUN", with: "NEW"), "evaluate", path, file, "--unseen-labels")
          == nil)
      #expect(
        try refused(row + row, "tag", path, file, "--input", "conllu")
          == "\(file):2: column 1 (ID) is \"1\", expected 2")
      #expect(
        try refused(row + "2\tb\n", "evaluate", path, file)
          == "\(file):2: 2 columns, expected 10 with tabs between them: LEMMA is missing")
      #expect(
        try refused("# nothing\n\n", "evaluate", path, file, "--format", "conllu")
          == "\(file):2: the sentence ends without a word, expected at least one")
      #expect(
        try refused("a X\nb\n", "evaluate", path, file)
          == "\(file):2: 1 column, expected 2 as in the lines before")
      #expect(try refused("\n\n", "evaluate", path, file) == "\(file) is empty, expected text")
      #expect(
        try refused("a", "tag", path, file, "--column", "xpos")
          == "--column goes with --input conllu; the sentences are text")
      #expect(
        try refused("a", "generate", path)
          == "generate goes with a neural language model; \(path) is a tagger")
      #expect(
        try refused("a", "neighbors", path, "a")
          == "neighbors goes with a neural language model; \(path) is a tagger")
      #expect(
        try refused("a", "evaluate", path, file, "--cache")
          == "--cache goes with a language model; \(path) is a tagger")
    }
  }

  @Test("a word of 100,000 characters, a sentence of 5,000 words and no word at all are labelled")
  func extremes() throws {
    try withTemporaryFolder { folder in
      let path = try untrained(folder)
      let long = String(repeating: "é", count: 100_000)
      let many = Array(repeating: "a", count: 5000).joined(separator: " ")
      try write("\(long) a\n\(many)\n \n", to: folder + "/text")
      let lines = try runVerb(["tag", path, folder + "/text"]).results
        .split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines[0].hasPrefix(long + "\t") && lines.count == 2 + 1 + 5000 + 1 + 1 + 1)
    }
  }
}
