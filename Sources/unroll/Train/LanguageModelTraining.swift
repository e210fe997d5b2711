import ArgumentParser
import Corpora
import Learning
import Models
import Recurrent
import Tensors

/// A training run of a language model as the command line makes it: reads the texts, trains with
/// live progress, and writes the model when all is done.
struct LanguageModelTraining: TrainingSetup {
  var recipe: LanguageModelRecipe
  var training: [String]
  var validation: String?
  var files: RunFiles
  /// Steps between two measurements of the flow of gradients, for the log; nil for none.
  var flowInterval: Int? = nil

  var inputs: [(role: String, path: String?)] {
    training.map { ("a text of --train", $0) } + [("the text of --valid", validation)]
  }

  var measure: LossMeasure { recipe.configuration.output.lossMeasure }

  func run(_ console: Console) throws -> TrainingRun.Result<LanguageModel> {
    let text = try readTexts(training)
    let heldOut = try validation.map { try TextFile.read($0) }
    let (model, task) = try prepare(text, heldOut)
    var identity = recipe.identity
    identity["validation text"] = heldOut.map { fingerprint($0.utf8.lazy.map(Int32.init)) }
    let run = TrainingRun(
      files: files, learning: recipe.learning, seed: recipe.seed, identity: identity,
      record: recipe.record, opening: opening(model, task),
      measure: measure)
    return try run.run(model, task, console) { log in
      let flow = log.flatMap { log in
        flowInterval.map { GradientFlowLog(task: task, log: log, interval: $0) }
      }
      return { flow?.handle($0) }
    }
  }

  private func prepare(
    _ text: String, _ heldOut: String?
  ) throws -> (LanguageModel, LanguageModelTask) {
    var builder = VocabularyBuilder(
      tokenizer: recipe.configuration.level, unit: recipe.configuration.unit)
    builder.add(text)
    let vocabulary = try builder.build(
      minimumCount: recipe.minimumCount, maximumSize: recipe.vocabularySize)
    let model = try LanguageModel(
      configuration: recipe.configuration, vocabulary: vocabulary,
      initialization: recipe.start.initialization, key: RandomKey(seed: recipe.seed).child(0))
    do {
      let task = try LanguageModelTask(
        model, text: text, validation: heldOut, batch: recipe.batch, window: recipe.bptt,
        variesWindow: recipe.variesBPTT, penalty: recipe.penalty, lossUnit: recipe.lossUnit)
      return (model, task)
    } catch let error as CorpusError {
      if case .tooShort = error {
        throw Failure("\(training.joined(separator: ", ")): \(error)")
      }
      throw error
    }
  }

  private func opening(_ model: LanguageModel, _ task: LanguageModelTask) -> String {
    let tokens = recipe.configuration.level == .words ? "words" : "characters"
    return "training \(model.configuration.summary), \(Format.count(model.parameterCount)) "
      + "parameters, on \(Format.count(task.trainingTokens)) \(tokens) "
      + "(vocabulary \(Format.count(model.vocabulary.count)))"
  }
}
