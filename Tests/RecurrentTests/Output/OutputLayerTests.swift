import Foundation
import Tensors
import TestSupport
import Testing

@testable import Recurrent

@Suite("Output layers")
struct OutputLayerTests {
  /// Relative to the norm, as for the cells.
  static let tolerance = 2e-6
  /// Of 17 tokens, not in the order of their ids, some equal and some never seen.
  static let counts = [0, 3, 40, 1, 1, 7, 0, 12, 5, 2, 2, 90, 1, 20, 0, 3, 6]

  @Test(
    "loss and each element of all gradients are those of the definition in Double",
    arguments: OutputConfiguration.examples)
  func definition(configuration: OutputConfiguration) {
    for isTied in configuration.kind.canBeTied ? [false, true] : [false] {
      var output = OutputCase(
        configuration, rows: 7, inputs: 3, counts: Self.counts, isTied: isTied)
      output.targets[3] = -1
      // Twice the same token, and the most frequent one.
      output.targets.replaceSubrange(4...6, with: [11, 0, 0])
      expectDefinition(output)
    }
  }

  @Test(
    "sizes that leave a head, a cluster, a class or a sample of one token, or none",
    arguments: [
      (.adaptive(cutoffs: [1]), 5), (.adaptive(cutoffs: [4]), 5), (.adaptive(cutoffs: [1, 2]), 3),
      (.adaptive(cutoffs: nil), 1), (.adaptive(cutoffs: nil), 2), (.adaptive(cutoffs: nil), 5),
      (.classFactored(classes: 1), 5), (.classFactored(classes: 5), 5),
      (.classFactored(classes: nil), 1), (.classFactored(classes: nil), 2),
      (.sampled(samples: 1), 5), (.sampled(samples: 5), 5), (.sampled(samples: 1), 1),
      (.nce(samples: 1), 5), (.nce(samples: 90), 5), (.nce(samples: 1), 1),
    ] as [(OutputConfiguration, Int)])
  func awkwardSizes(configuration: OutputConfiguration, vocabulary: Int) {
    for inputs in [1, 3] {
      let counts = Array(Self.counts.suffix(vocabulary))
      let output = OutputCase(configuration, rows: 4, inputs: inputs, counts: counts)
      expectDefinition(output)
      expectDistribution(output)
    }
  }

