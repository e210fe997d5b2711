import Testing

@testable import Corpora

@Suite("Labelled sentences")
struct LabelledTests {
  private static let sample = """
    # sent_id = 1
    # text = I don't
    1\tI\tI\tPRON\tPRP\tCase=Nom\t2\tnsubj\t2:nsubj\t_
    2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
    2\tdo\tdo\tAUX\tVBP\t_\t0\troot\t0:root\t_
    3\tn't\tnot\tPART\tRB\tPolarity=Neg\t2\tadvmod\t2:advmod\tA b
    3.1\tgo\tgo\tVERB\tVB\t_\t_\t_\t0:x\t_
    3.2\ton\ton\tADP\tIN\t_\t_\t_\t3.1:x\t_

    1\t10 000\t10 000\tNUM\tCD\t_\t_\t_\t_\t_

    """

  @Test("CoNLL-U, by hand: ten columns, comments, a range, empty nodes, and spaces in a form")
  func conllu() throws {
    let sentences = try CoNLLUReader.sentences(of: Self.sample, name: "a")
    #expect(sentences.count == 2)
    let first = sentences[0]
    #expect(first.comments == ["# sent_id = 1", "# text = I don't"])
    #expect(
      first.words[2]
        == CoNLLUWord(
          form: "n't", lemma: "not", upos: "PART", xpos: "RB", feats: "Polarity=Neg", head: 2,
          deprel: "advmod", deps: "2:advmod", misc: "A b", line: 6))
    #expect(first.words.map(\.head) == [2, 0, 2])
    #expect(first.interludes.map(\.wordsBefore) == [1, 3, 3])
    #expect(sentences[1].words.map(\.form) == ["10 000"])
    #expect(sentences[1].words[0].head == nil && sentences[1].words[0].line == 10)
  }

  @Test("sentences write themselves as they were read")
  func roundTrip() throws {
    let sentences = try CoNLLUReader.sentences(of: Self.sample, name: "a")
    #expect(sentences.map(\.text).joined() == Self.sample + "\n")
  }

  @Test(
    "each column that can be predicted",
    arguments: [
      (LabelColumn.upos, ["PRON", "AUX", "PART"]), (.xpos, ["PRP", "VBP", "RB"]),
      (.feats, ["Case=Nom", "_", "Polarity=Neg"]), (.deprel, ["nsubj", "root", "advmod"]),
    ])
  func columns(column: LabelColumn, labels: [String]) throws {
    let text = Self.sample.split(separator: "\n\n")[0]
    let sentences = try LabelledFormat.conllu.sentences(
      of: String(text), name: "a", column: column)
    #expect(
      sentences == [
        LabelledSentence(words: ["I", "do", "n't"], labels: labels, lines: [3, 5, 6], file: "a")
      ])
    var word = try CoNLLUReader.sentences(of: Self.sample, name: "a")[0].words[0]
    word[column] = "new"
    #expect(word[column] == "new")
  }

  /// A sentence of two words, in which one line can be wrong.
  private static func twoWords(first: String? = nil, second: String? = nil) -> String {
    "# c\n" + (first ?? "1\ta\ta\tX\tX\t_\t2\tdep\t_\t_") + "\n"
      + (second ?? "2\tb\tb\tX\tX\t_\t0\troot\t_\t_") + "\n\n"
  }

  @Test(
    "what is malformed in CoNLL-U is named by file, line and column",
    arguments: [
      (
        twoWords(second: "2\tb\tb\tX"), 3,
        "4 columns, expected 10 with tabs between them: XPOS is missing"
      ),
      (twoWords(second: "2 b"), 3, "1 column, expected 10 with tabs between them: FORM is missing"),
      (
        twoWords(second: "2\tb\tb\tX\tX\t_\t0\troot\t_\t_\t_"), 3,
        "11 columns, expected 10 with tabs between them"
      ),
      (twoWords(first: " "), 2, "1 column, expected 10 with tabs between them: FORM is missing"),
      (
        twoWords(first: "1\ta\t\tX\tX\t_\t2\tdep\t_\t_"), 2,
        "column 3 (LEMMA) is empty, expected a value or \"_\""
      ),
      (
        twoWords(first: "1\ta\ta\tX Y\tX\t_\t2\tdep\t_\t_"), 2,
        "column 4 (UPOS) is \"X Y\", expected no spaces"
      ),
      (twoWords(first: "2\ta\ta\tX\tX\t_\t2\tdep\t_\t_"), 2, "column 1 (ID) is \"2\", expected 1"),
      (
        twoWords(first: "one\ta\ta\tX\tX\t_\t2\tdep\t_\t_"), 2,
        "column 1 (ID) is \"one\", expected 1"
      ),
      (
        twoWords(second: "3-4\tb\tb\tX\tX\t_\t0\troot\t_\t_"), 3,
        "column 1 (ID) is \"3-4\", expected a range from 2 on"
      ),
      (
        twoWords(second: "2-1\tb\tb\tX\tX\t_\t0\troot\t_\t_"), 3,
        "column 1 (ID) is \"2-1\", expected a range from 2 on"
      ),
      (
        twoWords(first: "1-3\ta\t_\t_\t_\t_\t_\t_\t_\t_\n1\ta\ta\tX\tX\t_\t2\tdep\t_\t_"), 2,
        "column 1 (ID) begins a range up to 3, but the last word of the sentence is 2"
      ),
      (
        twoWords(second: "1.2\tb\tb\tX\tX\t_\t0\troot\t_\t_"), 3,
        "column 1 (ID) is \"1.2\", expected 2 or 1.1"
      ),
      (
        twoWords(first: "1\ta\ta\tX\tX\t_\tb\tdep\t_\t_"), 2,
        "column 7 (HEAD) is \"b\", expected a word's number, 0 or \"_\""
      ),
      (
        twoWords(first: "1\ta\ta\tX\tX\t_\t-1\tdep\t_\t_"), 2,
        "column 7 (HEAD) is \"-1\", expected a word's number, 0 or \"_\""
      ),
      (
        twoWords(first: "1\ta\ta\tX\tX\t_\t3\tdep\t_\t_"), 2,
        "column 7 (HEAD) is 3, but the sentence has 2 words"
      ),
      (
        twoWords(second: "2\tb\tb\tX\tX\t_\t2\tdep\t_\t_"), 3,
        "column 7 (HEAD) is 2, the word itself"
      ),
      (
        twoWords(second: "# c"), 3, "a comment within a sentence, expected it before the first word"
      ),
      ("# c\n\n", 2, "the sentence ends without a word, expected at least one"),
      (twoWords() + "# the end", 6, "the sentence ends without a word, expected at least one"),
      (
        twoWords(first: "1\ta\ta\t_\tX\t_\t2\tdep\t_\t_"), 2,
        "column 4 (UPOS) is \"_\", expected a label"
      ),
    ])
  func malformed(text: String, line: Int, detail: String) throws {
    _ = try LabelledFormat.conllu.sentences(of: Self.twoWords(), name: "f")
    let error = #expect(throws: CorpusError.self) {
      try LabelledFormat.conllu.sentences(of: text, name: "f.conllu")
    }
    #expect(error?.description == "f.conllu:\(line): \(detail)")
  }

  @Test("a message shows no more of a value than a line bears, and no control characters")
  func quoting() {
    #expect(quoted("a\u{1B}[2J") == "\"a\\u{1B}[2J\"")
    #expect(quoted(String(repeating: "é", count: 100_000)).count == 43)
    #expect(quoted(String(repeating: "é", count: 40)).count == 42)
  }

  @Test("columns with tabs or spaces; the label is the last one")
  func twoColumns() throws {
    let text = "EU NNP I-NP B-ORG\nrejects  VBZ I-VP O\n \n\nNew York\tNNP\tI-NP\tB-LOC"
    let sentences = try LabelledFormat.columns.sentences(of: text, name: "a")
    #expect(
      sentences == [
        LabelledSentence(
          words: ["EU", "rejects"], labels: ["B-ORG", "O"], lines: [1, 2], file: "a"),
        LabelledSentence(words: ["New York"], labels: ["B-LOC"], lines: [5], file: "a"),
      ])
  }

  @Test("a single column only where no label is needed")
  func oneColumn() throws {
    var reader = ColumnReader(name: "a", needsLabels: false)
    #expect(try reader.read("word") == nil)
    let sentence = reader.finish()
    #expect(sentence?.rows.map(\.word) == ["word"] && sentence?.rows[0].label == nil)
  }

  @Test(
    "what is malformed in columns is named by file and line",
    arguments: [
      ("a X\nb\n", 2, "1 column, expected 2 as in the lines before"),
      ("a X\n\nb Y Z\n", 3, "3 columns, expected 2 as in the lines before"),
      ("a\n", 1, "1 column, expected a word and its label with a tab or a space between them"),
      ("a\t\n", 1, "column 2 is empty, expected a value"),
    ])
  func malformedColumns(text: String, line: Int, detail: String) {
    let error = #expect(throws: CorpusError.self) {
      try LabelledFormat.columns.sentences(of: text, name: "f")
    }
    #expect(error?.description == "f:\(line): \(detail)")
  }

  @Test("words and labels by falling count, then in order of appearance, told apart by their bytes")
  func vocabularies() throws {
    let words = ["b", "New York", "a", "a", "e\u{301}", "é", "<unk>", "A"]
    let vocabulary = try Vocabulary(ofWords: words)
    #expect(vocabulary.tokens == ["<unk>", "a", "b", "New York", "e\u{301}", "é", "A"])
    #expect(vocabulary.counts == [1, 2, 1, 1, 1, 1, 1])
    #expect(vocabulary.unknown == 0 && vocabulary.start == nil && vocabulary.end == nil)
    let lookUp = try vocabulary.lookUp(lowercases: true, minimumCount: 2)
    #expect(lookUp.tokens == ["<unk>", "a"] && lookUp.counts == [5, 3])
    #expect(try vocabulary.lookUp(lowercases: false, minimumCount: 1) == vocabulary)

    let labels = try Vocabulary(ofLabels: ["O", "<unk>", "O"])
    #expect(labels.tokens == ["O", "<unk>"] && labels.unknown == nil)
    #expect(labels.id(of: "B") == nil && labels.id(of: "<unk>") == 1)
  }

  @Test("the name of a file tells its format")
  func formats() {
    #expect(LabelledFormat(path: "a/en-ud-train.conllu") == .conllu)
    #expect(LabelledFormat(path: "a/B.CONLLU") == .conllu)
    #expect(LabelledFormat(path: "eng.testa") == .columns)
  }
}
