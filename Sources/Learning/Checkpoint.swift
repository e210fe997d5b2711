import Foundation
import ModelFiles
import Tensors

/// A run on disk: all that is needed to go on with it, bit for bit.
///
/// One safetensors file, written whole or not at all, so that at every moment the folder holds the
/// last checkpoint that was completed. Tensors: `parameter.NAME`, `optimizer.SLOT.NAME`,
/// `carried.NAME`, and `best.NAME` where the best parameters so far are not the present ones. Its
/// metadata holds a JSON record of the rest and a checksum over everything.
public struct Checkpoint {
  /// The name of the file in the folder of a ``CheckpointPolicy``.
  public static let fileName = "checkpoint.safetensors"

  /// The path of the checkpoint in `directory`.
  public static func path(in directory: String) -> String {
    directory.hasSuffix("/") ? directory + fileName : "\(directory)/\(fileName)"
  }

  /// Whether `directory` holds one.
  public static func exists(in directory: String) -> Bool {
    FileManager.default.fileExists(atPath: path(in: directory))
  }

  /// The format this code writes and reads.
  static let formatVersion = 1

  /// What the JSON holds. Foundation writes a Double with the fewest digits that read back to it
  /// exactly.
  struct Record: Equatable, Codable {
    var formatVersion = Checkpoint.formatVersion
    var identity: [String: String]
    var run: RunRecord
    var optimizerUpdates: [String: Int]
    /// nil in the files of earlier versions.
    var optimizerNumbers: [String: Double]? = nil
    /// Length of the log at that moment.
    var logBytes: UInt64?
  }

  var record: Record
  var parameters: [String: Tensor]
  var optimizer: [String: Tensor]
  var carried: [String: Tensor]
  /// Empty where there is no best yet, or the present parameters are the best.
  var best: [String: Tensor]
}

extension Checkpoint {
  private static let recordKey = "unroll.checkpoint"
  private static let checksumKey = "unroll.checksum"

  private enum Part: String, CaseIterable {
    case parameter, optimizer, carried, best
  }

  private func tensors(of part: Part) -> [String: Tensor] {
    switch part {
    case .parameter: parameters
    case .optimizer: optimizer
    case .carried: carried
    case .best: best
    }
  }

  /// Writes the checkpoint in place of the one before it.
  func write(to path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json = String(decoding: try encoder.encode(record), as: UTF8.self)
    var sources: [TensorSource] = []
    var hash = StableHash()
    hash.add(json)
    for part in Part.allCases {
      for (name, tensor) in tensors(of: part).sorted(by: { $0.key < $1.key }) {
        let fullName = "\(part.rawValue).\(name)"
        hash.add("\(fullName)\(tensor.shape)")
        tensor.withUnsafeBufferPointer { hash.add(UnsafeRawBufferPointer($0)) }
        sources.append(
          TensorSource(name: fullName, shape: tensor.shape) { tensor.withUnsafeBufferPointer($0) })
      }
    }
    try SafetensorsWriter.write(
      to: path, tensors: sources,
      metadata: [Self.recordKey: json, Self.checksumKey: hash.hexadecimal])
  }

  /// Reads a checkpoint; throws ``TrainingError/unusableCheckpoint(path:reason:)`` if anything in it
  /// is not as it was written.
  init(path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw TrainingError.noCheckpoint(path: path)
    }
    func unusable(_ reason: String) -> TrainingError {
      .unusableCheckpoint(path: path, reason: reason)
    }
    let file = try SafetensorsFile(path: path)
    guard let json = file.metadata[Self.recordKey] else {
      throw unusable("its metadata has no \"\(Self.recordKey)\"")
    }
    try Self.checkVersion(json, unusable)
    var hash = StableHash()
    hash.add(json)
    var parts: [Part: [String: Tensor]] = [:]
    for stored in file.records {
      let words = stored.name.split(separator: ".", maxSplits: 1)
      guard words.count == 2, let part = Part(rawValue: String(words[0])) else {
        throw unusable("it holds a tensor \"\(stored.name)\"")
      }
      hash.add("\(stored.name)\(stored.shape)")
      let tensor = try file.withFloats(stored.name) { scalars in
        hash.add(UnsafeRawBufferPointer(scalars))
        return Tensor(shape: stored.shape, scalars: scalars)
      }
      parts[part, default: [:]][String(words[1])] = tensor
    }
    guard hash.hexadecimal == file.metadata[Self.checksumKey] else {
      throw unusable("its content does not match its checksum")
    }
    do {
      record = try JSONDecoder().decode(Record.self, from: Data(json.utf8))
    } catch {
      throw unusable("its record cannot be read: \(error)")
    }
    parameters = parts[.parameter] ?? [:]
    optimizer = parts[.optimizer] ?? [:]
    carried = parts[.carried] ?? [:]
    best = parts[.best] ?? [:]
  }

  /// Looked at before anything else, since all else may differ in another version.
  private static func checkVersion(
    _ json: String, _ unusable: (String) -> TrainingError
  ) throws {
    struct Version: Decodable { let formatVersion: Int }
    guard let version = try? JSONDecoder().decode(Version.self, from: Data(json.utf8)) else {
      throw unusable("its record names no format version")
    }
    guard version.formatVersion == formatVersion else {
      throw unusable("its format version is \(version.formatVersion), expected \(formatVersion)")
    }
  }

  /// In what the checkpoint differs from the run that is to go on with it, in words.
  func differences(
    identity: [String: String], parameters expected: [Parameter]
  ) -> [String] {
    let names = Set(record.identity.keys).union(identity.keys).sorted()
    var differences = names.compactMap { name -> String? in
      let (saved, asked) = (record.identity[name], identity[name])
      return saved == asked
        ? nil : "\(name) is \(saved ?? "not set") in the checkpoint, \(asked ?? "not set") here"
    }
    var unknown = Set(parameters.keys)
    for parameter in expected {
      unknown.remove(parameter.name)
      let saved = parameters[parameter.name]?.shape
      if saved != parameter.shape {
        differences.append(
          "\(parameter.name) is \(saved.map { "of shape \($0)" } ?? "not") in the checkpoint, "
            + "of shape \(parameter.shape) here")
      }
    }
    differences += unknown.sorted().map { "\($0) is in the checkpoint, not here" }
    return differences
  }
}
