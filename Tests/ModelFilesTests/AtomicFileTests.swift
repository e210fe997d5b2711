import Foundation
import Testing

@testable import ModelFiles

@Suite("Files are written whole or not at all")
struct AtomicFileTests {
  @Test("the file holds what was written and no temporary file stays")
  func writes() throws {
    try withTemporaryFolder { folder in
      try AtomicFile.write("first\n", to: folder + "/report.html")
      try AtomicFile.write(Data([1, 2, 3]), to: folder + "/report.html")
      #expect(try contents(folder + "/report.html") == [1, 2, 3])
      try AtomicFile.write(to: folder + "/empty") { (_) throws(ModelFileError) in }
      #expect(try contents(folder + "/empty").isEmpty)
      #expect(try fileNames(in: folder) == ["empty", "report.html"])
    }
  }

  @Test("a failure half-way leaves the old file whole and removes the temporary one")
  func failure() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      try AtomicFile.write("old", to: path)
      let failure = ModelFileError.unwritable(path: path, reason: "no space left on device")
      #expect(throws: failure) {
        try AtomicFile.write(to: path) { (writer) throws(ModelFileError) in
          try writer.write("new")
          throw failure
        }
      }
      #expect(try contents(path) == Array("old".utf8))
      #expect(try fileNames(in: folder) == ["model"])
    }
  }

  @Test("writing to a closed-off place says why and touches nothing")
  func unwritable() throws {
    try withTemporaryFolder { folder in
      let cases = [
        (folder, "it is a directory"),
        (folder + "/none/model", "no such file or directory"),
        (folder + "/none/", "it names a directory, expected a file"),
        ("/dev/null", "it is not a regular file"),
        ("", "the name is empty"),
      ]
      for (path, reason) in cases {
        let expected = ModelFileError.unwritable(path: path, reason: reason)
        #expect(throws: expected) { try AtomicFile.write("x", to: path) }
        #expect(throws: expected) { try AtomicFile.checkWritable(path) }
      }
      let left = try fileNames(in: folder)
      #expect(left.isEmpty)
    }
  }

  @Test("a folder without write permission is refused", .enabled(if: geteuid() != 0))
  func readOnlyFolder() throws {
    try withTemporaryFolder { folder in
      try AtomicFile.write("old", to: folder + "/model")
      #expect(chmod(folder, 0o555) == 0)
      defer { chmod(folder, 0o755) }
      #expect(throws: ModelFileError.self) { try AtomicFile.write("new", to: folder + "/model") }
      #expect(try contents(folder + "/model") == Array("old".utf8))
    }
  }

  @Test("asking whether a path can be written leaves no trace and no damage")
  func checkWritable() throws {
    try withTemporaryFolder { folder in
      try AtomicFile.checkWritable(folder + "/new")
      #expect(try fileNames(in: folder) == [])
      try AtomicFile.write("old", to: folder + "/model")
      try AtomicFile.checkWritable(folder + "/model")
      #expect(try contents(folder + "/model") == Array("old".utf8))
    }
  }

  @Test("the permissions of a file and a symbolic link to it survive")
  func permissionsAndLinks() throws {
    try withTemporaryFolder { folder in
      try AtomicFile.write("old", to: folder + "/model")
      #expect(chmod(folder + "/model", 0o640) == 0)
      #expect(symlink("model", folder + "/link") == 0)
      try AtomicFile.write("new", to: folder + "/link")
      #expect(try contents(folder + "/model") == Array("new".utf8))
      let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/model")
      #expect(attributes[.posixPermissions] as? Int == 0o640)
      let link = try FileManager.default.attributesOfItem(atPath: folder + "/link")
      #expect(link[.type] as? FileAttributeType == .typeSymbolicLink)
    }
  }

  @Test("the longest name that a folder takes can be written")
  func longName() throws {
    try withTemporaryFolder { folder in
      let name = String(repeating: "é", count: 127)
      try AtomicFile.write("x", to: folder + "/" + name)
      #expect(try fileNames(in: folder).count == 1)
    }
  }

  @Test(
    "two tensors of one name, and one named like the metadata, are refused before anything is written"
  )
  func writerRefusals() throws {
    try withTemporaryFolder { folder in
      let tensor = TensorSource(name: "x", shape: [1], floats: [1])
      let hidden = TensorSource(name: "__metadata__", shape: [1], floats: [1])
      for tensors in [[tensor, tensor], [hidden]] {
        #expect(throws: ModelFileError.self) {
          try SafetensorsWriter.write(to: folder + "/m", tensors: tensors)
        }
      }
      let left = try fileNames(in: folder)
      #expect(left.isEmpty)
    }
  }
}
