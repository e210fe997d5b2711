import Corpora
import Foundation
import ModelFiles
import Recurrent
import Tensors
import Testing

@testable import Learning
@testable import Models

/// A model file taken apart, to be written again with something wrong in it.
struct ModelParts {
  typealias Part = (name: String, shape: [Int], floats: [Float])
  var tensors: [Part]
  var json: String

  init(_ path: String) throws {
    let file = try SafetensorsFile(path: path)
    tensors = try file.names.map {
      let (shape, floats) = try file.floats($0)
      return ($0, shape, floats)
    }
    json = file.metadata["unroll"]!
  }

  subscript(name: String) -> Part {
    get { tensors.first { $0.name == name }! }
    set { tensors[tensors.firstIndex { $0.name == name }!] = newValue }
  }

  /// Puts `new` in place of `old`, which must be there.
  mutating func replace(_ old: String, _ new: String) {
    precondition(json.contains(old), "\(old) is not in \(json)")
    json = json.replacingOccurrences(of: old, with: new)
  }

  func write(to path: String, also more: [TensorSource] = []) throws {
    try SafetensorsWriter.write(
      to: path,
      tensors: tensors.map { TensorSource(name: $0.name, shape: $0.shape, floats: $0.floats) }
        + more, metadata: ["unroll": json])
  }
}

/// Whether `error` is one of those that reading a model may throw, on one line.
func isReadingError(_ error: any Error) -> Bool {
  guard error is ModelError || error is ModelFileError || error is CorpusError else { return false }
  return !"\(error)".isEmpty && "\(error)".allSatisfy { !$0.isNewline }
}

@Suite("Model files")
struct ModelFileTests {
  @Test(
    "a model that is saved and read is the same model, bit for bit, and so is its file",
    arguments: CellKind.allCases, [false, true])
  func roundTrip(cell: CellKind, tied: Bool) throws {
    try withTemporaryFolder { folder in
      for (level, unit) in zip(Tokenizer.allCases, TextUnit.allCases) {
        var model = try makeModel(
          randomText(lines: 9) + "\u{1F600} \"\\ é e\u{301}\n", level: level, unit: unit,
          cell: cell, embedding: 4, hidden: 4, layers: 2, dropout: 0.1, tied: tied)
        model.trainingRecord = TrainingRecord(
          recipe: ["cell": cell.rawValue, "note": "a/b\u{2028}"], seed: .max, trainingTokens: 7,
          trainingFingerprint: fingerprint([1, 2]), steps: 3,
          epochs: [
            EpochRecord(epoch: 1, step: 3, trainingLoss: 0.1 + 0.2, validationLoss: nil, rate: 1e-9)
          ], best: ValidationRecord(epoch: 1, step: 3, loss: 1.0 / 3))
        let (first, second) = (folder + "/first", folder + "/second")
        try model.save(to: first)
        let copy = try LanguageModel(contentsOf: first)
        #expect(copy.configuration == model.configuration)
        #expect(copy.vocabulary == model.vocabulary)
        #expect(copy.trainingRecord == model.trainingRecord)
        #expect(copy.parameters.map(\.name) == model.parameters.map(\.name))
        #expect(copy.parameters.map(\.value) == model.parameters.map(\.value))
        #expect(logitsOfSteps(copy) == logitsOfSteps(model))
        #expect(try copy.evaluate("w1 é\nw2\n") == model.evaluate("w1 é\nw2\n"))
        try copy.save(to: second)
        #expect(areEqual(try contents(first), try contents(second)))
      }
    }
  }

