import Foundation

/// Runs `body` with the path of a new empty folder, which is removed afterwards.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("ModelFilesTests-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path)
}

func contents(_ path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

func write(_ bytes: [UInt8], to path: String) throws {
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

func fileNames(in folder: String) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}

/// A safetensors file put together by hand: length, header as given, data.
func safetensors(_ header: String, data: [UInt8] = []) -> [UInt8] {
  safetensors(Array(header.utf8), data: data)
}

func safetensors(_ header: [UInt8], data: [UInt8] = []) -> [UInt8] {
  withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init) + header + data
}