  private func expectDefinition(
    _ output: OutputCase, _ location: SourceLocation = #_sourceLocation
  ) {
    let (result, operands, reference) = (output.pass(), output.operands, output.reference)
    let losses = reference.losses(operands)
    #expect(
      relativeError(result.losses.map(Double.init), losses) < Self.tolerance,
      sourceLocation: location)
    #expect(
      relativeError([Double(result.loss)], [reference.loss(operands)]) < Self.tolerance,
      sourceLocation: location)
    for (name, gradient) in result.gradients {
      let operand = name == output.shared?.name ? "decoder.weight" : name
      let expected = centralDifferences(of: operand, operands, reference.loss)
      // Where all is certain there is no gradient but the rounding of the differences.
      let norm = dot(expected, expected).squareRoot()
      let error = zip(gradient.doubles, expected).reduce(0) { $0 + pow($1.0 - $1.1, 2) }
      #expect(
        error.squareRoot() < Self.tolerance * norm + 1e-9, "gradient of \(name)",
        sourceLocation: location)
    }
  }

  @Test(
    "probabilities sum to one over the vocabulary, and losses in prediction are their logarithms",
    arguments: OutputConfiguration.examples)
  func distribution(configuration: OutputConfiguration) {
    expectDistribution(OutputCase(configuration, rows: 9, inputs: 5, counts: Self.counts))
    expectDistribution(
      OutputCase(configuration, rows: 3, inputs: 5, counts: Self.counts, range: 6))
  }

  private func expectDistribution(
    _ output: OutputCase, _ location: SourceLocation = #_sourceLocation
  ) {
    let hidden = output.hidden.value
    let logProbabilities = output.layer.logProbabilities(hidden)
    #expect(logProbabilities.shape == [hidden.shape[0], output.counts.count])
    let logits = Variable(output.layer.logits(hidden)).logSoftmax().value
    #expect(relativeError(logits, logProbabilities) < 1e-6, sourceLocation: location)
    for row in 0..<hidden.shape[0] {
      let sum = output.counts.indices.reduce(0) { $0 + exp(Double(logProbabilities[row, $1])) }
      #expect(abs(sum - 1) < 1e-5, sourceLocation: location)
    }
    for token in output.counts.indices {
      let targets = [Int32](repeating: Int32(token), count: hidden.shape[0])
      for (row, loss) in output.layer.losses(hidden, targets: targets).enumerated() {
        let expected = -logProbabilities[row, token]
        #expect(abs(loss - expected) < 4e-6 * max(1, expected), sourceLocation: location)
      }
    }
  }

  @Test("a row of a batch is the row alone, bit for bit", arguments: OutputConfiguration.examples)
  func batchIsRows(configuration: OutputConfiguration) {
    var output = OutputCase(configuration, rows: 9, inputs: 5, counts: Self.counts)
    output.targets[2] = -1
    let (hidden, targets) = (output.hidden.value, output.targets)
    let losses = output.layer.losses(hidden, targets: targets)
    let logProbabilities = output.layer.logProbabilities(hidden)
    let together = output.pass()
    for row in targets.indices {
      let own = Tensor(shape: [1, 5], scalars: hidden.scalars[row * 5..<(row + 1) * 5])
      #expect(output.layer.losses(own, targets: [targets[row]]) == [losses[row]])
      #expect(
        output.layer.logProbabilities(own).scalars[...]
          == logProbabilities.scalars[row * 17..<(row + 1) * 17])
      // In training rows share the sample, and each other's targets in its place.
      guard !configuration.kind.isSampled else { continue }
      var alone = OutputCase(configuration, rows: 1, inputs: 5, counts: Self.counts)
      alone.targets = [targets[row]]
      alone.hidden.value = own
      #expect(
        alone.pass().gradients["hidden"]!.scalars[...]
          == together.gradients["hidden"]!.scalars[row * 5..<(row + 1) * 5])
    }
  }

  @Test("one thread, two and three give the same bits", arguments: OutputConfiguration.examples)
  func threads(configuration: OutputConfiguration) {
    // Large enough that products, rows and classes are all shared.
    let counts = (0..<3000).map { 30_000 / ($0 + 1) }
    let larger: OutputConfiguration =
      switch configuration {
      case .full: .full
      case .sampled(_, let proposal): .sampled(samples: 900, proposal)
      case .nce(_, let proposal, let learns):
        .nce(samples: 900, proposal, learnsNormalizer: learns)
      case .adaptive: .adaptive(cutoffs: [100, 700])
      case .classFactored: .classFactored(classes: 30)
      }
    let output = OutputCase(larger, rows: 90, inputs: 8, counts: counts)
    func everything() -> (OutputCase.Pass, [Float]) {
      (output.pass(), output.layer.losses(output.hidden.value, targets: output.targets))
    }
    let one = ThreadTeam.$current.withValue(.solo) { everything() }
    for count in [2, 3] {
      let more = ThreadTeam.$current.withValue(ThreadTeam(threads: count)) { everything() }
      #expect(more == one)
    }
  }

  @Test(
    "rows without a target count nowhere, and where none has one nothing is learned",
    arguments: OutputConfiguration.examples)
  func ignoredTargets(configuration: OutputConfiguration) {
    var output = OutputCase(configuration, rows: 4, inputs: 5, counts: Self.counts)
    output.targets = [-1, 3, -1, 5]
    let some = output.pass()
    #expect(some.losses[0] == 0 && some.losses[2] == 0 && some.losses[1] > 0)
    let hidden = some.gradients["hidden"]!.scalars
    #expect(hidden[0..<5].allSatisfy { $0 == 0 } && hidden[10..<15].allSatisfy { $0 == 0 })
    output.targets = [-1, -1, -1, -1]
    for nothing in [
      output.pass(), OutputCase(configuration, rows: 0, inputs: 5, counts: Self.counts).pass(),
    ] {
      #expect(nothing.loss == 0 && nothing.losses.allSatisfy { $0 == 0 })
      for (name, gradient) in nothing.gradients {
        #expect(gradient == Tensor(zeros: gradient.shape), "gradient of \(name)")
      }
    }
  }

  @Test(
    "a gradient from above other than one scales all gradients",
    arguments: OutputConfiguration.examples)
  func seed(configuration: OutputConfiguration) {
    let output = OutputCase(configuration, rows: 6, inputs: 5, counts: Self.counts)
    let (one, four) = (output.pass(), output.pass(seed: 4))
    for (name, gradient) in one.gradients {
      #expect(four.gradients[name]!.scalars == gradient.scalars.map { 4 * $0 }, "\(name)")
    }
  }

  @Test("the gradients of samples, classes and clusters are of their rows alone")
  func sparseGradients() {
    func rows(_ output: OutputCase, _ name: String) -> [Int32]? {
      _ = output.pass()
      guard case .rows(let rows) = output.parameters.first(where: { $0.name == name })?.gradient
      else { return nil }
      return rows.rows
    }
    for configuration in OutputConfiguration.examples where configuration.kind.isSampled {
      let output = OutputCase(configuration, rows: 3, inputs: 5, counts: Self.counts)
      let met = Set(output.sample).union(output.targets)
      #expect(rows(output, "decoder.weight") == met.sorted() && met.count < 17)
    }
    // By falling count: tokens 11 and 2, then 13 and 7, …
    var classes = OutputCase(
      .classFactored(classes: 17), rows: 2, inputs: 5, counts: Self.counts)
    classes.targets = [7, 11]
    #expect(rows(classes, "decoder.weight") == [0, 3])
    var adaptive = OutputCase(
      .adaptive(cutoffs: [4, 9]), rows: 2, inputs: 5, counts: Self.counts)
    adaptive.targets = [7, 0]
    _ = adaptive.pass()
    for (name, isMet) in [("head", true), ("tail.0.1", false), ("tail.1.1", true)] {
      let parameter = adaptive.parameters.first { $0.name == "decoder.\(name).weight" }
      let hasGradient = if case .dense = parameter?.gradient { true } else { false }
      #expect(hasGradient == isMet, "\(name)")
    }
  }

  @Test("a sample of the whole vocabulary is the full softmax")
  func wholeVocabulary() {
    for samples in [17, 1000] {
      let full = OutputCase(.full, rows: 9, inputs: 5, counts: Self.counts).pass()
      let sampled = OutputCase(.sampled(samples: samples), rows: 9, inputs: 5, counts: Self.counts)
        .pass()
      #expect(sampled.losses == full.losses)
      for (name, gradient) in full.gradients {
        #expect(relativeError(sampled.gradients[name]!, gradient) < 1e-6, "gradient of \(name)")
      }
    }
  }

  @Test(
    "names and shapes of the parameters are known beforehand",
    arguments: OutputConfiguration.examples)
  func tensorShapes(configuration: OutputConfiguration) {
    for isTied in configuration.kind.canBeTied ? [false, true] : [false] {
      let layer = OutputCase(
        configuration, rows: 1, inputs: 5, counts: Self.counts, isTied: isTied
      ).layer
      let shapes = configuration.tensorShapes(inputs: 5, vocabularySize: 17, isTied: isTied)
      #expect(shapes.map(\.name) == layer.parameters.map(\.name))
      #expect(shapes.map(\.shape) == layer.parameters.map(\.shape))
    }
  }

  @Test("a configuration is its JSON again, decided or not")
  func json() throws {
    for configuration in OutputConfiguration.examples + [.adaptive(), .classFactored()] {
      for one in [configuration, configuration.resolved(vocabularySize: 100)] {
        let data = try JSONEncoder().encode(one)
        #expect(try JSONDecoder().decode(OutputConfiguration.self, from: data) == one)
      }
    }
    #expect(
      OutputConfiguration.adaptive().resolved(vocabularySize: 100) == .adaptive(cutoffs: [5, 25]))
    #expect(
      OutputConfiguration.classFactored().resolved(vocabularySize: 101)
        == .classFactored(classes: 11))
  }

  @Test("numbers that make no layer are named")
  func faults() {
    func fault(_ configuration: OutputConfiguration, _ vocabularySize: Int? = nil) -> String? {
      configuration.fault(vocabularySize: vocabularySize)
    }
    #expect(OutputConfiguration.examples.allSatisfy { fault($0, 17) == nil })
    #expect(fault(.sampled(samples: 0)) == "the number of samples is at least 1, not 0")
    #expect(
      fault(.nce(samples: 1, .unigram(power: .nan)))
        == "the power of unigram proposals is from 0 to 1, not nan")
    #expect(fault(.adaptive(cutoffs: []), 1) == nil)
    for cutoffs in [[0], [3, 3], [4, 2]] {
      #expect(
        fault(.adaptive(cutoffs: cutoffs))?.hasPrefix("the cut-offs of an adaptive softmax rise")
          == true)
    }
    #expect(fault(.adaptive(cutoffs: [3, 17])) == nil)
    #expect(
      fault(.adaptive(cutoffs: [3, 17]), 17)
        == "the cut-offs of an adaptive softmax are below the 17 tokens of the vocabulary, not 3, 17"
    )
    #expect(fault(.classFactored(classes: 0)) == "the number of classes is at least 1, not 0")
    #expect(
      fault(.classFactored(classes: 18), 17)
        == "there are at most as many classes as the 17 tokens of the vocabulary, not 18")
  }
}
