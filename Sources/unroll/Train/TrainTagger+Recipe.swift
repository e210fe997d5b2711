import Learning
import Models

extension TrainTagger {
  /// The recipe that the flags and the configuration file make.
  ///
  /// - Throws: `Failure` for values that make no sense by themselves or together.
  func recipe(_ settings: inout Settings, seed: UInt64) throws -> TaggerRecipe {
    let layers = try layers.choice(&settings)
    let constraints = try settings.value("constraints", tagging.constraints)
    let configuration = TaggerConfiguration(
      words: try words.encoder(&settings),
      lowercases: try settings.isOn("lowercase", tagging.lowercase),
      minimumCount: try settings.value("min-count", tagging.minCount, default: 1, .atLeast(1)),
      wordDropout: Float(
        try settings.value("dropout-words", tagging.dropoutWords, default: 0.5, .fraction)),
      cell: layers.cell, hiddenSize: layers.hidden, layers: layers.layers,
      projection: layers.projection, window: layers.window, connections: layers.connections,
      learnsInitialState: layers.learnsInitialState, dropout: try dropout.rates(&settings),
      output: try settings.value("output-layer", tagging.outputLayer, default: .softmax),
      constraints: constraints ?? .none)
    if configuration.constraints == .training, configuration.output == .softmax {
      throw Failure.usage("--constraints training goes with --output-layer crf")
    }
    try configuration.validateUsage()
    let recipe = TaggerRecipe(
      configuration: configuration, choosesConstraints: constraints == nil,
      column: try settings.value("column", tagging.column),
      batch: try settings.value("batch", tagging.batch, default: 32, .upTo(1_000_000)),
      batchWords: try settings.value("batch-words", tagging.batchWords, .atLeast(1)),
      learning: try learning.recipe(&settings, optimizer, schedule),
      start: try start.recipe(&settings, for: configuration.cell), seed: seed)
    try recipe.learning.refuseObjectives(for: "taggers")
    return recipe
  }
}

extension TaggerConfiguration {
  /// `validate`, with what is wrong as a mistake of usage.
  fileprivate func validateUsage() throws {
    do { try validate() } catch { throw Failure.usage("\(error)") }
  }
}
