import ModelFiles
import Models
import Recurrent
import Tensors

/// How long one step of prediction takes: a token of each of B streams in, logits out, the state
/// carried on.
struct StepMeasurement {
  let microseconds: Double
  let fractionOfPeak: Double

  /// Measures for about `seconds` after a warm-up. As a user would, takes the better of all threads
  /// and one alone: a small step is not worth a barrier.
  init(
    _ shape: StepShape, batch: Int, precision: WeightPrecision, seconds: Double
  ) throws {
    let model = try benchModel(
      .lstm, vocabulary: shape.vocabulary, embedding: shape.embedding, hidden: shape.hidden,
      layers: shape.layers)
    if precision == .half {
      // As they would be read from a file.
      for parameter in model.parameters {
        let halves = parameter.value.scalars.map(HalfPrecision.bits(nearestTo:))
        parameter.value = Tensor(
          shape: parameter.shape, scalars: halves.map(HalfPrecision.value(of:)))
      }
    }
    var peak = PeakRate(duration: 0.005)
    for _ in 0..<5 { peak.sample() }
    let teams = ThreadTeam.current.threadCount > 1 ? [ThreadTeam.current, .solo] : [.solo]
    let times = teams.map { team in
      ThreadTeam.$current.withValue(team) {
        Self.median(model, shape, batch: batch, seconds: seconds / Double(teams.count))
      }
    }
    for _ in 0..<5 { peak.sample() }
    let best = times.min() ?? .nan
    microseconds = best * 1e6
    fractionOfPeak = shape.operations * Double(batch) / best / peak.median
  }

  private static func median(
    _ model: LanguageModel, _ shape: StepShape, batch: Int, seconds: Double
  ) -> Double {
    let words = RandomKey(seed: 3).words(64 * batch).map { Int32($0 % UInt32(shape.vocabulary)) }
    var state = model.initialState(batch: batch)
    var times: [Double] = []
    let begin = secondsNow()
    while times.count < 20 || secondsNow() - begin < seconds {
      let first = times.count % 64 * batch
      let tokens = Array(words[first..<first + batch])
      let start = secondsNow()
      state = model.step(tokens, state).state
      times.append(secondsNow() - start)
    }
    return middle(of: Array(times.dropFirst(10)))
  }
}
