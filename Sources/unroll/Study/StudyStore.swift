import Foundation
import ModelFiles

/// The findings of a study in its folder, `results.json`: written whole after every finding, so that a
/// run that was stopped, in whatever way, goes on where it was.
struct StudyStore<Finding: Codable> {
  private let path: String
  private let study: String
  private let settings: [String: String]
  /// The cells' names in the order of the file.
  private let order: [String]
  private(set) var findings: [String: Finding] = [:]

  /// What is in the file.
  private struct Content: Decodable {
    struct Entry: Decodable {
      var cell: String
      /// nil if it cannot be read, so that the message can name the cell.
      var finding: Finding?

      private enum Key: String, CodingKey { case cell, finding }

      init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        cell = try values.decode(String.self, forKey: .cell)
        finding = try? values.decode(Finding.self, forKey: .finding)
      }
    }
    var format: Int
    var study: String
    var settings: [String: String]
    var cells: [Entry]
  }
  /// The part that even a file of another study has.
  private struct Heading: Decodable {
    var format: Int
    var study: String
    var settings: [String: String]
  }
  private static var format: Int { 1 }

  /// Opens the file of `folder`, if there is one.
  ///
  /// - Throws: `Failure` if it is not a file of this study, or one with other settings.
  init(folder: String, study: String, settings: [String: String], order: [String]) throws {
    path = folder + "/results.json"
    self.study = study
    self.settings = settings
    self.order = order
    guard FileManager.default.fileExists(atPath: path) else { return }
    let data: Data
    do { data = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      throw Failure("cannot read \(path): \(systemReason(error, at: path))")
    }
    let decoder = JSONDecoder.ofFindings()
    guard let heading = try? decoder.decode(Heading.self, from: data) else {
      throw Failure("\(path) is not a file of results of a study; choose another --output")
    }
    try check(heading)
    guard let content = try? decoder.decode(Content.self, from: data) else {
      throw Failure("\(path) holds results that cannot be read; choose another --output")
    }
    for entry in content.cells {
      guard let finding = entry.finding else {
        throw Failure(
          "\(path) holds a finding of \(entry.cell) that cannot be read; choose another --output")
      }
      findings[entry.cell] = finding
    }
  }

  private func check(_ heading: Heading) throws {
    guard heading.format == Self.format else {
      throw Failure("\(path) has format \(heading.format), expected \(Self.format)")
    }
    guard heading.study == study else {
      throw Failure(
        "\(path) is of the study \(heading.study), not \(study); choose another --output")
    }
    let names = Set(settings.keys).union(heading.settings.keys).sorted()
    let differences = names.filter { settings[$0] != heading.settings[$0] }.map { name in
      "\(name) \(heading.settings[name] ?? "unset"), not \(settings[name] ?? "unset")"
    }
    guard differences.isEmpty else {
      throw Failure(
        "\(path) was made with \(differences.joined(separator: ", ")); choose another --output")
    }
  }

  /// Keeps a finding, and writes the file.
  mutating func keep(_ finding: Finding, of cell: String) throws {
    findings[cell] = finding
    try save()
  }

  /// Writes the file.
  func save() throws { try AtomicFile.write(try text(), to: path) }

  /// One cell a line: cells in the study's order, then those that this run did not ask for.
  private func text() throws -> String {
    let encoder = JSONEncoder.ofFindings()
    let known = Set(order)
    let names = order + findings.keys.filter { !known.contains($0) }.sorted()
    let entries = try names.compactMap { name in
      try findings[name].map { finding in
        let value = String(decoding: try encoder.encode(finding), as: UTF8.self)
        return "{\"cell\":\(JSON.string(name).text),\"finding\":\(value)}"
      }
    }
    let settings = JSON.object(self.settings.sorted { $0.key < $1.key }.map { ($0, .string($1)) })
    return """
      {"format":\(Self.format),"study":\(JSON.string(study).text),"settings":\(settings.text),"cells":[
      \(entries.joined(separator: ",\n"))
      ]}

      """
  }
}

/// What JSON has no numbers for, as the perplexity of a net that diverged.
private let notNumbers = (infinity: "inf", negativeInfinity: "-inf", nan: "nan")

extension JSONEncoder {
  /// Writes a finding on one line, equal ones alike, with "inf", "-inf" and "nan" for what JSON has no
  /// numbers for.
  static func ofFindings() -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: notNumbers.infinity, negativeInfinity: notNumbers.negativeInfinity,
      nan: notNumbers.nan)
    return encoder
  }
}

extension JSONDecoder {
  /// Reads what the encoder of findings writes.
  static func ofFindings() -> JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: notNumbers.infinity, negativeInfinity: notNumbers.negativeInfinity,
      nan: notNumbers.nan)
    return decoder
  }
}
