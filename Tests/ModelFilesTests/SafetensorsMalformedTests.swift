import Foundation
import Testing

@testable import ModelFiles

@Suite("Safetensors: what a file must not get away with")
struct SafetensorsMalformedTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let bytes: [UInt8]
    /// A part of the message.
    let message: String

    init(_ name: String, _ bytes: [UInt8], says message: String) {
      testDescription = name
      self.bytes = bytes
      self.message = message
    }
  }

  static func entry(_ shape: String, _ offsets: String, _ type: String = "F32") -> String {
    #"{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  static func one(
    _ shape: String, _ offsets: String, _ type: String = "F32", data: Int
  ) -> [UInt8] {
    safetensors(
      #"{"x":\#(entry(shape, offsets, type))}"#, data: .init(repeating: 0, count: data))
  }

  static func two(_ first: String, _ second: String, data: Int) -> [UInt8] {
    safetensors(
      #"{"x":\#(entry("[1]", first)),"y":\#(entry("[1]", second))}"#,
      data: .init(repeating: 0, count: data))
  }

  static let cases: [Case] = [
    Case("an empty file", [], says: "0 bytes long"),
    Case("seven bytes", [2, 0, 0, 0, 0, 0, 0], says: "7 bytes long, expected 8"),
    Case("no header", [0, 0, 0, 0, 0, 0, 0, 0], says: "does not start with '{'"),
    Case(
      "a header longer than the file", [3, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8),
      says: "claims 3 bytes, but 2 follow"),
    Case(
      "a header of 2⁶⁴ - 1 bytes", .init(repeating: 0xFF, count: 8) + Array("{}".utf8),
      says: "the limit is 100000000"),
    Case(
      "a header above the limit", [0x01, 0xE1, 0xF5, 0x05, 0, 0, 0, 0],
      says: "claims 100000001 bytes"
    ),
    Case(
      "not UTF-8", safetensors(Array("{\"".utf8) + [0xFF] + Array("\":1}".utf8)), says: "not UTF-8"),
    Case("not JSON", safetensors("{hello}"), says: "not valid JSON: expected '\"' at byte 9"),
    Case("an array", safetensors("[]"), says: "does not start with '{'"),
    Case(
      "JSON that ends early", safetensors(#"{"x":{"dtype":"F3"#), says: "a string that does not end"
    ),
    Case("text after the JSON", safetensors("{} {}"), says: "after the end"),
    Case("a comma too many", safetensors(#"{"__metadata__":{},}"#), says: "expected '\"'"),
    Case("a lone surrogate", safetensors(#"{"\ud800":{}}"#), says: "surrogate"),
    Case(
      "a surrogate pair the wrong way round", safetensors(#"{"\udc00\ud800":{}}"#),
      says: "surrogate"),
    Case("a bad escape", safetensors(#"{"\x":{}}"#), says: "unknown escape"),
    Case("a raw line feed in a name", safetensors("{\"a\nb\":{}}"), says: "control character"),
    Case(
      "a million brackets", safetensors(#"{"x":"# + String(repeating: "[", count: 1_000_000)),
      says: "nested more than 16 deep"),
    Case(
      "deep objects", safetensors(String(repeating: #"{"x":"#, count: 100_000)),
      says: "nested more than 16 deep"),
    Case(
      "an endless shape",
      one("[" + String(repeating: "1,", count: 2000) + "1]", "[0,4]", data: 4),
      says: "an array of more than 1024 elements"),
    Case(
      "a name that occurs twice",
      safetensors(#"{"x":\#(entry("[0]", "[0,0]")),"x":\#(entry("[0]", "[0,0]"))}"#),
      says: "\"x\" occurs twice"),
    Case(
      "a field that occurs twice", safetensors(#"{"x":{"dtype":"F32","dtype":"F32"}}"#),
      says: "\"dtype\" occurs twice"),
    Case("an entry that is a number", safetensors(#"{"x":1}"#), says: "no JSON object"),
    Case(
      "metadata that is an array", safetensors(#"{"__metadata__":[]}"#), says: "__metadata__ is no"),
    Case(
      "metadata that holds a number", safetensors(#"{"__metadata__":{"a":1}}"#),
      says: "value of \"a\" is no string"),
    Case(
      "no dtype", safetensors(#"{"x":{"shape":[],"data_offsets":[0,4]}}"#), says: "no \"dtype\""),
    Case(
      "no shape", safetensors(#"{"x":{"dtype":"F32","data_offsets":[0,4]}}"#), says: "no \"shape\""),
    Case(
      "no offsets", safetensors(#"{"x":{"dtype":"F32","shape":[]}}"#), says: "no \"data_offsets\""),
    Case("an unknown dtype", one("[4]", "[0,4]", "F8", data: 4), says: "unknown dtype \"F8\""),
    Case(
      "a dtype that is a number", safetensors(#"{"x":{"dtype":4}}"#), says: "\"dtype\" is no string"
    ),
    Case("a shape that is a number", one("1", "[0,4]", data: 4), says: "\"shape\" is no array"),
    Case("a negative size", one("[-1]", "[0,4]", data: 4), says: "whole number from 0 up"),
    Case("two negative sizes", one("[-1,-1]", "[0,4]", data: 4), says: "whole number from 0 up"),
    Case("half a size", one("[1.0]", "[0,4]", data: 4), says: "whole number from 0 up"),
    Case("a size of 2⁶⁴ + 1", one("[18446744073709551617]", "[0,4]", data: 4), says: "too large"),
    Case(
      "sizes whose product wraps round to 1", one("[4611686018427387905,1]", "[0,4]", data: 4),
      says: "too large for any file"),
    Case("a size that starts with 0", one("[01]", "[0,4]", data: 4), says: "starts with 0"),
    Case("three offsets", one("[1]", "[0,4,4]", data: 4), says: "3 numbers, expected 2"),
    Case("negative offsets", one("[1]", "[-4,0]", data: 4), says: "whole number from 0 up"),
    Case("offsets the wrong way round", one("[1]", "[4,0]", data: 4), says: "do not lie within"),
    Case("offsets beyond the file", one("[2]", "[0,8]", data: 4), says: "within the 4 bytes"),
    Case(
      "offsets at the end of Int", one("[1]", "[9223372036854775803,9223372036854775807]", data: 4),
      says: "within the 4 bytes"),
    Case("a shape larger than the offsets", one("[2]", "[0,4]", data: 4), says: "takes 8"),
    Case("a shape smaller than the offsets", one("[1]", "[0,8]", data: 8), says: "takes 4"),
    Case("a wrong dtype", one("[1]", "[0,4]", "F64", data: 4), says: "takes 8"),
    Case("a truncated tensor", one("[2]", "[0,8]", data: 7), says: "within the 7 bytes"),
    Case("bytes left over", one("[1]", "[0,4]", data: 5), says: "1 bytes after the last tensor"),
    Case("data without a tensor", safetensors("{}", data: [1]), says: "1 bytes after"),
    Case("a hole before the first tensor", one("[1]", "[4,8]", data: 8), says: "leave a hole"),
    Case("a hole between tensors", two("[0,4]", "[8,12]", data: 12), says: "leave a hole"),
    Case("overlapping tensors", two("[0,4]", "[2,6]", data: 6), says: "overlap"),
    Case("two tensors at one place", two("[0,4]", "[0,4]", data: 4), says: "overlap"),
  ]

  @Test("each is refused with a line that says what is wrong", arguments: cases)
  func refused(_ example: Case) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/m.safetensors"
      try write(example.bytes, to: path)
      for threshold in [0, FileBytes.mappingThreshold] {
        let error = #expect(throws: ModelFileError.self) {
          try SafetensorsFile(path: path, mappingThreshold: threshold)
        }
        let description = try #require(error).description
        #expect(description.contains(example.message), "\(description)")
        #expect(description.contains(path))
        #expect(!description.contains("\n"))
      }
    }
  }

  @Test("valid oddities are accepted: no tensors, white space, unknown keys, escapes")
  func accepted() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/m"
      try write(safetensors("{}"), to: path)
      #expect(try SafetensorsFile(path: path).names.isEmpty)
      let header =
        "{ \"__metadata__\" : {\t\"\\u00e9\\ud83d\\ude42\\/\" : \"\\\\\" } ,\r\n \"x\" : "
        + #"{"dtype":"U8","shape":[ 1 ],"data_offsets":[0, 1],"more":[true,null,false,-1.5e+3,{}]}}  "#
      try write(safetensors(header, data: [9]), to: path)
      let file = try SafetensorsFile(path: path)
      #expect(file.metadata == ["é🙂/": "\\"])
      #expect(try file.int64s("x").scalars == [9])
    }
  }

  @Test("a missing file, a directory and a pipe are refused without waiting")
  func notFiles() throws {
    try withTemporaryFolder { folder in
      let missing = #expect(throws: ModelFileError.self) {
        try SafetensorsFile(path: folder + "/none")
      }
      #expect(missing?.description == "cannot read \(folder)/none: no such file or directory")
      let directory = #expect(throws: ModelFileError.self) { try SafetensorsFile(path: folder) }
      #expect(directory?.description == "cannot read \(folder): it is a directory, expected a file")
      #expect(mkfifo(folder + "/pipe", 0o600) == 0)
      let pipe = #expect(throws: ModelFileError.self) {
        try SafetensorsFile(path: folder + "/pipe")
      }
      #expect(pipe?.description == "cannot read \(folder)/pipe: it is not a regular file")
    }
  }

  @Test("a message stays one short line whatever the tensor is called")
  func hostileNames() {
    let name = "a\n\u{1B}[31m\u{2028}" + String(repeating: "b", count: 10_000) + "z"
    let line = ModelFileError.missingTensor(path: "p", tensor: name).description
    #expect(line.hasPrefix("p has no tensor \"a\\n\\u{1B}[31m\\u{2028}bb"))
    #expect(line.hasSuffix("bz\""))
    #expect(line.count < 400)
  }
}
