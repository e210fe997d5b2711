import Foundation
import Models

extension RunReport {
  /// The demo's page.
  init(
    _ training: DemoTraining, _ result: DemoTraining.Result, _ findings: DemoFindings,
    folder: String, commands: [String]
  ) {
    let (model, evaluation) = (result.model, findings.evaluation)
    let (text, shape) = (training.text, training.shape)
    let trained = Double(result.summary.steps * shape.batch * shape.window)
    let passes = trained / Double(max(1, result.task.trainingTokens))
    title = "A character model of \(folder)"
    summary =
      "\(model.configuration.summary.replacing("a character", with: "A character")), trained by "
      + "unroll for \(Format.duration(result.seconds)) on \(Format.plural(text.files.count, "file")). "
      + "It reads one character after another and gives each next one a probability."
    let trigram = findings.baselines.first { $0.name == "trigram" }
    figures = [
      Figure(
        name: "Held-out perplexity", value: Format.number(evaluation.perplexity),
        note: trigram.map { "trigram: \(Format.number($0.perplexity))" } ?? ""),
      Figure(
        name: "Bits a character", value: Format.number(evaluation.bitsPerCharacter ?? .nan),
        note: "\(Format.count(evaluation.tokens)) held-out characters"),
      Figure(
        name: "Parameters", value: Format.count(model.parameterCount),
        note: "vocabulary \(Format.count(model.vocabulary.count))"),
      Figure(
        name: "Speed", value: Format.short(result.tokensPerSecond),
        note: "characters a second in training"),
    ]
    chart = LossChart(
      training: result.curve,
      heldOut: result.summary.validations.map {
        LossChart.Point(step: Double($0.step), loss: $0.loss)
      },
      baselines: findings.baselines.map {
        LossChart.Baseline(name: $0.name, loss: $0.crossEntropy)
      },
      unit: "nats a character")
    comparison = Table(
      title: "Against counting",
      columns: ["Model", "Perplexity", "Nats a character", "Bits a character"], firstNumber: 1,
      rows: findings.baselines.map {
        Self.row($0.name, $0.crossEntropy)
      } + [Self.row("this LSTM", evaluation.crossEntropy)])
    samples = findings.samples.map {
      Sample(title: "Temperature \($0.temperature)", text: $0.text)
    }
    tables = [
      Table(
        title: "Model", columns: ["Tensor", "Shape", "Parameters"], firstNumber: 1,
        rows: model.parameters.map {
          [$0.name, $0.shape.map(String.init).joined(separator: " × "), Format.count($0.count)]
        } + [["all", "", Format.count(model.parameterCount)]]),
      Table(
        title: "Training", columns: ["What", "Value"], firstNumber: 2,
        rows: [
          ["Text", "\(Format.count(text.characters)) characters, one block in twelve held out"],
          ["Passes over the text", Format.number(passes)],
          ["Steps", Format.count(result.summary.steps)],
          [
            "Batch", "\(shape.batch) streams of \(shape.window) characters",
          ],
          ["Optimiser", "Adam, rate \(shape.rate), cosine, gradient norm at most 5"],
          ["Seed", "\(training.seed)"],
        ]),
      Table(
        title: "Text", columns: ["File"], firstNumber: 1,
        rows: text.files.prefix(200).map { [$0.isEmpty ? folder : $0] }
          + (text.files.count > 200 ? [["and \(text.files.count - 200) more"]] : [])),
    ]
    self.commands = commands
  }

  private static func row(_ name: String, _ crossEntropy: Double) -> [String] {
    [
      name, Format.number(exp(crossEntropy)), Format.number(crossEntropy),
      Format.number(crossEntropy / log(2)),
    ]
  }
}
