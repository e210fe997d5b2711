import Foundation
import Testing

@testable import ModelFiles

@Suite("NumPy's arrays")
struct NPYTests {
  /// Written by numpy 2.4's `lib.format.write_array`: [[1.5, -2.25, 3], [0, 65504, -0.125]].
  private static let written = [
    (
      "<f4, version 1",
      "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzog"
        + "KDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
        + "ICAgICAgIAoAAMA/AAAQwAAAQEAAAAAAAOB/RwAAAL4="
    ),
    (
      "<f8, version 2",
      "k05VTVBZAgB0AAAAeydkZXNjcic6ICc8ZjgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUn"
        + "OiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
        + "ICAgICAgIAoAAAAAAAD4PwAAAAAAAALAAAAAAAAACEAAAAAAAAAAAAAAAAAA/O9AAAAAAAAAwL8="
    ),
    (
      "<f2, version 3",
      "k05VTVBZAwB0AAAAeydkZXNjcic6ICc8ZjInLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUn"
        + "OiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
        + "ICAgICAgIAoAPoDAAEIAAP97ALA="
    ),
    (
      ">f4, version 1",
      "k05VTVBZAQB2AHsnZGVzY3InOiAnPmY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzog"
        + "KDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
        + "ICAgICAgIAo/wAAAwBAAAEBAAAAAAAAAR3/gAL4AAAA="
    ),
  ]

  @Test("what numpy has written is read", arguments: written)
  func reading(_ name: String, _ base64: String) throws {
    try withTemporaryFolder { folder in
      try write([UInt8](try #require(Data(base64Encoded: base64))), to: folder + "/a.npy")
      #expect(NPYFile.isNPY(folder + "/a.npy"))
      let file = try NPYFile(path: folder + "/a.npy")
      #expect(file.shape == [2, 3])
      #expect(file.scalars == [1.5, -2.25, 3, 0, 65504, -0.125], "\(name)")
    }
  }

  @Test(
    "elements of either byte order, arrays of none and single numbers",
    arguments: [
      (">f2", "(3,)", [0x3E, 0x00, 0xC0, 0x80, 0x7B, 0xFF], [3], [1.5, -2.25, 65504]),
      (
        ">f8", "(1, 2)",
        [0x3F, 0xF8, 0, 0, 0, 0, 0, 0, 0xC0, 0x02, 0, 0, 0, 0, 0, 0], [1, 2], [1.5, -2.25]
      ),
      ("<f4", "(0, 3)", [], [0, 3], []), ("<f2", "(2, 0)", [], [2, 0], []),
      ("<f4", "()", [0, 0, 0xC0, 0x3F], [], [1.5]),
      (">f8", "()", [0x3F, 0xF8, 0, 0, 0, 0, 0, 0], [], [1.5]),
    ] as [(String, String, [UInt8], [Int], [Float])])
  func layouts(
    type: String, shape: String, bytes: [UInt8], extents: [Int], scalars: [Float]
  ) throws {
    try withTemporaryFolder { folder in
      let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
      try write(npy(header, bytes: bytes), to: folder + "/a.npy")
      let file = try NPYFile(path: folder + "/a.npy")
      #expect(file.shape == extents && file.scalars == scalars)
    }
  }

  @Test("a double beyond all floats is infinite, which is refused unless it may be")
  func doubleBeyondFloat() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/a.npy"
      let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"
      let bytes = [1e300, -1e39, 1.5].flatMap {
        withUnsafeBytes(of: $0.bitPattern.littleEndian, Array.init)
      }
      try write(npy(header, bytes: bytes), to: path)
      let file = try NPYFile(path: path, requireFinite: false)
      #expect(file.scalars == [.infinity, -.infinity, 1.5])
      #expect(
        throws: ModelFileError.malformedArray(
          path: path, detail: "it holds inf at index 0, expected finite numbers")
      ) { try NPYFile(path: path) }
    }
  }

  /// A file of version 1 with this header and so many bytes behind it.
  private func npy(_ header: String, bytes: [UInt8] = []) -> [UInt8] {
    [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + bytes
  }

  @Test("what is wrong is named")
  func faults() throws {
    func header(_ type: String = "<f4", order: String = "False", shape: String = "(1, 2)") -> String
    {
      "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }"
    }
    let nan = withUnsafeBytes(of: Float.nan.bitPattern.littleEndian, Array.init)
    let cases: [([UInt8], String)] = [
      ([1, 2, 3], "it does not begin with \\x93NUMPY"),
      ([0x93] + Array("NUMPY".utf8) + [1], "it ends within its heading"),
      ([0x93] + Array("NUMPY".utf8) + [9, 0, 0, 0], "it is of version 9, expected 1 to 3"),
      (
        [0x93] + Array("NUMPY".utf8) + [1, 0, 200, 0],
        "a header of 200 bytes is longer than what there is"
      ),
      (
        [0x93] + Array("NUMPY".utf8) + [2, 0, 1, 0, 1, 0] + [UInt8](repeating: 0x20, count: 65537),
        "a header of 65537 bytes, expected at most 65536"
      ),
      (
        npy(header("<i4")),
        "its elements are of type '<i4', expected <f2, <f4 or <f8 (numpy.float32)"
      ),
      (
        npy(header(order: "True"), bytes: [UInt8](repeating: 0, count: 8)),
        "its elements are in Fortran's order, expected C's: numpy.ascontiguousarray"
      ),
      (
        npy(header(), bytes: [0, 0, 0, 0]),
        "it has 4 bytes of elements, expected 8 for the shape [1, 2] of '<f4'"
      ),
      (
        npy(header(), bytes: [0, 0, 0, 0] + nan),
        "it holds nan at index 1, expected finite numbers"
      ),
      (npy("{'descr': '<f4', 'shape': (1,)}"), "its header has no 'fortran_order'"),
      (
        npy(header(shape: "(9999999999999, 9999999999999)")),
        "a shape of [9999999999999, 9999999999999] is too large"
      ),
      (npy("{'descr': [('a', '<f4')]}"), "at byte 10 of its header: expected a text"),
    ]
    try withTemporaryFolder { folder in
      let path = folder + "/a.npy"
      for (bytes, expected) in cases {
        try write(bytes, to: path)
        let error = #expect(throws: ModelFileError.self) { try NPYFile(path: path) }
        #expect(error == .malformedArray(path: path, detail: expected))
      }
    }
  }

  @Test("no file cut short or changed in one byte of its header is more than an error")
  func damage() throws {
    let whole = [UInt8](try #require(Data(base64Encoded: Self.written[0].1)))
    try withTemporaryFolder { folder in
      let path = folder + "/a.npy"
      for length in 0..<whole.count {
        try write(Array(whole.prefix(length)), to: path)
        #expect(throws: ModelFileError.self) { try NPYFile(path: path) }
      }
      for place in 0..<70 {
        var bytes = whole
        bytes[place] ^= 0x15
        try write(bytes, to: path)
        do {
          _ = try NPYFile(path: path)
        } catch {
          #expect(!"\(error)".contains("\n"))
        }
      }
    }
  }
}
