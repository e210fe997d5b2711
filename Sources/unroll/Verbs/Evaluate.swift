import ArgumentParser
import Corpora
import Foundation
import Models

/// `unroll evaluate`
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how well a model predicts a text.",
    discussion: """
      The whole text counts, its first token too; the state is carried from beginning to end. \
      Perplexity is e to the cross-entropy, which is in nats a token.

      With --cache also as a model that remembers what it has lately read (Grave et al. 2017): words \
      come again where the net was in a like state. --cache-tune chooses weight and flatness on \
      another text.

      An n-gram model (ARPA) is measured on the same tokens. With --interpolate a neural model is \
      mixed with one, token by token; --tune chooses the share on another text.

      EXAMPLES
        unroll evaluate model.safetensors test.txt
        unroll evaluate model.safetensors test.txt --json
        unroll evaluate model.safetensors test.txt --cache --cache-tune valid.txt
        unroll evaluate model.arpa test.txt
        unroll evaluate model.safetensors test.txt --interpolate model.arpa --tune valid.txt
      """)

  @Argument(help: "A model file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @Argument(help: "A text file.", completion: .file())
  var file: String
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
  @OptionGroup var interpolation: InterpolationOptions
  @OptionGroup var common: CommonOptions

  func run() throws { try run(.standard) }

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let caching = try CacheChoice(self, &settings)
    let interpolating = try interpolation.choice(&settings)
    try settings.finish()
    if NGramLanguageModel.isARPA(model) {
      if let name = caching != nil ? "cache" : interpolating != nil ? "interpolate" : nil {
        throw Failure("--\(name) goes with a neural model; \(model) is an n-gram model (ARPA)")
      }
      return try evaluateNGrams(console)
    }
    try withThreads(threads) {
      let model = try LanguageModel(contentsOf: model)
      if caching != nil, model.configuration.unit == .sentence {
        throw Failure("\(self.model) reads sentences one by one; --cache needs a model of streams")
      }
      let mixture = try interpolating?.mixture(with: model)
      let contents = try TextFile.read(file)
      let text = try EvaluationText(contents, for: model)
      let cache = try caching?.cache(for: model)
      let start = secondsNow()
      let compared = try mixture.map { (weight: $0.weight, found: try $0.evaluate(contents)) }
      let evaluation = compared?.found.neural ?? model.evaluate(text)
      let seconds = secondsNow() - start
      let cached = try cache.map { (cache: $0, evaluation: try model.evaluate(text, cache: $0)) }
      try report(
        Findings(
          evaluation: evaluation, seconds: seconds, cached: cached,
          mixed: compared.map { ($0.weight, $0.found.ngrams, $0.found.mixture) }), console)
    }
  }

  private func evaluateNGrams(_ console: Console) throws {
    let model = try NGramLanguageModel(contentsOf: model)
    let text = try TextFile.read(file)
    let start = secondsNow()
    let evaluation: Evaluation
    do {
      evaluation = try model.evaluate(text)
    } catch ModelError.unusableText(let fault) {
      throw Failure("\(file): \(fault)")
    }
    try report(Findings(evaluation: evaluation, seconds: secondsNow() - start), console)
  }

  /// What was measured.
  private struct Findings {
    var evaluation: Evaluation
    var seconds: Double
    var cached: (cache: NeuralCache, evaluation: Evaluation)?
    /// The share of the n-grams, and what they predict alone and mixed in.
    var mixed: (weight: Double, ngrams: Evaluation, evaluation: Evaluation)?
  }

  /// The cache that the flags ask for.
  private struct CacheChoice {
    let cache: NeuralCache
    let tuning: String?

    /// nil without --cache.
    init?(_ flags: Evaluate, _ settings: inout Settings) throws {
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

  private func report(_ findings: Findings, _ console: Console) throws {
    let (evaluation, cached, mixed) = (findings.evaluation, findings.cached, findings.mixed)
    let speed = Double(evaluation.tokens) / max(findings.seconds, 1e-9)
    if common.json {
      try console.result(
        JSON.members([
          "tokens": .integer(evaluation.tokens),
          "unknown_tokens": .integer(evaluation.unknownTokens),
          "cross_entropy": .number(evaluation.crossEntropy),
          "perplexity": .number(evaluation.perplexity),
          "bits_per_character": evaluation.bitsPerCharacter.map { .number($0) },
          "tokens_per_second": .number(speed.rounded()),
          "cache_cross_entropy": cached.map { .number($0.evaluation.crossEntropy) },
          "cache_perplexity": cached.map { .number($0.evaluation.perplexity) },
          "cache_size": cached.map { .integer($0.cache.size) },
          "cache_weight": cached.map { .number($0.cache.weight) },
          "cache_flatness": cached.map { .number($0.cache.flatness) },
          "ngram_cross_entropy": mixed.map { .number($0.ngrams.crossEntropy) },
          "ngram_perplexity": mixed.map { .number($0.ngrams.perplexity) },
          "mixture_cross_entropy": mixed.map { .number($0.evaluation.crossEntropy) },
          "mixture_perplexity": mixed.map { .number($0.evaluation.perplexity) },
          "ngram_weight": mixed.map { .number($0.weight) },
        ]).text)
      return
    }
    let unknown =
      evaluation.unknownTokens == 0
      ? "" : ", \(Format.count(evaluation.unknownTokens)) of them not in the vocabulary"
    try console.result("tokens              \(Format.count(evaluation.tokens))\(unknown)")
    try console.result(
      "cross-entropy       \(Format.number(evaluation.crossEntropy)) nats a token")
    try console.result("perplexity          \(Format.number(evaluation.perplexity))")
    if let bits = evaluation.bitsPerCharacter {
      try console.result("bits a character    \(Format.number(bits))")
    }
    if let (cache, evaluation) = cached {
      try console.result(
        "with a cache        perplexity \(Format.number(evaluation.perplexity)) (the last "
          + "\(Format.count(cache.size)) steps, weight \(Format.number(cache.weight)), flatness "
          + "\(Format.number(cache.flatness)))")
    }
    if let (weight, ngrams, evaluation) = mixed {
      try console.result(
        "with the n-grams    perplexity \(Format.number(evaluation.perplexity)) (their weight "
          + "\(Format.number(weight)); alone \(Format.number(ngrams.perplexity)))")
    }
    try console.result("speed               \(Format.short(speed)) tokens/s")
  }
}
