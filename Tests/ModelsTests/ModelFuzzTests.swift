import Corpora
import Foundation
import ModelFiles
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("Model files: thousands of damaged ones")
struct ModelFuzzTests {
  static let fragments = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "0", "-1", "1e9", "1e999",
    "1000000",
    "9223372036854775807", "null", "true", "word", "character", "stream", "sentence", "lstm", "gru",
    "rnn", "gru-reset-before", "</s>", "<s>", "<unk>", "\"\"", "roles", "counts", "layers", "\n",
    " ",
    "\u{0}", "é", "[[[[[[[[[[[[[[[[", "{\"x\":",
  ]

  /// Flips bits, cuts, splices and doubles pieces.
  static func mutate(_ original: [UInt8], _ random: inout Random) -> [UInt8] {
    var bytes = original
    for _ in 0...random.below(2) {
      guard !bytes.isEmpty else { break }
      let start = random.below(bytes.count)
      let end = min(bytes.count, start + 1 + random.below(24))
      switch random.below(7) {
      case 0: bytes[start] ^= 1 << UInt8(random.below(8))
      case 1: bytes.removeLast(bytes.count - start)
      case 2: bytes.removeSubrange(start..<end)
      case 3: bytes.insert(contentsOf: Array(bytes[start..<end]), at: random.below(bytes.count))
      case 4:
        let fragment = Array(fragments[random.below(fragments.count)].utf8)
        bytes.replaceSubrange(start..<(random.below(2) == 0 ? start : end), with: fragment)
      case 5:
        // A word of the file in the place of another.
        let word = quoted(in: bytes, at: random.below(bytes.count))
        bytes.replaceSubrange(
          quoted(in: bytes, at: start), with: Array(bytes[word]))
      default:
        // Another number.
        if let digit = bytes[start...].firstIndex(where: { 0x30...0x39 ~= $0 }) {
          bytes[digit] = 0x30 + UInt8(random.below(10))
        }
      }
    }
    return bytes
  }

  /// What stands between the next two quotation marks.
  static func quoted(in bytes: [UInt8], at place: Int) -> Range<Int> {
    let mark = UInt8(ascii: "\"")
    guard let first = bytes[place...].firstIndex(of: mark),
      let second = bytes[(first + 1)...].firstIndex(of: mark)
    else { return place..<place }
    return first + 1..<second
  }

  /// A file of `header` bytes of header after their number, with other metadata. The writer would wait for the
  /// disk each time.
  static func file(_ original: [UInt8], header: Int, metadata: String) throws -> [UInt8] {
    var members = try #require(
      try JSONSerialization.jsonObject(with: Data(original[8..<8 + header])) as? [String: Any])
    members["__metadata__"] = ["unroll": metadata]
    var text = Array(try JSONSerialization.data(withJSONObject: members))
    text += [UInt8](repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
    let count = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
    return count + text + original[(8 + header)...]
  }

  /// Uses a model in every way there is; only errors about texts may come.
  static func use(_ model: LanguageModel) throws {
    do {
      _ = try model.evaluate("a b\nzzz\n")
      _ = try model.score(line: "b a")
      _ = try model.generated(prompt: "a", 4, Sampling(topK: 2, topP: 0.9))
    } catch let error as CorpusError {
      #expect("\(error)".allSatisfy { !$0.isNewline })
    } catch ModelError.unusableText {
    }
  }

  private enum Target: CaseIterable { case file, metadata, weights }

  @Test(
    "a damaged file is refused in one line, or is a model that can be used",
    arguments: 1...4 as ClosedRange<UInt64>)
  func mutations(seed: UInt64) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      var random = Random(state: seed)
      let model = try makeModel(
        "a b a\n", level: seed % 2 == 0 ? .words : .characters,
        unit: seed < 3 ? .stream : .sentence, embedding: 2, hidden: 2, tied: seed == 3)
      try model.save(to: path)
      let original = try contents(path)
      let header = original[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
      let parts = try ModelParts(path)
      let mutations = 900
      var (read, refused) = (0, 0)
      for index in 0..<mutations {
        switch Target.allCases[index % 3] {
        case .file:
          try write(Self.mutate(original, &random), to: path)
        case .metadata:
          let damaged = String(
            decoding: Self.mutate(Array(parts.json.utf8), &random), as: UTF8.self)
          try write(try Self.file(original, header: header, metadata: damaged), to: path)
        case .weights:
          var bytes = original
          for _ in 0...random.below(3) {
            bytes[8 + header + random.below(bytes.count - 8 - header)] ^=
              1 << UInt8(random.below(8))
          }
          try write(bytes, to: path)
        }
        do {
          let model = try LanguageModel(contentsOf: path)
          read += 1
          try Self.use(model)
        } catch {
          #expect(isReadingError(error), "\(error)")
          refused += 1
        }
      }
      // Bits of weights and letters of tokens may change; most of the rest must not.
      #expect(read > mutations / 5 && refused > mutations / 4, "\(read) read, \(refused) refused")
    }
  }
}
