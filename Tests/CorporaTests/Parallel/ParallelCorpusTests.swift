import Foundation
import Testing

@testable import Corpora

@Suite("Parallel text")
struct ParallelCorpusTests {
  /// Files of these names and texts, in a folder of their own.
  private func withFiles(_ files: [String: String], _ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("CorporaTests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files {
      try Data(text.utf8).write(to: folder.appendingPathComponent(name))
    }
    try body(folder.path + "/")
  }

  @Test("pairs of files and files of pairs, one after the other, with CR LF and no last line feed")
  func reading() throws {
    try withFiles(["e": "a b\r\nc", "f": "A\nC\n", "t": "w\tW x\ny\tY\n"]) { folder in
      let corpus = try ParallelCorpus(
        reading: [.pair(source: folder + "e", target: folder + "f"), .tabbed(folder + "t")])
      #expect(corpus.sources == ["a b", "c", "w", "y"])
      #expect(corpus.targets == ["A", "C", "W x", "Y"])
      #expect(corpus.count == 4 && corpus.emptyPairs == 0)
    }
  }

  @Test("pairs with an empty side are counted, and left out unless they are to stay")
  func emptySides() throws {
    let text = ["e": "a\n\n \u{3000}\n\u{A0}é\nc\n", "f": "A\nB\nC\nD\n\n", "g": "\n\n\n\n\n"]
    try withFiles(text) { folder in
      let files = [ParallelFile.pair(source: folder + "e", target: folder + "f")]
      let corpus = try ParallelCorpus(reading: files)
      #expect(corpus.sources == ["a", "\u{A0}é"] && corpus.targets == ["A", "D"])
      #expect(corpus.emptyPairs == 3)
      let kept = try ParallelCorpus(reading: files, keepsEmptyPairs: true)
      #expect(kept.sources == ["a", "", " \u{3000}", "\u{A0}é", "c"] && kept.emptyPairs == 3)
      #expect(kept.targets == ["A", "B", "C", "D", ""])
      #expect(throws: CorpusError.noSentences) {
        try ParallelCorpus(reading: [.pair(source: folder + "e", target: folder + "g")])
      }
      #expect(throws: CorpusError.noSentences) { try ParallelCorpus(reading: []) }
    }
  }

  @Test("files of different length are an error at the first line without a partner")
  func lengths() throws {
    try withFiles(["e": "a\nb\nc\n", "f": "A\n", "g": ""]) { folder in
      let (source, target) = (folder + "e", folder + "f")
      let long = #expect(throws: CorpusError.self) {
        try ParallelCorpus(reading: [.pair(source: source, target: target)])
      }
      #expect(
        long?.description == "\(source):2: the line has no translation, as \(source) has 3 lines "
          + "and \(target) 1 line, expected as many")
      let short = #expect(throws: CorpusError.self) {
        try ParallelCorpus(reading: [.pair(source: target, target: source)])
      }
      #expect(
        short?.description == "\(source):2: the line has no source, as \(target) has 1 line "
          + "and \(source) 3 lines, expected as many")
      #expect(throws: CorpusError.empty(path: folder + "g")) {
        try ParallelCorpus(reading: [.pair(source: source, target: folder + "g")])
      }
      #expect(throws: CorpusError.unreadable(path: folder + "h", reason: "no such file")) {
        try ParallelCorpus(reading: [.tabbed(folder + "h")])
      }
    }
  }

  @Test(
    "lines of pairs that are none",
    arguments: [
      ("a\tA\nb B\n", "f:2: no tab in \"b B\", expected a source, a tab and a target"),
      ("a\tA\tA\n", "f:1: 2 tabs in \"a\\tA\\tA\", expected a source, a tab and a target"),
      ("a\tA\n\n", "f:2: no tab in \"\", expected a source, a tab and a target"),
    ])
  func badPairs(text: String, expected: String) {
    let error = #expect(throws: CorpusError.self) {
      try ParallelFile.sides(tabbed: text, name: "f")
    }
    #expect(error?.description == expected)
  }

  @Test("a line of references has all of them; there is one at least, and none is empty")
  func references() throws {
    let text = "a\tA\tB b\n\tC\n"
    try withFiles(["r": text]) { folder in
      let set = try ReferenceSet(reading: folder + "r")
      #expect(set.sources == ["a", ""] && set.count == 2)
      #expect(set.references == [["A", "B b"], ["C"]])
    }
    for (bad, expected) in [
      (
        "a\tA\nb\n",
        "f:2: no tab in \"b\", expected a source and its references, a tab before each"
      ),
      ("a\tA\t\tB\n", "f:1: reference 2 is empty, expected some words"),
      ("a\t \n", "f:1: reference 1 is empty, expected some words"),
    ] {
      let error = #expect(throws: CorpusError.self) { try ReferenceSet(tabbed: bad, name: "f") }
      #expect(error?.description == expected)
    }
  }

  @Test("pairs of one source become its references, in the order of first appearance, by bytes")
  func grouping() throws {
    let text = "B\tB IY\nA\tAH\ne\u{301}\t1\nB\tB\né\t2\nA\tEY\nB\t\u{301}\n"
    let set = try ReferenceSet(tabbed: text, name: "f").grouped
    let expected = ["B", "A", "e\u{301}", "é"]
    #expect(set.sources.elementsEqual(expected) { $0.isIdentical(to: $1) })
    #expect(set.references == [["B IY", "B", "\u{301}"], ["AH", "EY"], ["1"], ["2"]])
  }

  @Test("files of references stand side by side; a blank line is none where another file has one")
  func referenceFiles() throws {
    let text = [
      "s": "a\n\nc\n", "one": "A\n \nC\n", "two": "\u{3000}\nB\nD d\r\n", "short": "A\nB\n",
      "no": "A\n\t\nC\n",
    ]
    try withFiles(text) { folder in
      func fault(_ body: () throws -> Void) -> String? {
        #expect(throws: CorpusError.self, performing: body)?.description
          .replacing(folder, with: "")
      }
      let files = [folder + "one", folder + "two"]
      let references = [["A"], ["B"], ["C", "D d"]]
      #expect(try ReferenceSet.references(reading: files) == references)
      let set = try ReferenceSet(source: folder + "s", targets: files)
      #expect(set.sources == ["a", "", "c"] && set.references == references)
      #expect(try ReferenceSet.references(reading: [folder + "short"]) == [["A"], ["B"]])

      let alone = fault { _ = try ReferenceSet.references(reading: [folder + "one"]) }
      #expect(alone == "one:2: the reference is empty, expected some words")
      let both = fault {
        _ = try ReferenceSet(source: folder + "s", targets: [folder + "one", folder + "no"])
      }
      #expect(
        both == "one:2: the line is empty in all 2 files, expected some words in one of them")
      let short = fault {
        _ = try ReferenceSet.references(reading: [folder + "short", folder + "two"])
      }
      #expect(
        short == "two:3: the line has no reference, as short has 2 lines and two 3 lines, "
          + "expected as many")
      let source = fault {
        _ = try ReferenceSet(source: folder + "s", targets: [folder + "short"])
      }
      #expect(
        source == "s:3: the line has no reference, as s has 3 lines and short 2 lines, "
          + "expected as many")
    }
  }

  @Test("a line is blank if it has no token")
  func blank() {
    for line in RandomTexts.make(300, seed: 12) {
      #expect(isBlank(line[...]) == Tokenizer.words.tokens(of: line).isEmpty)
    }
    #expect(isBlank(" \u{85}\u{1680}\u{2028}\u{205F}\u{3000}\n") && !isBlank(" \u{200B}"))
  }
}
