import ArgumentParser
import Corpora
import Foundation
import Models

/// `unroll forecast`
struct ForecastVerb: Verb {
  static let configuration = CommandConfiguration(
    commandName: "forecast",
    abstract: "Say how a series goes on.",
    discussion: """
      The whole series is read, and each of the steps after its end is a line: the step, and of each \
      variable the mean and the interval that holds nine of ten values. CSV, or with --json an object a \
      step.

      EXAMPLES
        unroll forecast model.safetensors load.csv
        unroll forecast model.safetensors load.csv --steps 6 --json
      """)

  @Argument(help: "A model file.", completion: .file(extensions: ["safetensors"]))
  var model: String
  @Argument(help: "A CSV file with the variables of the model.", completion: .file())
  var file: String
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Steps (default: as many as the model predicts).", valueName: "k"))
  var steps: Int?
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let steps = try settings.value("steps", steps, .atLeast(1))
    try settings.finish()
    let kind = try ModelKind(ofFile: model)
    guard kind == .neural(.forecaster) else {
      throw Failure("forecast goes with a forecaster; \(model) is \(kind)")
    }
    let forecaster = try Forecaster(contentsOf: model)
    let horizon = forecaster.configuration.horizon
    if let steps, steps > horizon {
      throw Failure("\(model) predicts \(Format.plural(horizon, "step")), not \(steps)")
    }
    let table = try SeriesTable(contentsOf: file, variables: forecaster.variables)
    let forecasts = withThreads(threads) { forecaster.forecast(after: table.series) }
    if !common.json {
      let head = forecaster.variables.flatMap { [$0, "\($0) low", "\($0) high"].map(csvField) }
      try console.writeResult((["step"] + head).joined(separator: ",") + "\n")
    }
    for (step, forecast) in forecasts.prefix(steps ?? horizon).enumerated() {
      let line =
        common.json
        ? json(step + 1, forecast, forecaster.variables).text : text(step + 1, forecast)
      try console.writeResult(line + "\n")
    }
  }

  private func text(_ step: Int, _ forecast: [Forecast]) -> String {
    let values = forecast.flatMap { [$0.mean, $0.low, $0.high] }
    // Nine digits tell any two numbers of single precision apart.
    return (["\(step)"] + values.map { String(format: "%.9g", $0) }).joined(separator: ",")
  }

  private func json(_ step: Int, _ forecast: [Forecast], _ variables: [String]) -> JSON {
    .object(
      [("step", .integer(step))]
        + zip(variables, forecast).map { name, forecast in
          (
            name,
            JSON.members([
              "mean": .number(forecast.mean), "deviation": .number(forecast.deviation),
              "low": .number(forecast.low), "high": .number(forecast.high),
            ])
          )
        })
  }

  /// `text` as a field of CSV.
  private func csvField(_ text: String) -> String {
    text.contains { ",\"\n".contains($0) }
      ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }
}
