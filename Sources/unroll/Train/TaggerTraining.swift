import Corpora
import Learning
import Models
import Tensors

/// A training run of a tagger as the command line makes it.
struct TaggerTraining: TrainingSetup {
  var recipe: TaggerRecipe
  var labelled: LabelledChoice
  var training: [String]
  var validation: String?
  var files: RunFiles

  var inputs: [(role: String, path: String?)] {
    training.map { ("a file of --train", $0) } + [("the file of --valid", validation)]
  }

  var measure: LossMeasure { .errorRate }

  func run(_ console: Console) throws -> TrainingRun.Result<Tagger> {
    let (sentences, column) = try readTraining()
    let heldOut = try validation.map {
      try labelled.read($0, column: column ?? .upos).sentences
    }
    var recipe = recipe
    if recipe.choosesConstraints {
      recipe.configuration.constraints = .usual(for: sentences)
    }
    let model = try Tagger(
      recipe.configuration, learningFrom: sentences, column: column,
      initialization: recipe.start.initialization, key: RandomKey(seed: recipe.seed).child(0))
    let task = try TaggerTask(
      model, sentences, validation: heldOut ?? [], batch: recipe.batch,
      maximumTokens: recipe.batchWords, refusesUnseen: !labelled.allowsUnseen)
    var identity = recipe.identity
    identity["validation text"] = heldOut.map(LabelledSentence.fingerprint)
    let run = TrainingRun(
      files: files, learning: recipe.learning, seed: recipe.seed, identity: identity,
      record: recipe.record, opening: opening(model, sentences), measure: measure)
    return try run.run(model, task, console)
  }

  /// The sentences of all files, and the column of CoNLL-U that their labels come from; nil where none of
  /// the files is CoNLL-U.
  private func readTraining() throws -> (sentences: [LabelledSentence], column: LabelColumn?) {
    let column = recipe.column ?? .upos
    let read = try training.map { try labelled.read($0, column: column) }
    let isCoNLLU = read.contains { $0.format == .conllu }
    guard isCoNLLU || recipe.column == nil else {
      throw Failure.usage("--column is for CoNLL-U; the labels of columns are in the last one")
    }
    return (read.flatMap(\.sentences), isCoNLLU ? column : nil)
  }

  private func opening(_ model: Tagger, _ sentences: [LabelledSentence]) -> String {
    let words = sentences.reduce(0) { $0 + $1.words.count }
    return "training a tagger, \(model.configuration.summary), "
      + "\(Format.count(model.parameterCount)) parameters, on \(Format.count(words)) words in "
      + "\(Format.plural(sentences.count, "sentence")) (\(Format.plural(model.labels.count, "label")))"
  }
}