  @Test(
    "a model saved in half precision is the model of the rounded weights",
    arguments: CellKind.allCases)
  func halfPrecision(cell: CellKind) throws {
    try withTemporaryFolder { folder in
      let model = try makeModel("a b c\n", cell: cell, embedding: 5, hidden: 20, layers: 2)
      let (half, again) = (folder + "/half", folder + "/again")
      try model.save(to: half, precision: .half)
      let file = try SafetensorsFile(path: half)
      #expect(try file.names.allSatisfy { try file.record($0).elementType == .float16 })
      let read = try LanguageModel(contentsOf: half)
      for parameter in model.parameters {
        parameter.value = Tensor(
          shape: parameter.shape,
          scalars: parameter.value.scalars.map {
            HalfPrecision.value(of: HalfPrecision.bits(nearestTo: $0))
          })
      }
      #expect(read.parameters.map(\.value) == model.parameters.map(\.value))
      // Nothing is lost a second time, in either precision.
      try read.save(to: again, precision: .half)
      #expect(areEqual(try contents(half), try contents(again)))
      try read.save(to: again)
      #expect(
        try LanguageModel(contentsOf: again).parameters.map(\.value) == read.parameters.map(\.value)
      )
      // A step reads packed halves, a whole line the weights as floats.
      let tokens: [Int32] = (0..<40).map { $0 % 4 }
      var state = read.initialState(batch: 1)
      var logits: [Float] = []
      for token in tokens {
        let next = read.step([token], state)
        (logits, state) = (next.logits.scalars, next.state)
      }
      let reading = read.read(tokens, steps: tokens.count, from: nil, mode: .prediction)
      let whole = read.decoder.logits(reading.outputs.value).scalars
      #expect(Array(whole.suffix(logits.count)) == logits)

      read.parameters[0].value = Tensor(
        shape: read.parameters[0].shape, scalars: read.parameters[0].value.scalars.map { _ in 7e4 })
      #expect { try read.save(to: again, precision: .half) } throws: {
        "\($0)".contains("\(read.parameters[0].name)") && "\($0)".contains("65504")
      }
    }
  }

  @Test("the tensors that a file is expected to have are the model's", arguments: CellKind.allCases)
  func expectedTensors(cell: CellKind) throws {
    for tied in [false, true] {
      let model = try makeModel(
        "a\n", cell: cell, embedding: tied ? 5 : 3, hidden: 5, layers: 3, tied: tied)
      let expected = model.configuration.tensorShapes(vocabularySize: model.vocabulary.count)
      #expect(expected.map(\.name) == model.parameters.map(\.name))
      #expect(expected.map(\.shape) == model.parameters.map(\.shape))
    }
  }

  @Test("a model that cannot be written leaves the file that was there")
  func unwritable() throws {
    try withTemporaryFolder { folder in
      let model = try makeModel("a\n")
      #expect(throws: ModelFileError.self) { try model.save(to: folder) }
      #expect(throws: ModelFileError.self) { try model.save(to: folder + "/none/model") }
    }
  }

  /// What is done to a file of 4 words, E 3, H 4, one LSTM layer, and what is said about it.
  struct Damage: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let message: String
    let inflict: @Sendable (inout ModelParts) -> Void

    init(
      _ description: String, _ message: String,
      _ inflict: @escaping @Sendable (inout ModelParts) -> Void
    ) {
      testDescription = description
      self.message = message
      self.inflict = inflict
    }

    /// Another text in the metadata.
    init(_ old: String, to new: String, _ message: String) {
      self.init("\(old) becomes \(new)", message) { $0.replace(old, new) }
    }
  }

  static let damages: [Damage] = [
    Damage("no JSON", "it is not JSON") { $0.json = "{" },
    Damage("an endless nest", "is not as expected") {
      $0.json = String(repeating: "[", count: 100_000)
    },
    Damage("\"format\":1", to: "\"format\":2", "it has format 2, expected 1"),
    Damage("\"format\":1,", to: "", "it has no \"format\""),
    Damage(
      "\"task\":\"language-model\"", to: "\"task\":\"tag\\nger\"",
      "it is a \"tag\\nger\", expected a language-model"),
    Damage("a future format without our fields", "it has format 9, expected 1") {
      $0.json = "{\"format\":9,\"task\":\"language-model\"}"
    },
    Damage("no architecture", "it has no \"architecture\"") {
      $0.json = "{\"format\":1,\"task\":\"language-model\"}"
    },
    Damage(
      "\"embedding_size\":3", to: "\"embedding_size\":\"3\"",
      "\"architecture.embedding_size\" is of another type"),
    Damage(
      "\"embedding_size\":3", to: "\"embedding_size\":2",
      "\"embedding.weight\": shape [4, 3], expected [4, 2]"),
    Damage("\"embedding_size\":3", to: "\"embedding_size\":0", "the embedding size is between"),
    Damage(
      "\"hidden_size\":4", to: "\"hidden_size\":5",
      "\"rnn.weight_ih_l0\": shape [16, 3], expected [20, 3]"),
    Damage("\"hidden_size\":4", to: "\"hidden_size\":-4", "the number of hidden units is between"),
    Damage("\"hidden_size\":4", to: "\"hidden_size\":1000000", "expected [4000000, 3]"),
    Damage(
      "\"hidden_size\":4", to: "\"hidden_size\":9223372036854775807",
      "the number of hidden units is between"),
    Damage("\"hidden_size\":4", to: "\"hidden_size\":1e99", "is not as expected"),
    Damage("\"layers\":1", to: "\"layers\":2", "has no tensor \"rnn.weight_ih_l1\""),
    Damage("\"layers\":1", to: "\"layers\":1000000000", "the number of layers is between"),
    Damage("\"cell\":\"lstm\"", to: "\"cell\":\"gru\"", "shape [16, 3], expected [12, 3]"),
    Damage(
      "\"cell\":\"lstm\"", to: "\"cell\":\"quantum\"", "\"architecture.cell\" has an unknown value"),
    Damage("\"dropout\":0", to: "\"dropout\":1.5", "dropout is in [0, 1), not 1.5"),
    Damage("\"dropout\":0", to: "\"dropout\":-1e300", "\"unroll\" is not as expected"),
    Damage("\"tied\":false", to: "\"tied\":true", "tied weights need an embedding as wide"),
    Damage("\"unit\":\"stream\"", to: "\"unit\":\"sentence\"", "the vocabulary has no <s>"),
    Damage(
      "\"roles\":[\"<unk>\",\"</s>\"]", to: "\"roles\":[\"<unk>\"]", "the vocabulary has no </s>"),
    Damage(
      "\"roles\":[\"<unk>\",\"</s>\"]", to: "\"roles\":[\"<s>\",\"</s>\"]",
      "<s> has a role and is no token"),
    Damage(
      "\"tokens\":[\"<unk>\",\"</s>\",\"a\",\"b\"]", to: "\"tokens\":[\"</s>\",\"a\",\"b\"]",
      "invalid vocabulary"),
    Damage("a vocabulary of another size", "\"embedding.weight\": shape [4, 3], expected [5, 3]") {
      $0.replace("\"a\",\"b\"", "\"a\",\"b\",\"c\"")
      $0.replace("\"counts\":[", "\"counts\":[1,")
    },
    Damage("no tokens", "it has no tokens") {
      $0.replace("\"tokens\":[\"<unk>\",\"</s>\",\"a\",\"b\"]", "\"tokens\":[]")
    },
    Damage("\"a\",\"b\"", to: "\"a\",\"a\"", "\"a\" occurs twice"),
    Damage("\"counts\":[0", to: "\"counts\":[-1", "a count of -1, expected 0 or more"),
    Damage("\"counts\":[0", to: "\"counts\":[0.5", "is not as expected"),
    Damage("a tensor is missing", "has no tensor \"rnn.bias_hh_l0\"") {
      $0.tensors.removeAll { $0.name == "rnn.bias_hh_l0" }
    },
    Damage("a tensor has another shape", "\"decoder.weight\": shape [2, 8], expected [4, 4]") {
      $0["decoder.weight"].shape = [2, 8]
    },
    Damage("a tensor too many", "\"extra\\ntensor\": the architecture has no such tensor") {
      $0.tensors.append(("extra\ntensor", [1], [0]))
    },
    Damage("a weight is NaN", "\"rnn.weight_hh_l0\" holds nan at index 9, expected finite numbers")
    {
      $0["rnn.weight_hh_l0"].floats[9] = .nan
    },
    Damage("a weight is infinite", "\"decoder.bias\" holds -inf at index 3") {
      $0["decoder.bias"].floats[3] = -.infinity
    },
    // Of no bytes in the file, and of terabytes if it were believed.
    Damage("tensors of no rows", "expected [4000000, 3]") {
      $0.replace("\"hidden_size\":4", "\"hidden_size\":1000000")
      for name in ["rnn.weight_ih_l0", "rnn.weight_hh_l0"] {
        $0[name] = (name, [0, 1_000_000], [])
      }
    },
  ]

  @Test("a file that contradicts itself is refused in one line", arguments: damages)
  func damaged(damage: Damage) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      try makeModel("a a b\n").save(to: path)
      var parts = try ModelParts(path)
      damage.inflict(&parts)
      try parts.write(to: path)
      do {
        _ = try LanguageModel(contentsOf: path)
        Issue.record("the file was accepted")
      } catch {
        #expect(isReadingError(error))
        #expect("\(error)".contains(damage.message), "\(error)")
        #expect("\(error)".hasPrefix(path) || error is CorpusError)
      }
    }
  }

  @Test("weights that are whole numbers are refused")
  func wholeNumbers() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      try makeModel("a a b\n").save(to: path)
      var parts = try ModelParts(path)
      parts.tensors.removeAll { $0.name == "decoder.bias" }
      try parts.write(
        to: path, also: [TensorSource(name: "decoder.bias", shape: [4], int64s: [1, 2, 3, 4])])
      #expect(
        throws: ModelFileError.unexpectedType(
          path: path, tensor: "decoder.bias", found: .int64, expected: "floating-point numbers")
      ) { try LanguageModel(contentsOf: path) }
    }
  }

  @Test("a safetensors file of something else is refused")
  func foreign() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      try SafetensorsWriter.write(
        to: path, tensors: [TensorSource(name: "decoder.bias", shape: [1], floats: [0])],
        metadata: ["format": "pt"])
      #expect(
        throws: ModelError.notAModel(
          path: path, detail: "its metadata has no entry \"unroll\"")
      ) { try LanguageModel(contentsOf: path) }
    }
  }

  @Test("a truncated file is refused, wherever it ends")
  func truncated() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      try makeModel("a a b\n", embedding: 1, hidden: 1).save(to: path)
      let whole = try contents(path)
      for count in stride(from: 0, to: whole.count, by: 5) {
        try write(Array(whole[..<count]), to: path)
        #expect(throws: ModelFileError.self) { try LanguageModel(contentsOf: path) }
      }
      #expect(throws: ModelFileError.self) { try LanguageModel(contentsOf: folder + "/none") }
      #expect(throws: ModelFileError.self) { try LanguageModel(contentsOf: folder) }
    }
  }
}
