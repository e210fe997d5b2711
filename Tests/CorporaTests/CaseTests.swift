import Testing

@testable import Corpora

@Suite("Cases with labels, and series")
struct CaseTests {
  private func description(_ error: CorpusError?) -> String { error?.description ?? "no error" }

  @Test("a text a line, behind its label and a tab")
  func lines() throws {
    let cases = try CaseFormat.text.cases(of: "pos\ta b\tc\n\t d\na|b\te\n", name: "f")
    #expect(
      cases == [
        LabelledCase(content: .text("a b\tc"), label: "pos", line: 1, file: "f"),
        LabelledCase(content: .text(" d"), label: "", line: 2, file: "f"),
        LabelledCase(content: .text("e"), label: "a|b", line: 3, file: "f"),
      ])
    #expect(CaseFormat(path: "a.TS") == .ts && CaseFormat(path: "b.csv") == .csv)
    #expect(CaseFormat(path: "a.tsv") == .text)
  }

  @Test(
    "lines that are no cases",
    arguments: [
      ("pos\ta\nno tab\n", "f:2: no tab in \"no tab\", expected a label, a tab and a text"),
      ("pos\t \t\n", "f:1: the text is empty, expected some words"),
      ("pos\ta\n\n", "f:2: no tab in \"\", expected a label, a tab and a text"),
    ])
  func badLines(text: String, expected: String) {
    let error = #expect(throws: CorpusError.self) {
      try CaseFormat.text.cases(of: text, name: "f")
    }
    #expect(description(error) == expected)
  }

  private static let header = """
    # a comment
    @problemName X
    @timeStamps false
    @missing false
    @univariate false
    @dimensions 2
    @equalLength false
    @classLabel true one two
    @data

    """

  @Test("series of the archive: dimensions apart by colons, cases of different lengths")
  func archive() throws {
    let cases = try CaseFormat.ts.cases(
      of: Self.header + "1,2,3:-4,5e-1, 6:one\n\n7:8:two\n", name: "f")
    #expect(
      cases == [
        LabelledCase(
          content: .series(Series(width: 2, values: [1, -4, 2, 0.5, 3, 6])), label: "one", line: 10,
          file: "f"),
        LabelledCase(
          content: .series(Series(width: 2, values: [7, 8])), label: "two", line: 12, file: "f"),
      ])
    let targets = try CaseFormat.ts.cases(
      of: "@univariate true\n@targetlabel true\n@data\n1,2:-0.5\n", name: "f")
    #expect(targets.map(\.label) == ["-0.5"])
    let unlabelled = try CaseFormat.ts.cases(of: "@classLabel false\n@data\n1,2:3,4\n", name: "f")
    #expect(unlabelled[0].label == nil)
    #expect(unlabelled[0].content == .series(Series(width: 2, values: [1, 3, 2, 4])))
  }

  @Test(
    "series that are none, with line, dimension and place",
    arguments: [
      (
        header + "1,2:3,4:one\n1,2,3:4,5:one\n",
        "f:11: dimension 2 has 2 values, expected 3 as in dimension 1"
      ),
      (
        header + "1,?:3,4:one\n",
        "f:10: dimension 1: value 2 is missing (\"?\"), expected a number"
      ),
      (
        header + "1,2:3,NaN:one\n",
        "f:10: dimension 2: value 2 is missing (\"NaN\"), expected a number"
      ),
      (
        header + "1,2:x,4:one\n", "f:10: dimension 2: value 1 is \"x\", expected a number"
      ),
      (
        header + "1,2:inf,4:one\n",
        "f:10: dimension 2: value 1 is \"inf\", expected a finite number"
      ),
      (
        header + "1,2:3,4:three\n",
        "f:10: the label \"three\" is not one of the 2 of @classLabel"
      ),
      (header + "1,2:one\n", "f:10: 1 dimension and a label, expected 2"),
      (header + "1,2::one\n", "f:10: dimension 2 has no values"),
      ("@timestamps true\n", "f:1: time stamps are not read, expected values alone"),
      ("1,2\n", "f:1: \"1,2\" stands before @data, expected a line that begins with \"@\""),
      ("@data\n", "f:1: @data without @classLabel or @targetLabel before it"),
      ("@classLabel true\n", "f:1: \"@classLabel true\", expected the labels behind \"true\""),
      ("@classLabel true a\n", "f:1: the file ends without @data"),
      ("@dimensions x\n", "f:1: \"@dimensions x\", expected the number of dimensions"),
    ])
  func badSeries(text: String, expected: String) {
    let error = #expect(throws: CorpusError.self) { try CaseFormat.ts.cases(of: text, name: "f") }
    #expect(description(error) == expected)
  }

  @Test("labels are whatever they are where they are not checked")
  func uncheckedLabels() throws {
    let series = try CaseFormat.ts.cases(
      of: Self.header + "1,2:3,4:?\n5:6:three\n", name: "f", checksLabels: false)
    #expect(series.map(\.label) == ["?", "three"])
    #expect(series[0].content == .series(Series(width: 2, values: [1, 3, 2, 4])))
    let table = try CaseFormat.csv.cases(
      of: "case,label,x\na,p,1\na,q,2\nb,,3\n", name: "f", checksLabels: false)
    #expect(
      table.map(\.content) == [
        .series(Series(width: 1, values: [1, 2])), .series(Series(width: 1, values: [3])),
      ])
    #expect(table.map(\.label) == ["p", ""])
  }

  @Test(
    "what is a number, with spaces and tabs around it and without",
    arguments: [
      ("1.5", 1.5), (" -2e-3\t", -0.002), ("+4", 4), ("0x1p3", 8), ("1e-60", 0), ("\t7", 7),
    ] as [(Substring, Float)])
  func numbers(field: Substring, expected: Float) throws {
    #expect(try finiteNumber(field) == expected)
  }

  @Test(
    "what is none, and why",
    arguments: [
      ("", "is missing (\"\"), expected a number"),
      (" \t", "is missing (\"\"), expected a number"),
      ("?", "is missing (\"?\"), expected a number"),
      (" ? ", "is missing (\"?\"), expected a number"),
      ("NaN", "is missing (\"NaN\"), expected a number"),
      ("NA", "is missing (\"NA\"), expected a number"),
      ("null", "is missing (\"null\"), expected a number"),
      ("inf", "is \"inf\", expected a finite number"),
      (" -inf", "is \"-inf\", expected a finite number"),
      ("-nan", "is \"-nan\", expected a finite number"),
      ("1e99", "is \"1e99\", expected a finite number"),
      ("1 2", "is \"1 2\", expected a number"), ("x", "is \"x\", expected a number"),
    ] as [(Substring, String)])
  func noNumbers(field: Substring, expected: String) {
    let fault = #expect(throws: NumberFault.self) { try finiteNumber(field) }
    #expect(fault?.detail == expected)
  }

  @Test("comma-separated values: quotes, commas and line feeds within them, a last empty field")
  func csv() throws {
    let text = "a,\"b, \"\"c\"\"\",\n\n\"d\ne\",f,g"
    let records = try CSVReader.records(of: text, name: "f")
    #expect(
      records == [
        .init(fields: ["a", "b, \"c\"", ""], line: 1), .init(fields: ["d\ne", "f", "g"], line: 3),
      ])
    #expect(try CSVReader.records(of: "a,", name: "f").map(\.fields) == [["a", ""]])
    #expect(try CSVReader.records(of: "a\n", name: "f").map(\.fields) == [["a"]])
  }

  @Test("a table has a step a row and a variable a column, and others are left alone")
  func table() throws {
    let text = "\"time\",x, y\n2020,1,2\n2021,\"3\",4.5\n"
    #expect(
      try SeriesTable(csv: text, name: "f", variables: ["y", "x"])
        == SeriesTable(
          variables: ["y", "x"], series: Series(width: 2, values: [2, 1, 4.5, 3])))
    #expect(try SeriesTable(csv: text, name: "f").variables == ["time", "x", "y"])
  }

  @Test(
    "tables that are none, with line and column",
    arguments: [
      ("x,y\n1,2\n3,NaN\n", "f:3: column 2 (y) is missing (\"NaN\"), expected a number"),
      ("x,y\n1,2\n3,\n", "f:3: column 2 (y) is missing (\"\"), expected a number"),
      ("x,y\n1,b\n", "f:2: column 2 (y) is \"b\", expected a number"),
      ("x,y\n1,1e99\n", "f:2: column 2 (y) is \"1e99\", expected a finite number"),
      ("x,y\n1\n", "f:2: 1 column, expected 2 as in the header"),
      ("x,\n1,2\n", "f:1: column 2 has no name in the header"),
      ("x,x\n1,2\n", "f:1: column 2 is called \"x\" as an earlier one"),
      ("x\n", "f:1: a header without rows, expected a row for each time step"),
      ("x\n\"1\n", "f:2: column 1 begins with a quote that is never closed"),
      (
        "x,y\n1,\"2\"3\n",
        "f:2: column 2 goes on behind its closing quote, expected a comma or the line's end"
      ),
    ])
  func badTables(text: String, expected: String) {
    let error = #expect(throws: CorpusError.self) { try SeriesTable(csv: text, name: "f") }
    #expect(description(error) == expected)
    let absent = #expect(throws: CorpusError.self) {
      try SeriesTable(csv: "x\n1\n", name: "f", variables: ["z"])
    }
    #expect(
      description(absent) == "f:1: no column is called \"z\", expected one of x")
  }

  @Test("cases in a table begin where the column `case` changes")
  func tableOfCases() throws {
    let text = "case,label,x,y\na,p,1,2\na,p,3,4\nb,q,5,6\na,p,7,8\n"
    #expect(
      try CaseFormat.csv.cases(of: text, name: "f") == [
        LabelledCase(
          content: .series(Series(width: 2, values: [1, 2, 3, 4])), label: "p", line: 2, file: "f"),
        LabelledCase(
          content: .series(Series(width: 2, values: [5, 6])), label: "q", line: 4, file: "f"),
        LabelledCase(
          content: .series(Series(width: 2, values: [7, 8])), label: "p", line: 5, file: "f"),
      ])
    for (bad, expected) in [
      ("case,label,x\na,p,1\na,q,2\n", "f:2: the case has the label \"p\" and, in line 3, \"q\""),
      ("label,x\np,1\n", "f:1: no column is called \"case\", expected one of label, x"),
      ("case,label\na,p\n", "f:1: no column beside case and label, expected the variables"),
    ] {
      let error = #expect(throws: CorpusError.self) {
        try CaseFormat.csv.cases(of: bad, name: "f")
      }
      #expect(description(error) == expected)
    }
  }

  @Test("tokens as they are written: words between white space, or scalars without line feeds")
  func tokens() {
    #expect(Tokenizer.words.tokens(of: " a  bé\n\u{3000}c ") == ["a", "bé", "c"])
    #expect(Tokenizer.characters.tokens(of: "a é\n") == ["a", " ", "é"])
    #expect(Tokenizer.words.tokens(of: "").isEmpty)
  }
}
