import Foundation
import Models

/// How answers of classifiers are written: a line each.
struct ClassificationLines {
  /// The classes or labels, by their numbers; none for numbers.
  let labels: [String]
  /// The likeliest that are named; nil for one class, or for labels of a half and more.
  let top: Int?
  /// Whether a line is JSON.
  let json: Bool

  /// The line of an answer, with its end.
  func line(_ answer: Classification) -> String {
    (json ? members(answer).text : text(answer)) + "\n"
  }

  /// The classes or labels that are named.
  private func named(_ answer: Classification, _ top: Int?) -> [Int] {
    switch answer {
    case .classes: return Array(answer.ranking.prefix(top ?? 1))
    case .labels(let shares):
      return top.map { Array(answer.ranking.prefix($0)) }
        ?? answer.ranking.filter { shares[$0] >= 0.5 }
    case .number: return []
    }
  }

  private func text(_ answer: Classification) -> String {
    // Nine digits tell any two numbers of single precision apart.
    if case .number(let value) = answer { return String(format: "%.9g", value) }
    let shares = answer.probabilities
    return named(answer, top)
      .map { printable(labels[$0]) + "\t" + String(format: "%.4f", shares[$0]) }
      .joined(separator: "\t")
  }

  private func members(_ answer: Classification) -> JSON {
    let shares = answer.probabilities
    func object(_ chosen: [Int]) -> JSON {
      .object(chosen.map { (labels[$0], .number(shares[$0])) })
    }
    let all = top.map { Array(answer.ranking.prefix($0)) } ?? Array(labels.indices)
    switch answer {
    case .classes:
      return JSON.members([
        "label": .string(labels[answer.ranking[0]]),
        "probability": .number(shares[answer.ranking[0]]), "probabilities": object(all),
      ])
    case .labels:
      return JSON.members([
        "labels": .array(named(answer, nil).map { .string(labels[$0]) }),
        "probabilities": object(all),
      ])
    case .number(let value): return JSON.members(["value": .number(value)])
    }
  }
}

/// `text` without control characters and ends of lines, for tables and tab-separated lines: they are
/// written as in Swift, `\t`, and so is a backslash, `\\`.
func printable(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: result += scalar.escaped(asASCII: true)
    default:
      if scalar == "\\" { result += "\\" }
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}
