import Testing

@testable import unroll

@Suite("Configuration files")
struct ConfigFileTests {
  /// Reads `hidden`, `dropout`, `tie`, `cell` and `train` as a verb would.
  private func read(
    _ yaml: String, hidden: Int? = nil, dropout: Double? = nil, train: [String] = []
  ) throws -> (hidden: Int, dropout: Double, tie: Bool, seed: UInt64, train: [String]) {
    var settings = Settings(file: try ConfigFile(yaml, path: "run.yaml"))
    let result = (
      hidden: try settings.value("hidden", hidden, default: 256, .atLeast(1)),
      dropout: try settings.value("dropout", dropout, default: 0, .belowOne),
      tie: try settings.isOn("tie", false),
      seed: try settings.value("seed", nil as UInt64?, default: 1),
      train: try settings.list("train", train)
    )
    try settings.finish()
    return result
  }

  @Test("a flag wins over the file, the file over the default")
  func precedence() throws {
    let values = try read("hidden: 650\ndropout: 0.5\ntie: true\n", hidden: 32)
    #expect(values.hidden == 32)
    #expect(values.dropout == 0.5)
    #expect(values.tie)
    #expect(values.seed == 1)
  }

  @Test("a list may be one text, and a flag replaces it as a whole")
  func lists() throws {
    #expect(try read("train: a.txt").train == ["a.txt"])
    #expect(try read("train: [a.txt, b.txt]").train == ["a.txt", "b.txt"])
    #expect(try read("train: [a.txt, b.txt]", train: ["c.txt"]).train == ["c.txt"])
  }

  @Test("an empty file and one of comments set nothing", arguments: ["", "# nothing\n", "---\n"])
  func empty(yaml: String) throws {
    #expect(try read(yaml).hidden == 256)
  }

  @Test("an integer does for a number, and a seed may take all 64 bits")
  func numbers() throws {
    #expect(try read("dropout: 0").dropout == 0)
    #expect(try read("seed: 18446744073709551615").seed == .max)
  }

  @Test(
    "a mistake is one line that says where it is and what was expected",
    arguments: [
      ("cell: lstm\nhiden: 3", "run.yaml, line 2: unknown key \"hiden\"; did you mean \"hidden\"?"),
      ("drop-out: 0.1", "run.yaml, line 1: unknown key \"drop-out\"; did you mean \"dropout\"?"),
      (
        "qqqqqqqqqqqq: 0.1",
        "run.yaml, line 1: unknown key \"qqqqqqqqqqqq\"; "
          + "the keys are hidden, dropout, tie, seed, train"
      ),
      ("hidden: many", "run.yaml, line 1: hidden is \"many\"; expected an integer"),
      ("\nhidden: 2.5", "run.yaml, line 2: hidden is \"2.5\"; expected an integer"),
      ("hidden:", "run.yaml, line 1: hidden is \"\"; expected an integer"),
      ("hidden: [1]", "run.yaml, line 1: hidden is a list or a group of keys; expected an integer"),
      ("hidden: 0", "run.yaml, line 1: hidden is 0; expected an integer of at least 1"),
      ("dropout: 1.5", "run.yaml, line 1: dropout is 1.5; expected a number from 0 to below 1"),
      ("dropout: .nan", "run.yaml, line 1: dropout is nan; expected a number from 0 to below 1"),
      ("tie: 3", "run.yaml, line 1: tie is \"3\"; expected true or false"),
      ("seed: -1", "run.yaml, line 1: seed is \"-1\"; expected an integer of at least 0"),
      ("- a\n- b", "run.yaml: expected settings such as `hidden: 256`, one a line"),
      ("hidden: 1\nhidden: 2", "run.yaml: the key \"hidden\" is given more than once"),
    ])
  func mistakes(yaml: String, expected: String) {
    let yaml = yaml.hasPrefix("cell") ? String(yaml.drop { $0 != "\n" }) : yaml
    #expect(failureLine { _ = try read(yaml) } == expected)
  }

  @Test("what is not YAML is refused with its place")
  func malformed() throws {
    let line = try #require(failureLine { _ = try read("hidden: [1, 2\ntie: true") })
    #expect(line.hasPrefix("run.yaml, line "))
    #expect(line.contains("not YAML"))
  }

  @Test("a flag out of range is named as a flag")
  func flagOutOfRange() {
    #expect(
      failureLine { _ = try read("hidden: 3", hidden: 0) }
        == "--hidden is 0; expected an integer of at least 1")
  }

  @Test("a file that is not there, is a folder or is not text is refused")
  func unreadable() throws {
    try withTemporaryFolder { folder in
      #expect(
        failureLine { _ = try ConfigFile(path: folder + "/none.yaml") }
          == "\(folder)/none.yaml: no such file; expected a YAML file of settings")
      #expect(failureLine { _ = try ConfigFile(path: folder) }?.contains("cannot be read") == true)
      try write([0x68, 0xFF, 0xFE], to: folder + "/binary.yaml")
      #expect(
        failureLine { _ = try ConfigFile(path: folder + "/binary.yaml") }?
          .contains("not UTF-8") == true)
    }
  }

  @Test(
    "a name that was meant is the nearest one, and nothing is meant by what is far from all",
    arguments: [
      ("hiden", "hidden"), ("epoch", "epochs"), ("bacth", "batch"), ("hidden", "hidden"),
      ("qqqqqqqqqq", nil), ("", nil),
    ])
  func nearestName(word: String, expected: String?) {
    #expect(nearest(to: word, among: ["batch", "epochs", "hidden"]) == expected)
  }
}
