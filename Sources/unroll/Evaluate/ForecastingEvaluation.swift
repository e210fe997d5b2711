import Corpora
import Foundation
import Models

/// How well a forecaster expects the values of a file: of each variable in its own unit, of several
/// together in standard deviations.
struct ForecastingEvaluation {
  let model: String
  let file: String
  let json: Bool

  func run(_ console: Console) throws {
    let forecaster = try Forecaster(contentsOf: model)
    let table = try SeriesTable(contentsOf: file, variables: forecaster.variables)
    guard table.series.steps > 1 else {
      throw Failure("\(file) has one step, expected more, for something to be predicted")
    }
    let evaluation = forecaster.evaluate([table.series])
    let steps = evaluation.byStep.enumerated().map { ("\($0.offset + 1)", $0.element) }
    let variables = Array(zip(forecaster.variables, evaluation.byVariable))
    if json {
      return try console.result(
        JSON.object(
          members(evaluation.all) + [
            ("in_standard_deviations", .bool(evaluation.isStandardized)),
            ("variables", .object(variables.map { ($0.0, .object(members($0.1))) })),
            ("steps", .object(steps.map { ($0.0, .object(members($0.1))) })),
          ]
        ).text)
    }
    let all = evaluation.all
    let unit = evaluation.isStandardized ? ", in standard deviations" : ""
    let heading = evaluation.isStandardized ? ["All variables\(unit):"] : []
    let tables = rows("variable", variables) + [""] + heading + rows("step", steps)
    let lines =
      [
        "values              \(Format.count(all.count))",
        "density             \(Format.number(all.negativeLogLikelihood)) nats a value (-ln)\(unit)",
        "in 90 % intervals   \(String(format: "%.2f %%", 100 * all.coverage))", "",
      ] + tables
    try console.writeResult(lines.joined(separator: "\n") + "\n")
  }

  /// A line for each of some scores, beside those of the last value as a forecast.
  private func rows(_ title: String, _ scores: [(String, ForecastScore)]) -> [String] {
    let width = max(12, scores.map(\.0.count).max() ?? 0)
    func line(_ name: String, _ fields: [String]) -> String {
      padded(name, to: width)
        + fields.map { String(repeating: " ", count: max(1, 12 - $0.count)) + $0 }.joined()
    }
    return [line(title, ["-ln p", "RMSE", "MAE", "in 90 %", "naive RMSE", "naive MAE"])]
      + scores.map { name, score in
        line(
          name,
          [score.negativeLogLikelihood, score.rmse, score.mae].map(Format.number)
            + [String(format: "%.1f %%", 100 * score.coverage)]
            + [score.naiveRMSE, score.naiveMAE].map(Format.number))
      }
  }

  private func members(_ score: ForecastScore) -> [(key: String, value: JSON)] {
    [
      ("values", .integer(score.count)),
      ("negative_log_likelihood", .number(score.negativeLogLikelihood)),
      ("rmse", .number(score.rmse)), ("mae", .number(score.mae)),
      ("coverage_90", .number(score.coverage)), ("naive_rmse", .number(score.naiveRMSE)),
      ("naive_mae", .number(score.naiveMAE)),
    ]
  }
}
