import Foundation
import Tensors
import TestSupport
import Testing

@testable import Recurrent

@Suite("Samples of a vocabulary")
struct CandidateTests {
  @Test("log-Q is that of the proposal, by hand")
  func inclusion() {
    func probabilities(_ counts: [Int], _ samples: Int, _ proposal: Proposal) -> [Float] {
      CandidateSampler(counts: counts, samples: samples, proposal).logProbabilities.map {
        Float(exp(Double($0)))
      }
    }
    func expect(
      _ found: [Float], _ expected: [Double], _ location: SourceLocation = #_sourceLocation
    ) {
      for (found, expected) in zip(found, expected) {
        #expect(abs(Double(found) - expected) < 1e-6, sourceLocation: location)
      }
      #expect(found.count == expected.count, sourceLocation: location)
    }
    // κ = 2/10, for counts of 1 (for 0), 5, 3 and 1: the second is just certain.
    expect(probabilities([0, 5, 3, 1], 2, .unigram(power: 1)), [0.2, 1, 0.6, 0.2])
    // Three of a mass of 10: the second is certain, two of a mass of 5 are left, and so the third is.
    expect(probabilities([0, 5, 3, 1], 3, .unigram(power: 1)), [0.5, 1, 1, 0.5])
    // Square roots 1, 4, 3, 2.
    expect(probabilities([1, 16, 9, 4], 2, .unigram(power: 0.5)), [0.2, 0.8, 0.6, 0.4])
    // Ranks 3, 0, 1, 2: ln 5/4, ln 2, ln 3/2 and ln 4/3 of ln 5.
    expect(
      probabilities([0, 5, 3, 1], 2, .logUniform),
      [1.25, 2, 1.5, 4.0 / 3].map { 2 * log($0) / log(5) })
    // Equal counts by their ids.
    expect(
      probabilities([7, 7], 1, .logUniform), [log(2) / log(3), log(1.5) / log(3)])
    expect(probabilities([0, 5, 3, 1], 4, .unigram(power: 1)), [1, 1, 1, 1])
    expect(probabilities([0, 5, 3, 1], 90, .logUniform), [1, 1, 1, 1])
    expect(probabilities([3, 3, 3, 3], 1, .unigram(power: 0)), [0.25, 0.25, 0.25, 0.25])
  }

