import Testing

@testable import ModelFiles

@Suite("Safetensors: what is written is read")
struct SafetensorsRoundTripTests {
  let floats: [Float] = [1, -0.0, 0x1p-140, .greatestFiniteMagnitude, -2, 0.1]
  let metadata = ["vocabulary": "[\"a\",\"\\\"\",\"é\n\u{1}🙂\u{7F}\"]", "": "", "format": "1"]

  @Test("floats, integers, empty tensors, scalars and metadata come back bit for bit")
  func roundTrip() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model.safetensors"
      try SafetensorsWriter.write(
        to: path,
        tensors: [
          TensorSource(name: "nothing", shape: [0, 4], floats: []),
          TensorSource(name: "rnn.weight_hh_l0", shape: [2, 3], floats: floats),
          TensorSource(name: "steps \"é\"\n", shape: [], int64s: [.min]),
          TensorSource(name: "one", shape: [1, 1, 1], floats: [7]),
        ], metadata: metadata)
      for threshold in [0, FileBytes.mappingThreshold] {
        let file = try SafetensorsFile(path: path, mappingThreshold: threshold)
        #expect(file.metadata == metadata)
        #expect(file.names == ["steps \"é\"\n", "nothing", "rnn.weight_hh_l0", "one"])
        let matrix = try file.floats("rnn.weight_hh_l0", requireFinite: true)
        #expect(matrix.shape == [2, 3])
        #expect(matrix.scalars.map(\.bitPattern) == floats.map(\.bitPattern))
        #expect(try file.floats("nothing").shape == [0, 4])
        #expect(try file.floats("nothing").scalars.isEmpty)
        #expect(try file.withFloats("nothing") { $0.count } == 0)
        let steps = try file.int64s("steps \"é\"\n")
        #expect(steps.shape == [] && steps.scalars == [.min])
        #expect(try file.withFloats("one") { Array($0) } == [7])
        #expect(try file.record("rnn.weight_hh_l0").count == 6)
        #expect(file.contains("one") && !file.contains("two"))
      }
    }
  }

  @Test("the layout is that of the reference library: JSON first, padded to 8 bytes, no holes")
  func layout() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model.safetensors"
      try SafetensorsWriter.write(
        to: path,
        tensors: [
          TensorSource(name: "b", shape: [3], floats: [1, 2, 3]),
          TensorSource(name: "n", shape: [1], int64s: [5]),
        ], metadata: ["z": "1", "a": "2"])
      let header =
        #"{"__metadata__":{"a":"2","z":"1"},"n":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"#
        + #""b":{"dtype":"F32","shape":[3],"data_offsets":[8,20]}}"#
      let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
      let data: [UInt8] = [
        5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40,
      ]
      #expect(try contents(path) == safetensors(padded, data: data))
    }
  }

  @Test("the same contents give the same bytes, whatever the order of the metadata")
  func deterministic() throws {
    try withTemporaryFolder { folder in
      var files: Set<[UInt8]> = []
      for attempt in 0..<4 {
        var metadata: [String: String] = [:]
        for key in (0..<20).map({ ($0 * 7 + attempt) % 20 }) { metadata["key\(key)"] = "v" }
        try SafetensorsWriter.write(
          to: folder + "/m", tensors: [TensorSource(name: "x", shape: [2], floats: [1, 2])],
          metadata: metadata)
        files.insert(try contents(folder + "/m"))
      }
      #expect(files.count == 1)
    }
  }

  @Test("F16, BF16 and F64 become floats; integers of every width are widened")
  func conversions() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/m"
      // Halves: 1, -2, 65504, the smallest subnormal, -0, infinity. Data begins off any alignment
      // on purpose.
      let header =
        #"{"u":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
        + #""h":{"dtype":"F16","shape":[2,3],"data_offsets":[1,13]},"#
        + #""b":{"dtype":"BF16","shape":[2],"data_offsets":[13,17]},"#
        + #""d":{"dtype":"F64","shape":[1],"data_offsets":[17,25]},"#
        + #""i":{"dtype":"I16","shape":[1],"data_offsets":[25,27]},"#
        + #""j":{"dtype":"I32","shape":[1],"data_offsets":[27,31]},"#
        + #""k":{"dtype":"I8","shape":[1],"data_offsets":[31,32]},"#
        + #""t":{"dtype":"BOOL","shape":[2],"data_offsets":[32,34]},"#
        + #""f":{"dtype":"F32","shape":[1],"data_offsets":[34,38]}}"#
      var data: [UInt8] = [200]
      for half: UInt16 in [0x3C00, 0xC000, 0x7BFF, 0x0001, 0x8000, 0x7C00] {
        data += [UInt8(half & 0xFF), UInt8(half >> 8)]
      }
      data += [0x80, 0x3F, 0x49, 0xC0]
      data += withUnsafeBytes(of: 0.1, Array.init)
      data += [0xFE, 0xFF, 0xFD, 0xFF, 0xFF, 0xFF, 0xFC, 1, 0]
      data += withUnsafeBytes(of: Float(0.1), Array.init)
      try write(safetensors(header, data: data), to: path)
      let file = try SafetensorsFile(path: path)
      #expect(try file.floats("h").shape == [2, 3])
      #expect(
        try file.floats("h").scalars.map(\.bitPattern)
          == [1, -2, 65504, 0x1p-24, -0.0, Float.infinity].map(\.bitPattern))
      #expect(try file.floats("b").scalars == [1, -3.140625])
      #expect(try file.floats("d").scalars == [0.1])
      #expect(try file.withFloats("d") { Array($0) } == [0.1])
      #expect(try file.withFloats("f") { Array($0) } == [0.1])
      #expect(try file.floats("f").scalars == [0.1])
      #expect(try file.int64s("u").scalars == [200])
      #expect(try file.int64s("i").scalars == [-2])
      #expect(try file.int64s("j").scalars == [-3])
      #expect(try file.int64s("k").scalars == [-4])
      #expect(try file.int64s("t").scalars == [1, 0])
    }
  }

  @Test(
    "asking for a missing tensor, a wrong type or finite numbers throws with the name and the place"
  )
  func refusals() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/m"
      try SafetensorsWriter.write(
        to: path,
        tensors: [
          TensorSource(name: "w", shape: [2, 2], floats: [1, 2, .nan, 4]),
          TensorSource(name: "n", shape: [1], int64s: [1]),
        ])
      let file = try SafetensorsFile(path: path)
      #expect(throws: ModelFileError.missingTensor(path: path, tensor: "v")) {
        try file.floats("v")
      }
      let notFloats = #expect(throws: ModelFileError.self) { try file.floats("n") }
      #expect(
        notFloats?.description == "\(path): tensor \"n\" holds I64, expected floating-point numbers"
      )
      let notIntegers = #expect(throws: ModelFileError.self) { try file.int64s("w") }
      #expect(notIntegers?.description == "\(path): tensor \"w\" holds F32, expected whole numbers")
      let notFinite = #expect(throws: ModelFileError.self) {
        try file.floats("w", requireFinite: true)
      }
      #expect(
        notFinite?.description
          == "\(path): tensor \"w\" holds nan at index 2, expected finite numbers")
      #expect(throws: ModelFileError.self) {
        try file.withFloats("w", requireFinite: true) { $0.count }
      }
      #expect(try file.floats("w").scalars[3] == 4)
    }
  }

  @Test("an open file keeps its contents when the path is written anew", arguments: [0, 1 << 20])
  func openWhileReplaced(threshold: Int) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/m"
      try SafetensorsWriter.write(
        to: path, tensors: [TensorSource(name: "x", shape: [1], floats: [1])])
      let old = try SafetensorsFile(path: path, mappingThreshold: threshold)
      try SafetensorsWriter.write(
        to: path, tensors: [TensorSource(name: "x", shape: [2], floats: [2, 3])])
      #expect(try old.floats("x").scalars == [1])
      #expect(try SafetensorsFile(path: path).floats("x").scalars == [2, 3])
    }
  }
}
