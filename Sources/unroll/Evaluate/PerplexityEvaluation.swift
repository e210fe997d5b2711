import Corpora
import Models

/// How well a language model predicts a text.
struct PerplexityEvaluation {
  let model: String
  let file: String
  let json: Bool

  /// A neural model, with a cache and n-grams beside it if asked for.
  func run(
    _ console: Console, caching: CacheChoice?, interpolating: InterpolationChoice?
  ) throws {
    let model = try LanguageModel(contentsOf: model)
    if caching != nil, model.configuration.unit == .sentence {
      throw Failure("\(self.model) reads sentences one by one; --cache needs a model of streams")
    }
    let mixture = try interpolating?.mixture(with: model)
    let contents = try TextFile.read(file)
    let text = try EvaluationText(contents, for: model)
    let cache = try caching?.cache(for: model)
    let start = secondsNow()
    let compared = try mixture.map { mixture in
      (weight: mixture.weight, found: try naming(file) { try mixture.evaluate(contents) })
    }
    let evaluation = compared?.found.neural ?? model.evaluate(text)
    let seconds = secondsNow() - start
    let cached = try cache.map { (cache: $0, evaluation: try model.evaluate(text, cache: $0)) }
    try report(
      Findings(
        evaluation: evaluation, seconds: seconds, cached: cached,
        mixed: compared.map { ($0.weight, $0.found.ngrams, $0.found.mixture) }), console)
  }

  /// An n-gram model.
  func runNGrams(_ console: Console) throws {
    let model = try NGramLanguageModel(contentsOf: model)
    let text = try TextFile.read(file)
    let start = secondsNow()
    let evaluation = try naming(file) { try model.evaluate(text) }
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

  private func report(_ findings: Findings, _ console: Console) throws {
    let (evaluation, cached, mixed) = (findings.evaluation, findings.cached, findings.mixed)
    let speed = Double(evaluation.tokens) / max(findings.seconds, 1e-9)
    if json {
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
