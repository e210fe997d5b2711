import ArgumentParser
import Foundation
import Models

/// `unroll neighbors`
struct Neighbors: Verb {
  static let configuration = CommandConfiguration(
    abstract: "Find the words whose vectors are nearest to a word's.",
    discussion: """
      By the cosine of the angle between vectors, among the whole vocabulary. A model that composes \
      words from characters has neighbours for words it has never seen, too.

      EXAMPLES
        unroll neighbors model.safetensors king Jerusalem
        unroll neighbors model.safetensors unfruitfulness --count 5 --json
      """)

  @Argument(help: "A model file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @Argument(help: "Words.")
  var words: [String]
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Neighbours of each word (default: 10).", valueName: "n"))
  var count: Int?
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let count = try settings.value("count", count, default: 10, .upTo(1_000_000))
    try settings.finish()
    try withThreads(threads) {
      let loaded = try loadWordVectors(model, for: "neighbors")
      let vectors = try knownVectors(of: words, in: loaded, from: model)
      let found = WordNeighbors(of: loaded).nearest(to: vectors, of: words, count: count)
      for (word, neighbors) in zip(words, found) {
        let isKnown = loaded.vocabulary.contains(word)
        try console.writeResult(
          common.json
            ? object(word, isKnown, neighbors).text + "\n" : text(word, isKnown, neighbors))
      }
    }
  }

  private func text(
    _ word: String, _ isKnown: Bool, _ neighbors: [WordNeighbors.Neighbor]
  ) -> String {
    var text = "\(word.fieldSpelling)\(isKnown ? "" : " (not in the vocabulary)")\n"
    for neighbor in neighbors {
      text += String(format: "  %7.4f  ", neighbor.similarity) + neighbor.word.fieldSpelling + "\n"
    }
    return text
  }

  private func object(
    _ word: String, _ isKnown: Bool, _ neighbors: [WordNeighbors.Neighbor]
  ) -> JSON {
    JSON.members([
      "word": .string(word), "in_vocabulary": .bool(isKnown),
      "neighbors": .array(
        neighbors.map {
          JSON.members([
            "word": .string($0.word), "similarity": .number(Double($0.similarity)),
          ])
        }),
    ])
  }
}
