import Corpora
import Learning
import Models
import Recurrent
import Tensors

/// A training run of a translator as the command line makes it.
struct TranslatorTraining: TrainingSetup {
  var recipe: TranslatorRecipe
  var pairs: PairChoice
  var files: RunFiles

  var inputs: [(role: String, path: String?)] {
    pairs.training.flatMap { $0.inputs("train", side: "") }
      + (pairs.validation.map { $0.inputs("valid", side: "valid-") } ?? [])
  }

  var measure: LossMeasure {
    recipe.criterion.measure(recipe.configuration.decoder.output)
  }

  func run(_ console: Console) throws -> TrainingRun.Result<Translator> {
    let corpus = try ParallelCorpus(reading: pairs.training)
    if corpus.emptyPairs > 0 {
      console.message(
        "left out \(Format.plural(corpus.emptyPairs, "pair")) with an empty side")
    }
    let heldOut = try pairs.validation.map { try $0.references() }
    let model = try Translator(
      recipe.configuration, recipe.units, learningFrom: corpus.sources, corpus.targets,
      initialization: recipe.start.initialization, key: RandomKey(seed: recipe.seed).child(0))
    let task: TranslatorTask
    do {
      task = try TranslatorTask(
        model, sources: corpus.sources, targets: corpus.targets,
        validation: heldOut.map {
          TranslatorValidation(
            sources: $0.sources, references: $0.references, criterion: recipe.criterion)
        }, batch: recipe.batch, maximumTokens: recipe.batchUnits, longest: recipe.longest,
        smoothing: recipe.smoothing, sampling: recipe.sampling, unitDropout: recipe.unitDropout)
    } catch CorpusError.noSentences {
      throw Failure(
        "\(pairs.names): no pair with at most \(Format.plural(recipe.longest, "unit")) on each side "
          + "(--longest)")
    }
    if task.leftOut > 0 {
      console.message(
        "left out \(Format.plural(task.leftOut, "pair")) with more than "
          + "\(Format.count(recipe.longest)) units on a side (--longest)")
    }
    var identity = recipe.identity
    identity["validation text"] = heldOut.map {
      TranslatorTask.fingerprint(
        $0.sources, $0.references.map { $0.joined(separator: "\t") })
    }
    let run = TrainingRun(
      files: files, learning: recipe.learning, seed: recipe.seed, identity: identity,
      record: recipe.record, opening: opening(model, task), measure: measure)
    return try run.run(model, task, console)
  }

  private func opening(_ model: Translator, _ task: TranslatorTask) -> String {
    let (source, target) = (model.sourceVocabulary.count, model.targetVocabulary.count)
    return "training a translator, \(Format.count(model.parameterCount)) parameters, on "
      + "\(Format.plural(task.pairCount, "pair")) with \(Format.count(task.trainingTokens)) units of the "
      + "target (vocabularies \(Format.count(source)) and \(Format.count(target)))"
  }
}

extension TranslatorCriterion {
  /// How losses are told.
  func measure(_ output: OutputConfiguration) -> LossMeasure {
    switch self {
    case .loss: output.lossMeasure
    case .bleu: .bleu
    case .errors: .edits
    case .mismatch: .mismatch
    }
  }
}
