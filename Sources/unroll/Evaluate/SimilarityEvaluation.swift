import Corpora
import Foundation
import Models

/// How well the cosines of a model's word vectors rank pairs of words as people do.
struct SimilarityEvaluation {
  let model: String
  let files: [String]
  let json: Bool

  func run(_ console: Console) throws {
    let model = try loadWordVectors(model, for: "--similarity")
    for file in files {
      let pairs = try WordPair.parse(TextFile.read(file), name: file)
      let found = model.similarity(on: pairs)
      try console.result(json ? object(found, file).text : line(found, file))
    }
  }

  private func line(_ found: WordSimilarity, _ file: String) -> String {
    func rho(_ value: Double?) -> String { value.map(Format.number) ?? "none" }
    let name = URL(fileURLWithPath: file).lastPathComponent
    var line =
      "\(name)  Spearman's rho \(rho(found.correlation)) over \(Format.count(found.rated)) of "
      + Format.plural(found.pairs, "pair")
    if found.known < found.rated {
      line +=
        ", \(rho(found.knownCorrelation)) over the \(Format.count(found.known)) of known words"
    }
    return line
  }

  private func object(_ found: WordSimilarity, _ file: String) -> JSON {
    JSON.members([
      "file": .string(file), "spearman": found.correlation.map { .number($0) },
      "pairs": .integer(found.pairs), "rated_pairs": .integer(found.rated),
      "known_pairs": .integer(found.known),
      "known_spearman": found.knownCorrelation.map { .number($0) },
    ])
  }
}