  @Test("tokens are drawn as often as log-Q says, each by itself")
  func frequencies() {
    let sampler = CandidateSampler(counts: [0, 9, 3, 1, 0, 30], samples: 3, .logUniform)
    let (count, key) = (20_000, RandomKey(seed: 2))
    var found = [Int](repeating: 0, count: 6)
    var pairs = 0
    for index in 0..<count {
      let drawn = sampler.draw(key.child(index))
      #expect(zip(drawn, drawn.dropFirst()).allSatisfy { $0 < $1 })
      for token in drawn { found[Int(token)] += 1 }
      pairs += drawn.contains(1) && drawn.contains(2) ? 1 : 0
    }
    let expected = sampler.logProbabilities.map { exp(Double($0)) }
    // Four standard deviations.
    func isNear(_ found: Int, _ p: Double) -> Bool {
      abs(Double(found) - p * Double(count)) <= 4 * (Double(count) * p * (1 - p)).squareRoot()
    }
    for (found, expected) in zip(found, expected) { #expect(isNear(found, expected)) }
    #expect(isNear(pairs, expected[1] * expected[2]))
    #expect(sampler.draw(key) == sampler.draw(key))
  }

  @Test("candidates are the sample and all targets, each once, rising")
  func candidates() {
    let both = Candidates(sample: [1, 4, 6], targets: [4, 7, -1, 0, 7, 4])
    #expect(both.tokens == [0, 1, 4, 6, 7])
    #expect(both.isSampled == [0, 1, 1, 1, 0])
    #expect(both.targets == [2, 4, -1, 0, 4, 2])
    let targets = Candidates(sample: [], targets: [3, 3])
    #expect(targets.tokens == [3] && targets.isSampled == [0] && targets.targets == [0, 0])
    let nothing = Candidates(sample: [], targets: [-1])
    #expect(nothing.tokens.isEmpty && nothing.targets == [-1])
  }

  /// Losses of four tokens whose logits are the logarithms of `weights`, whatever h, and the gradient
  /// of their biases.
  private func biases(
    _ objective: CandidateObjective, weights: [Double], pi: [Double], z: Double = 1,
    sample: [Int32], targets: [Int32]
  ) -> (losses: [Float], gradient: [Float]) {
    let bias = Parameter("bias", Tensor(shape: [4], scalars: weights.map { Float(log($0)) }))
    let normalizer = Variable(Tensor(shape: [1], scalars: [Float(log(z))]))
    let (loss, losses) = candidateLoss(
      objective, Variable(Tensor(zeros: [targets.count, 2])),
      weight: Variable(Tensor(zeros: [4, 2])), bias: bias.variable(.training(RandomKey(seed: 1))),
      normalizer: objective == .noiseContrast ? normalizer : nil,
      candidates: Candidates(sample: sample, targets: targets),
      logProbabilities: pi.map { Float(log($0)) }, scale: 1)
    loss.backward()
    return (losses, bias.denseGradient.scalars)
  }

  @Test("losses of fixed samples are those worked out by hand")
  func byHand() {
    // e^u/π is 4, 12, 8 and 8.
    let (weights, pi) = ([2.0, 3, 4, 1], [0.5, 0.25, 0.5, 0.125])
    func expect(
      _ found: [Float], _ expected: [Double], _ location: SourceLocation = #_sourceLocation
    ) {
      for (found, expected) in zip(found, expected) {
        #expect(abs(Double(found) - expected) < 2e-6, sourceLocation: location)
      }
      #expect(found.count == expected.count, sourceLocation: location)
    }
    // Token 0 beside the sample, 1 and 3; and token 1, which is in it and stands once.
    let softmax = biases(.softmax, weights: weights, pi: pi, sample: [1, 3], targets: [0, 1])
    expect(softmax.losses, [log(24.0 / 4), log(20.0 / 12)])
    expect(
      softmax.gradient,
      [4.0 / 24 - 1, 12.0 / 24 + 12.0 / 20 - 1, 0, 8.0 / 24 + 8.0 / 20])
    // The same over Z = 2: 2, 6, 4 and 4. Token 1 is data of the second row, and noise of it, too.
    let contrast = biases(
      .noiseContrast, weights: weights, pi: pi, z: 2, sample: [1, 3], targets: [0, 1])
    expect(contrast.losses, [log(1.5 * 7 * 5), log(7.0 / 6 * 7 * 5)])
    expect(contrast.gradient, [-1.0 / 3, 6.0 / 7 + (6.0 / 7 - 1.0 / 7), 0, 4.0 / 5 + 4.0 / 5])
  }

  @Test(
    "where the logits are those of the targets' distribution nothing is left to learn: log-Q is right",
    arguments: [CandidateObjective.softmax, .noiseContrast])
  func expectation(objective: CandidateObjective) {
    // The mean gradient over all targets and all samples there are.
    let (p, pi) = ([0.5, 0.1, 0.15, 0.25], [0.9, 0.2, 0.5, 0.3])
    // Noise contrast finds Z; a softmax does without.
    let z = 3.0
    var mean = [Double](repeating: 0, count: 4)
    var size = 0.0
    for subset in 0..<16 {
      let sample = (0..<4).filter { subset >> $0 & 1 == 1 }
      let chance = (0..<4).reduce(1) { $0 * (sample.contains($1) ? pi[$1] : 1 - pi[$1]) }
      for target in 0..<4 {
        let gradient = biases(
          objective, weights: p.map { $0 * z }, pi: pi, z: z, sample: sample.map(Int32.init),
          targets: [Int32(target)]
        ).gradient
        for (token, value) in gradient.enumerated() {
          mean[token] += chance * p[target] * Double(value)
          size += chance * p[target] * abs(Double(value))
        }
      }
    }
    #expect(mean.allSatisfy { abs($0) < 1e-6 } && size > 0.3, "\(mean)")
  }

  @Test("the blocks in which rows are worked off change no row")
  func blocks() {
    let (rows, vocabulary) = (29, 40)
    let hidden = Parameter("hidden", .random([rows, 3], seed: 1))
    let weight = Parameter("weight", .random([vocabulary, 3], seed: 2))
    let bias = Parameter("bias", .random([vocabulary], seed: 3))
    let sampler = CandidateSampler(
      counts: (0..<vocabulary).map { 100 / ($0 + 1) }, samples: 12, .logUniform)
    let mode = Mode.training(RandomKey(seed: 1))
    for objective in [CandidateObjective.softmax, .noiseContrast] {
      func pass(_ blockRows: Int) -> (losses: [Float], hidden: Tensor, weight: Tensor) {
        for parameter in [hidden, weight, bias] { parameter.clearGradient() }
        let (loss, losses) = candidateLoss(
          objective, hidden.variable(mode), weight: weight.variable(mode),
          bias: bias.variable(mode),
          normalizer: objective == .noiseContrast
            ? Variable(Tensor(shape: [1], scalars: [1])) : nil,
          candidates: Candidates(
            sample: sampler.draw(RandomKey(seed: 4)),
            targets: (0..<rows).map { Int32($0 * 7 % vocabulary) - ($0 % 6 == 0 ? 99 : 0) }),
          logProbabilities: sampler.logProbabilities, scale: 0.5, blockRows: blockRows)
        loss.backward()
        return (losses, hidden.denseGradient, weight.denseGradient)
      }
      let whole = pass(64)
      for blockRows in [1, 4, 28] {
        let parts = pass(blockRows)
        #expect(parts.losses == whole.losses && parts.hidden == whole.hidden)
        // Sums over rows, taken in another order.
        #expect(relativeError(parts.weight, whole.weight) < 1e-6)
      }
    }
  }
}
