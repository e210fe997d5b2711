import Corpora
import Foundation
import Recurrent
import Tensors

/// What is expected of one variable at one step: a normal distribution.
public struct Forecast: Sendable, Equatable {
  /// Its mean.
  public var mean: Double
  /// Its standard deviation.
  public var deviation: Double

  /// Half the width of the interval that holds nine of ten values, in deviations.
  static let ninety = 1.6448536269514722

  /// Where the interval that holds nine of ten values begins: one value of twenty is below.
  public var low: Double { mean - Self.ninety * deviation }
  /// Where it ends: one value of twenty is above.
  public var high: Double { mean + Self.ninety * deviation }

  /// -ln of the density at `value`.
  func negativeLogDensity(at value: Double) -> Double {
    let distance = (value - mean) / deviation
    return 0.5 * distance * distance + log(deviation) + 0.5 * log(2 * Double.pi)
  }
}

extension Forecaster {
  /// What is expected of the k steps after the end of `series`, of at least one step: by step, and in it
  /// by variable.
  public func forecast(after series: Series) -> [[Forecast]] {
    var last: [[Forecast]] = []
    forEachStep(of: series, from: series.steps - 1) { _, forecasts in last = forecasts }
    return last
  }

  /// Steps of a series that are read at once: fewer where each has many values to predict.
  private var piece: Int {
    let values = configuration.horizon * variables.count
    return max(1, min(Self.longestPiece, Self.mostValues / values))
  }

  /// Calls `body` with each step of `series` from step `first` on, and what is expected after it.
  private func forEachStep(
    of series: Series, from first: Int = 0,
    _ body: (_ step: Int, _ forecasts: [[Forecast]]) -> Void
  ) {
    let (width, horizon) = (variables.count, configuration.horizon)
    precondition(series.width == width, "a series of \(series.width) variables for \(width)")
    var state: RecurrentStack.State?
    for start in stride(from: 0, to: series.steps, by: piece) {
      let range = start..<min(series.steps, start + piece)
      let inputs = Tensor(
        shape: [range.count, 1, width], scalars: scale.standardized(series[range].values))
      let found = predict(inputs, from: state, mode: .prediction)
      state = found.state
      guard range.upperBound > first else { continue }
      let (means, deviations) = (found.means.value.scalars, found.deviations.value.scalars)
      for step in range where step >= first {
        body(
          step,
          (0..<horizon).map { ahead in
            (0..<width).map { variable in
              let place = ((step - start) * horizon + ahead) * width + variable
              let unit = Double(scale.deviations[variable])
              return Forecast(
                mean: Double(means[place]) * unit + Double(scale.means[variable]),
                deviation: Double(deviations[place]) * unit)
            }
          })
      }
    }
  }

  /// How well the values of `series` are expected, from its first step on.
  public func evaluate(_ series: [Series]) -> ForecasterEvaluation {
    var evaluation = ForecasterEvaluation(
      horizon: configuration.horizon, deviations: scale.deviations.map(Double.init))
    for series in series {
      forEachStep(of: series) { step, forecasts in
        for ahead in 0..<min(configuration.horizon, series.steps - 1 - step) {
          for variable in variables.indices {
            func value(_ step: Int) -> Double {
              Double(series.values[step * variables.count + variable])
            }
            evaluation.scores[ahead][variable].add(
              forecasts[ahead][variable], value: value(step + 1 + ahead), last: value(step))
          }
        }
      }
    }
    return evaluation
  }
}

/// How well values were expected.
public struct ForecastScore: Sendable, Equatable {
  /// Values.
  public private(set) var count = 0
  private var density = 0.0
  private var squares = 0.0
  private var magnitudes = 0.0
  private var covered = 0
  private var naiveSquares = 0.0
  private var naiveMagnitudes = 0.0

  /// Nothing counted yet.
  public init() {}

  mutating func add(_ forecast: Forecast, value: Double, last: Double) {
    count += 1
    density += forecast.negativeLogDensity(at: value)
    squares += (value - forecast.mean) * (value - forecast.mean)
    magnitudes += (value - forecast.mean).magnitude
    // No range of low to high: of a forecaster that diverges they are no numbers, which ranges trap on.
    if (value - forecast.mean).magnitude <= Forecast.ninety * forecast.deviation { covered += 1 }
    naiveSquares += (value - last) * (value - last)
    naiveMagnitudes += (value - last).magnitude
  }

  static func + (a: Self, b: Self) -> Self {
    var sum = a
    sum.count += b.count
    sum.density += b.density
    sum.squares += b.squares
    sum.magnitudes += b.magnitudes
    sum.covered += b.covered
    sum.naiveSquares += b.naiveSquares
    sum.naiveMagnitudes += b.naiveMagnitudes
    return sum
  }

  /// The same of values in units of `deviation`.
  func divided(by deviation: Double) -> Self {
    var score = self
    // A density of values in their own unit is one of values in the other, divided by the deviation.
    score.density -= Double(count) * log(deviation)
    score.squares /= deviation * deviation
    score.magnitudes /= deviation
    score.naiveSquares /= deviation * deviation
    score.naiveMagnitudes /= deviation
    return score
  }

  private func mean(_ sum: Double) -> Double { count > 0 ? sum / Double(count) : 0 }

  /// The mean of -ln of the density, in nats a value; it depends on the unit of the values.
  public var negativeLogLikelihood: Double { mean(density) }
  /// The root of the mean squared error of the means.
  public var rmse: Double { mean(squares).squareRoot() }
  /// The mean absolute error of the means.
  public var mae: Double { mean(magnitudes) }
  /// The share of values within their interval of nine in ten.
  public var coverage: Double { mean(Double(covered)) }
  /// The root of the mean squared error of the last value as a forecast.
  public var naiveRMSE: Double { mean(naiveSquares).squareRoot() }
  /// The mean absolute error of the last value as a forecast.
  public var naiveMAE: Double { mean(naiveMagnitudes) }
}

/// How well a forecaster does, by step ahead and by variable.
///
/// What is said of a variable is in its own unit. What is said of several together (``byStep``, ``all``) is
/// in standard deviations of the training data, as values of different units do not add up: errors are
/// divided by their variable's deviation, and its logarithm is subtracted from -ln of the density. Of a
/// single variable everything is in its own unit.
public struct ForecasterEvaluation: Sendable, Equatable {
  /// By step ahead, from the first, and in it by variable, each in its own unit.
  public internal(set) var scores: [[ForecastScore]]
  /// The deviation of each variable in the training data.
  public let deviations: [Double]

  init(horizon: Int, deviations: [Double]) {
    scores = Array(
      repeating: Array(repeating: ForecastScore(), count: deviations.count), count: horizon)
    self.deviations = deviations
  }

  /// Whether ``byStep`` and ``all`` are in standard deviations: they are of several variables.
  public var isStandardized: Bool { deviations.count > 1 }

  /// Of all steps ahead together, by variable, in its own unit.
  public var byVariable: [ForecastScore] {
    scores[0].indices.map { variable in
      scores.reduce(ForecastScore()) { $0 + $1[variable] }
    }
  }

  /// Of all variables together, by step ahead; of several variables in standard deviations.
  public var byStep: [ForecastScore] {
    scores.map { step in
      zip(step, deviations).reduce(ForecastScore()) { sum, pair in
        sum + (isStandardized ? pair.0.divided(by: pair.1) : pair.0)
      }
    }
  }

  /// Of everything; of several variables in standard deviations.
  public var all: ForecastScore { byStep.reduce(ForecastScore(), +) }
}
