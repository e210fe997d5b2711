import Testing

@testable import Corpora

@Suite("Tables of pictures and captions")
struct CaptionListTests {
  private func list(_ text: String, columns: [String]? = nil) throws(CorpusError) -> CaptionList {
    try CaptionList(of: text, name: "t.tsv", columns: columns)
  }

  @Test("columns are chosen by name, in the order asked for, and a caption without a word is none")
  func reading() throws {
    let text = "en\timage\tfr\nkeycap: 8\ta.png\ttouches\u{A0}: 8\n \tb.png\tx\n\nz\tc.png\t\n"
    let all = try list(text)
    #expect(all.columns == ["en", "fr"] && all.count == 3)
    #expect(
      all.entries[0] == .init(image: "a.png", captions: ["keycap: 8", "touches\u{A0}: 8"], line: 2))
    #expect(all.entries[1].captions == [nil, "x"])
    #expect(all.entries[2] == .init(image: "c.png", captions: ["z", nil], line: 5))
    let chosen = try list(
      "image\ta\tb\tc\nn\t1\t2\t3", columns: ["c", "a"])
    #expect(chosen.columns == ["c", "a"] && chosen.entries[0].captions == ["3", "1"])
    #expect(
      CaptionList(path: "x/y/t.tsv", columns: [], entries: []).usualFolder.hasSuffix("x/y/images"))
  }

  @Test("lines end with LF or CR LF, the last one with neither, and empty ones are passed over")
  func lineEnds() throws {
    let list = try list("image\ten\r\n\r\na\tx\n\nb\ty\r")
    #expect(list.entries.map(\.image) == ["a", "b"] && list.entries.map(\.line) == [3, 5])
    #expect(list.entries.map(\.captions) == [["x"], ["y"]])
  }

  @Test("what is wrong is named with its line")
  func faults() {
    let cases: [(String, [String]?, CorpusError)] = [
      ("", nil, .empty(path: "t.tsv")), ("image\ten\n", nil, .empty(path: "t.tsv")),
      (
        "picture\ten\na\tb\n", nil,
        .malformed(
          path: "t.tsv", line: 1,
          detail: "the heading has no column \"image\", only \"picture\", \"en\"")
      ),
      (
        "image\ten\na\tb\n", ["fr"],
        .malformed(
          path: "t.tsv", line: 1, detail: "the heading has no column \"fr\", only \"image\", \"en\""
        )
      ),
      (
        "image\ten\ten\na\tb\tc\n", ["en"],
        .malformed(path: "t.tsv", line: 1, detail: "the heading has 2 columns \"en\", expected one")
      ),
      (
        "image\ten\na\tb\nc\n", nil,
        .malformed(path: "t.tsv", line: 3, detail: "1 column, expected 2 as in the heading")
      ),
      (
        "image\ten\na\tb\tc\n", nil,
        .malformed(path: "t.tsv", line: 2, detail: "3 columns, expected 2 as in the heading")
      ),
      (
        "image\ten\n \n", nil,
        .malformed(path: "t.tsv", line: 2, detail: "1 column, expected 2 as in the heading")
      ),
      (
        "image\ten\n\tb\n", nil,
        .malformed(path: "t.tsv", line: 2, detail: "there is no name of a picture")
      ),
      (
        "image\ten\na\t \n", nil,
        .malformed(path: "t.tsv", line: 2, detail: "there is no caption of a")
      ),
    ]
    for (text, columns, expected) in cases {
      let error = #expect(throws: CorpusError.self) { try list(text, columns: columns) }
      #expect(error == expected)
    }
  }
}
