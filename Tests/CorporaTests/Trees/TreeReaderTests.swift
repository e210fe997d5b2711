import Corpora
import Testing

@Suite("Files of trees")
struct TreeReaderTests {
  @Test("the Stanford Sentiment Treebank's brackets")
  func sentiment() throws {
    let bank = try BracketReader.read("(3 (2 It) (4 works))\n(1 (2 no)\n   (2 good))\n", name: "t")
    #expect(bank.lines == [1, 2])
    #expect(bank.trees[0].labels == ["3", "2", "4"])
    #expect(bank.trees[0].tokens == [nil, "It", "works"])
    #expect(bank.trees[0].parents == [-1, 0, 0])
    #expect(bank.trees[1].tokens == [nil, "no", "good"])
  }

  @Test("the Penn Treebank's: brackets around a tree, and several lines")
  func penn() throws {
    let bank = try BracketReader.read(
      """
      ( (S
          (NP-SBJ (PRP It))
          (VP (VBZ works) ) ))
      (TOP (UH Yes))
      """, name: "t")
    #expect(
      bank.trees.map(\.brackets) == [
        "(S (NP-SBJ (PRP It)) (VP (VBZ works)))", "(TOP (UH Yes))",
      ])
    #expect(bank.lines == [1, 4])
  }

  @Test("words within a node: alone its token, several leaves")
  func words() throws {
    let tree = try BracketReader.read("(7 MAX (3 3) (NP the old (N house) too))", name: "t").trees[
      0]
    #expect(tree.tokens == ["MAX", "3", nil, "the", "old", "house", "too"])
    #expect(tree.labels == ["7", "3", "NP", nil, nil, "N", nil])
    #expect(tree.parents == [-1, 0, 0, 2, 2, 2, 2])
  }

  @Test(
    "brackets that are not as they should be are refused with line and column",
    arguments: [
      ("(a (b c)", "t:1:1: \"(\" is never closed"),
      ("(a b)\n(a (b c)\n(a b)", "t:2:1: \"(\" is never closed"),
      ("(a b))", "t:1:6: \")\" closes nothing"),
      ("(ä (ö é))\n (a b) )", "t:2:8: \")\" closes nothing"),
      ("(a ())", "t:1:4: an empty tree, expected a label and words or children"),
      ("(a (b))", "t:1:4: the node \"b\" has neither a word nor children"),
      ("(a b) c (d e)", "t:1:7: \"c\" is outside of a tree, expected \"(\""),
      ("word", "t:1:1: \"word\" is outside of a tree, expected \"(\""),
    ])
  func unbalanced(text: String, message: String) {
    let error = #expect(throws: TreeError.self) { try BracketReader.read(text, name: "t") }
    #expect(error?.description == message)
  }

  @Test("dependencies: each word below its head, the comment's label at the root")
  func dependencies() throws {
    let text = """
      # sent_id = 1
      # label = good
      1\tIt\tit\tPRON\t_\t_\t2\tnsubj\t_\t_
      2\tworks\twork\tVERB\t_\t_\t0\troot\t_\t_
      3\twell\twell\tADV\t_\t_\t2\tadvmod\t_\t_

      1\tYes\tyes\tINTJ\t_\t_\t0\troot\t_\t_

      """
    let bank = try DependencyTreeReader.read(text, name: "t")
    #expect(bank.lines == [3, 7])
    #expect(bank.trees[0].parents == [1, -1, 1])
    #expect(bank.trees[0].tokens == ["It", "works", "well"])
    #expect(bank.trees[0].labels == [nil, "good", nil])
    #expect(bank.trees[1].labels == [nil])
    let ofWindows = text.replacing("\n", with: "\r\n")
    #expect(try DependencyTreeReader.read(ofWindows, name: "t") == bank)
  }

  @Test(
    "heads that make no tree are refused with their line",
    arguments: [
      (
        [2, 3, 1, 0],
        "t:1: the heads make a cycle (lines 1, 2, 3), expected them to lead to the root"
      ),
      ([0, 3, 2], "t:2: the heads make a cycle (lines 2, 3), expected them to lead to the root"),
      ([0, 1, 0], "t:3: a second root, expected one: the word of line 1 has head 0 already"),
      ([0, nil], "t:2: column 7 (HEAD) is \"_\", expected the number of a word or 0"),
    ] as [([Int?], String)])
  func heads(heads: [Int?], message: String) {
    let lines = heads.enumerated().map { index, head in
      "\(index + 1)\tw\t_\t_\t_\t_\t\(head.map(String.init) ?? "_")\t_\t_\t_\n"
    }
    let error = #expect(throws: TreeError.self) {
      try DependencyTreeReader.read(lines.joined() + "\n", name: "t")
    }
    #expect(error?.description == message)
  }

  @Test("JSON values: objects, arrays, strings, numbers")
  func values() throws {
    let text = #"""
      {"label": "ok", "value": {"a": [1.5e2, "two words", -7], "b": {"c": null, "d": {}}, "e": ""}}

      {"value": [true, [], "\u00e4\ud83d\ude00\n\"x\""], "label": 3}
      {"label": false, "value": "plain"}
      {"label": null, "value": "plain"}
      """#
    let bank = try JSONTreeReader.read(text, name: "t")
    #expect(bank.lines == [1, 3, 4, 5])
    #expect(
      bank.trees[0].brackets
        == "(ok {} (_ a: (_ [] (_ # (_ 1) (_ .) (_ 5) (_ e) (_ 2)) (_ \"\" (_ two) (_ words)) "
        + "(_ # (_ -) (_ 7)))) (_ b: (_ {} (_ c: (_ null)) (_ d: (_ {})))) (_ e: (_ \"\")))")
    #expect(bank.trees[1].tokens == ["[]", "true", "[]", "\"\"", "ä😀", "\"x\""])
    #expect(bank.trees.map { $0.labels[$0.root] } == ["ok", "3", "false", nil])
  }

  @Test(
    "what is not JSON, or no example, is refused with line and column",
    arguments: [
      (#"{"value": [1, 2}"#, #"t:1:16: "}", expected "," or "]""#),
      (#"{"value": [1 2]}"#, #"t:1:14: "2]}", expected "," or "]""#),
      ("{\"value\": 1}\n{\"value\": [}", #"t:2:12: "}", expected a value"#),
      (#"{"value": 01}"#, #"t:1:12: "1}", expected "," or "}""#),
      (#"{"value": 1."#, "t:1:13: the line ends, expected a digit"),
      (#"{"value": "ab"#, "t:1:11: a string that does not end"),
      (#"{"value": "\x"}"#, #"t:1:13: "x\"}", expected an escape"#),
      (
        #"{"value": "\ud800"}"#, "t:1:13: half of a surrogate pair, expected both"
      ),
      (#"{"value": nul}"#, #"t:1:11: "nul}", expected a value"#),
      (#"{value: 1}"#, #"t:1:2: "value: 1", expected a key in quotation marks"#),
      (#"{"value": 1} 2"#, #"t:1:14: "2", expected the end of the line"#),
      (#"{"value": 1, }"#, #"t:1:14: "}", expected a key in quotation marks"#),
      (
        #"{"label": "x"}"#,
        #"t:1:1: an object without "value", expected {"label": …, "value": …}"#
      ),
      ("[1]", #"t:1:1: a value that is no object, expected {"label": …, "value": …}"#),
      (
        #"{"label": [], "value": 1}"#,
        #"t:1:1: a "label" that is neither a string nor a number nor true or false"#
      ),
    ])
  func malformed(text: String, message: String) {
    let error = #expect(throws: TreeError.self) { try JSONTreeReader.read(text, name: "t") }
    #expect(error?.description == message)
  }
}
