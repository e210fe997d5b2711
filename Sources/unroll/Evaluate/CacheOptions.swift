import ArgumentParser
import Corpora
import Models

/// The flags that put a memory of what was read beside a language model.
struct CacheOptions: ParsableArguments {
  @Flag(help: "Evaluate with a cache of what was read, too.")
  var cache = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Steps that the cache remembers (default: 2000).", valueName: "n"))
  var cacheSize: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Share of the cache in the probability (default: 0.1).", valueName: "x"))
  var cacheWeight: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How sharply the cache prefers like states (default: 0.3).", valueName: "x"))
  var cacheFlatness: Double?
  @Option(
    help: ArgumentHelp(
      "Text on which the best weight and flatness are chosen.", valueName: "file"),
    completion: .file())
  var cacheTune: String?
}

/// The cache that the flags ask for.
struct CacheChoice {
  let cache: NeuralCache
  let tuning: String?

  /// nil without --cache.
  init?(_ flags: CacheOptions, _ settings: inout Settings) throws {
    let isOn = try settings.isOn("cache", flags.cache)
    let size = try settings.value("cache-size", flags.cacheSize, .upTo(1_000_000))
    let weight = try settings.value("cache-weight", flags.cacheWeight, .belowOne)
    let flatness = try settings.value(
      "cache-flatness", flags.cacheFlatness,
      Requirement(text: "a number from 0 to 1000") { (0...1000).contains($0) })
    tuning = try settings.value("cache-tune", flags.cacheTune)
    guard isOn else {
      let given = [
        ("cache-size", size != nil), ("cache-weight", weight != nil),
        ("cache-flatness", flatness != nil), ("cache-tune", tuning != nil),
      ]
      if let (name, _) = given.first(where: \.1) {
        throw Failure.usage("--\(name) goes with --cache")
      }
      return nil
    }
    if tuning != nil, weight != nil || flatness != nil {
      throw Failure.usage(
        "--cache-tune chooses weight and flatness; they cannot be given beside it")
    }
    var cache = NeuralCache()
    cache.size = size ?? cache.size
    cache.weight = weight ?? cache.weight
    cache.flatness = flatness ?? cache.flatness
    self.cache = cache
  }

  /// The given one, or the best of the grid on the tuning text.
  func cache(for model: LanguageModel) throws -> NeuralCache {
    guard let tuning else { return cache }
    let text = try EvaluationText(TextFile.read(tuning), for: model)
    let grid = NeuralCache.grid(size: cache.size)
    let found = try model.evaluate(text, caches: grid).map(\.crossEntropy)
    let best = found.indices.min { found[$0] < found[$1] } ?? 0
    return grid[best]
  }
}
