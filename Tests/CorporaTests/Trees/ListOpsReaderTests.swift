import Testing

@testable import Corpora

@Suite("Expressions of ListOps in a file")
struct ListOpsReaderTests {
  @Test("what is made and written is read as what it was", arguments: TreeReading.allCases)
  func written(reading: TreeReading) throws {
    let made = (0..<50).map { ListOps().expression($0, .test, seed: 3) }
    let text = made.map { $0.words.joined(separator: " ") }.joined(separator: "\n")
    let bank = try ListOpsReader.read(text, name: "t", as: reading)
    #expect(bank.trees == made.map { $0.tree(reading) })
    #expect(bank.lines == Array(1...50))
  }

  @Test("round brackets, values and empty lines, as they are published")
  func published() throws {
    let text = "9\t( ( ( ( [MAX 2 ) 9 ) ( ( ( [MIN 4 ) 7 ) ] ) ) ] )\r\n\n3\n"
    let bank = try ListOpsReader.read(text, name: "t")
    #expect(bank.trees.map { $0.labels[$0.root] } == ["9", "3"])
    #expect(bank.trees[0].tokens == ["MAX", "2", "9", "MIN", "4", "7"])
    #expect(bank.lines == [1, 3])
  }

  @Test(
    "a fault is named with its line and column",
    arguments: [
      ("[MAX 1 2", "t:1:1: a list that is never closed"),
      ("\n[MAX 1 ] ]", "t:2:10: \"]\" closes nothing"),
      ("[MAX [MIN ] 1 ]", "t:1:6: a list of nothing, expected digits or lists"),
      ("1 2", "t:1:3: \"2\" after the end of the expression"),
      (
        "[MAX 1 12 ]",
        "t:1:8: \"12\" is no word of ListOps, expected [MIN, [MAX, [MED, [SM, ] or a digit"
      ),
      ("MAX", "t:1:1: \"MAX\" is no word of ListOps, expected [MIN, [MAX, [MED, [SM, ] or a digit"),
      ("4\t[MAX 1 2 ]", "t:1:1: the value \"4\", expected 2, which the expression comes to"),
      ("4\t", "t:1:1: a value without an expression"),
    ])
  func faults(text: String, message: String) {
    let error = #expect(throws: TreeError.self) { try ListOpsReader.read(text, name: "t") }
    #expect(error?.description == message)
  }

  @Test("lists 10,000 deep are read")
  func deep() throws {
    let text =
      String(repeating: "[SM 1 ", count: 10_000) + "1"
      + String(repeating: " ]", count: 10_000)
    let bank = try ListOpsReader.read(text, name: "t", as: .binary)
    #expect(bank.trees[0].labels[bank.trees[0].root] == "1")
  }
}
