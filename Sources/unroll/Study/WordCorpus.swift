import Corpora
import Learning
import Models
import Recurrent
import Tensors

/// A text of words in three parts, for the studies that train language models on it.
struct WordCorpus: Sendable {
  var training: String
  var validation: String
  var test: String
  var vocabulary: Vocabulary
  /// Of all three.
  var fingerprint: String

  /// The texts of three files.
  ///
  /// - Parameter minimumCount: rarer words of the training text are `<unk>`.
  /// - Throws: what reading throws, and `Failure` for a text that is too short.
  init(training: String, validation: String, test: String, minimumCount: Int) throws {
    self.training = try TextFile.read(training)
    self.validation = try TextFile.read(validation)
    self.test = try TextFile.read(test)
    let least = 500
    for (text, path) in [
      (self.training, training), (self.validation, validation), (self.test, test),
    ] {
      let words = text.split(whereSeparator: \.isWhitespace).count
      guard words >= least else {
        throw Failure("\(path) has \(Format.plural(words, "word")), expected \(least) or more")
      }
    }
    var builder = VocabularyBuilder(tokenizer: .words)
    builder.add(self.training)
    vocabulary = try builder.build(minimumCount: minimumCount)
    fingerprint = Models.fingerprint(
      (self.training + "\0" + self.validation + "\0" + self.test).utf8.lazy.map(Int32.init))
  }
}

/// How the studies of language models train them, all alike: Adam, the rate halved each epoch after a
/// while, gradients clipped by their norm.
struct WordTraining: Sendable {
  var epochs = 8
  /// Epochs at the full rate.
  var fullRateEpochs = 4
  /// Stops sooner, after so many steps.
  var steps: Int?
  /// The rate at its full height.
  var rate = 0.002
  /// Steps over which the rate rises to it.
  var warmupSteps = 0
  /// How words are predicted.
  var output = OutputConfiguration.full
  let batch = 20
  let window = 35
  let clipNorm = 5.0

  var settings: [String: String] {
    [
      "epochs": "\(epochs)", "full-rate epochs": "\(fullRateEpochs)", "rate": "\(rate)",
      "warm-up": "\(warmupSteps)", "output": output.kind.rawValue,
      "steps": steps.map { "\($0)" } ?? "all",
    ]
  }

  /// In a report's words.
  var text: String {
    "Adam at a rate of \(rate)\(warmupSteps > 0 ? ", reached after \(Format.count(warmupSteps)) steps and" : ",") halved each epoch after \(Format.plural(fullRateEpochs, "epoch")), "
      + "\(Format.plural(epochs, "epoch"))\(steps.map { ", at most \(Format.count($0)) steps," } ?? "") of "
      + "\(batch) x \(window) words, gradients of a norm of at most \(ChartAxis.plain(clipNorm))"
      + (output.kind == .full ? "" : ", outputs of the kind \(output.kind.rawValue)") + "; the "
      + "parameters of the epoch with the least validation perplexity are kept."
  }

  /// What a trained model can do.
  struct Outcome: Codable, Equatable {
    /// Validation perplexity after each epoch.
    var validation: [Double]
    /// Of the model that is kept; infinite if training diverged.
    var test: Double
    var parameters: Int
    var tokensPerSecond: Double
    var hasDiverged: Bool

    /// The least of the epochs.
    var best: Double? { validation.min() }
  }

  /// Trains `model` in place. nil if it was interrupted.
  func train(
    _ model: LanguageModel, on corpus: WordCorpus, seed: UInt64, _ watch: StudyWatch
  ) throws -> Outcome? {
    var outcome = Outcome(
      validation: [], test: .infinity, parameters: model.parameterCount, tokensPerSecond: 0,
      hasDiverged: false)
    let task = try LanguageModelTask(
      model, text: corpus.training, validation: corpus.validation, batch: batch, window: window)
    let plan = TrainingPlan(
      epochs: epochs, stepLimit: steps, seed: seed,
      schedule: RateSchedule(
        base: rate, course: .exponential(decay: 0.5, afterEpoch: fullRateEpochs),
        warmupSteps: warmupSteps),
      clipNorm: clipNorm)
    do {
      let end = try Trainer(task, Adam(), plan, interrupt: watch.interrupt) { event in
        switch event {
        case .step(let progress):
          outcome.tokensPerSecond = progress.tokensPerSecond
          watch.tell(
            "epoch \(progress.epoch)/\(progress.epochs), perplexity "
              + Format.number(exp(progress.recentLoss)))
        case .validated(let check): outcome.validation.append(exp(check.loss))
        default: break
        }
      }.run()
      if case .interrupted = end { return nil }
      outcome.test = try model.evaluate(corpus.test).perplexity
    } catch TrainingError.diverged {
      outcome.hasDiverged = true
    }
    return outcome
  }
}

extension [WordTraining.Outcome] {
  /// Those of nets that did not diverge, by which nets are compared.
  var sound: Self { filter { !$0.hasDiverged } }

  /// Their test perplexities in a table, and whether a net diverged.
  var testText: String {
    (Spread(sound.map(\.test))?.text(Format.number) ?? "-")
      + (contains(where: \.hasDiverged) ? ", diverged" : "")
  }
}
