import ArgumentParser
import Yams

/// The settings of a verb, each from its flag, else from the configuration file, else a default.
///
/// Every setting is asked for exactly once, so the settings that were asked for are the keys a
/// configuration file may have; `finish()` refuses any other.
struct Settings {
  private let file: ConfigFile?
  private var known: [String] = []
  /// Those of the known that a flag or the file gives a value.
  private var given: Set<String> = []

  init(file: ConfigFile?) { self.file = file }

  /// A setting without a default.
  ///
  /// - Throws: `Failure` if the value in the file is of another type, or if the value does not meet
  ///   `requirement`.
  mutating func value<Value: SettingValue>(
    _ key: String, _ flag: Value?, _ requirement: Requirement<Value> = .any
  ) throws -> Value? {
    known.append(key)
    let entry = file?.entry(key)
    var configured: Value?
    if let file, let entry {
      configured = Value(setting: entry.value)
      guard configured != nil else {
        let found = entry.value.scalar.map { "\"\($0.string)\"" } ?? "a list or a group of keys"
        throw Failure.usage(
          "\(file.place(of: entry)) is \(found); expected \(Value.settingExpectation)")
      }
    }
    guard let value = flag ?? configured else { return nil }
    given.insert(key)
    guard requirement.holds(value) else {
      let name = flag == nil ? file.flatMap { file in entry.map(file.place(of:)) } : nil
      throw Failure.usage("\(name ?? "--" + key) is \(value); expected \(requirement.text)")
    }
    return value
  }

  /// A setting with a default.
  mutating func value<Value: SettingValue>(
    _ key: String, _ flag: Value?, default fallback: @autoclosure () -> Value,
    _ requirement: Requirement<Value> = .any
  ) throws -> Value {
    try value(key, flag, requirement) ?? fallback()
  }

  /// A setting that is on or off. On the command line it can only be switched on.
  mutating func isOn(_ key: String, _ flag: Bool) throws -> Bool {
    let isOn = try value(key, flag ? true : nil, default: false)
    if !isOn { given.remove(key) }
    return isOn
  }

  /// A setting that is a list; empty if it is not set.
  mutating func list(_ key: String, _ flag: [String]) throws -> [String] {
    try value(key, flag.isEmpty ? nil : TextList(flag))?.texts ?? []
  }

  /// A setting that is a list of what `read` makes of texts; empty if it is not set.
  ///
  /// - Parameter expectation: reads on from "expected"; `read` gives nil for what is not that.
  mutating func list<Value>(
    _ key: String, _ flag: [String], of expectation: String, _ read: (String) -> Value?
  ) throws -> [Value] {
    let place = file.flatMap { file in file.entry(key).map(file.place(of:)) }
    return try list(key, flag).map { text in
      guard let value = read(text) else {
        let name = flag.isEmpty ? place : nil
        throw Failure.usage(
          "\(name ?? "--" + key) has \(text.debugDescription); expected \(expectation)")
      }
      return value
    }
  }

  /// The first of some settings that were asked for and that a flag or the file gives; nil if there is none.
  func firstGiven(of keys: [String]) -> String? { keys.first(where: given.contains) }

  /// Refuses what is in the file and was not asked for.
  func finish() throws { try file?.refuseUnknownKeys(known: known) }
}

/// What a setting's value must be.
struct Requirement<Value>: Sendable {
  /// Reads on from "expected".
  let text: String
  let holds: @Sendable (Value) -> Bool

  static var any: Requirement { Requirement(text: "") { _ in true } }
}

extension Requirement where Value == Int {
  static func atLeast(_ low: Int) -> Requirement {
    Requirement(text: "an integer of at least \(low)") { $0 >= low }
  }
  /// A size or a count: 1 up to what is beyond any use.
  static func upTo(_ high: Int) -> Requirement { within(1...high) }
  static func within(_ range: ClosedRange<Int>) -> Requirement {
    Requirement(text: "an integer from \(range.lowerBound) to \(range.upperBound)") {
      range.contains($0)
    }
  }
}

extension Requirement where Value == Double {
  static var positive: Requirement {
    Requirement(text: "a number above 0") { $0 > 0 && $0.isFinite }
  }
  static var notNegative: Requirement {
    Requirement(text: "a number of at least 0") { $0 >= 0 && $0.isFinite }
  }
  static var finite: Requirement { Requirement(text: "a finite number", holds: \.isFinite) }
  /// A probability that leaves something: [0, 1).
  static var belowOne: Requirement {
    Requirement(text: "a number from 0 to below 1") { $0 >= 0 && $0 < 1 }
  }
  /// A probability: [0, 1].
  static var fraction: Requirement {
    Requirement(text: "a number from 0 to 1") { (0...1).contains($0) }
  }
  /// A share of the whole that is not empty: (0, 1].
  static var share: Requirement {
    Requirement(text: "a number above 0 and at most 1") { $0 > 0 && $0 <= 1 }
  }
}

extension Requirement where Value == String {
  static var notEmpty: Requirement { Requirement(text: "a path") { !$0.isEmpty } }
}

/// A type of value that a configuration file can hold.
protocol SettingValue {
  /// Reads on from "expected".
  static var settingExpectation: String { get }
  /// nil if the value in the file is of another type.
  init?(setting: Node)
}

extension Int: SettingValue {
  static let settingExpectation = "an integer"
  init?(setting: Node) {
    guard let value = setting.int else { return nil }
    self = value
  }
}

extension UInt64: SettingValue {
  static let settingExpectation = "an integer of at least 0"
  init?(setting: Node) {
    guard let value = setting.scalar.flatMap({ UInt64($0.string) }) else { return nil }
    self = value
  }
}

extension Double: SettingValue {
  static let settingExpectation = "a number"
  init?(setting: Node) {
    guard let value = setting.float else { return nil }
    self = value
  }
}

extension Bool: SettingValue {
  static let settingExpectation = "true or false"
  init?(setting: Node) {
    guard let value = setting.bool else { return nil }
    self = value
  }
}

extension String: SettingValue {
  static let settingExpectation = "text"
  init?(setting: Node) {
    guard let scalar = setting.scalar, setting.null == nil else { return nil }
    self = scalar.string
  }
}

/// One text or a list of them.
struct TextList: SettingValue, CustomStringConvertible {
  let texts: [String]
  init(_ texts: [String]) { self.texts = texts }

  var description: String { texts.joined(separator: " ") }

  static let settingExpectation = "a text or a list of texts"
  init?(setting: Node) {
    if let text = String(setting: setting) {
      texts = [text]
    } else if case .sequence(let sequence) = setting {
      texts = sequence.compactMap { String(setting: $0) }
      if texts.count < sequence.count { return nil }
    } else {
      return nil
    }
  }
}

/// A choice among names, as on the command line.
extension SettingValue where Self: CaseIterable & RawRepresentable<String> {
  static var settingExpectation: String {
    "one of " + allCases.map(\.rawValue).joined(separator: ", ")
  }
  init?(setting: Node) {
    guard let name = setting.scalar?.string else { return nil }
    self.init(rawValue: name)
  }
}
