import Recurrent
import Tensors
import TestSupport
import Testing

@testable import Models

@Suite("Decoders")
struct SequenceDecoderTests {
  private let sources: [[Int32]] = [[3, 4, 5], [6], [5, 5, 3, 4], [], [4, 3]]
  private let targets: [[Int32]] = [
    [3, 4], [5, 3, 3, 4], [], [4], [4, 5, 3, 3, 5, 4, 3, 3, 5, 4],
  ]

  @Test(
    "steps of prediction say what a run of the whole target says, up to rounding",
    arguments: DecoderForm.all)
  func stepsAreRun(form: DecoderForm) throws {
    let translator = try form.translator(hidden: 18)
    let batch = TargetBatch(
      targets, start: translator.specials.start, end: translator.specials.end)
    let source = translator.encode(sources, mode: .prediction)
    let run = translator.decoder.read(
      batch.inputs, steps: batch.steps, from: source, mode: .prediction
    )
    let (memory, start) = translator.decoder.beginBranching(source)
    var state = start
    let count = targets.count
    for step in 0..<batch.steps {
      let taken = translator.decoder.branch(
        Array(batch.inputs[step * count..<(step + 1) * count]), from: state,
        RowSelection(all: count), memory, starts: Array(0...count))
      state = taken.state
      let expected = run.sliced(step..<step + 1).value
      let found = taken.readouts.value.reshaped(to: expected.shape)
      #expect(relativeError(found, expected) < 1e-6, "step \(step)")
    }
  }

  @Test("a pair in a padded batch is the pair alone, bit for bit", arguments: DecoderForm.all)
  func alone(form: DecoderForm) throws {
    let translator = try form.translator(hidden: 18)
    let together = translator.tokenLosses(sources: sources, targets: targets)
    for index in sources.indices {
      let alone = translator.tokenLosses(sources: [sources[index]], targets: [targets[index]])
      #expect(together[index] == alone[0])
    }
  }

  @Test("one thread and two give the same loss and gradients", arguments: DecoderForm.all)
  func threads(form: DecoderForm) throws {
    let translator = try form.translator(hidden: 34)
    let results = [1, 2].map { count in
      ThreadTeam.$current.withValue(ThreadTeam(threads: count)) { gradients(translator) }
    }
    #expect(results[0] == results[1])
  }

  private func gradients(_ translator: Translator) -> [Tensor] {
    let mode = Mode.training(RandomKey(seed: 3))
    let batch = TargetBatch(
      targets, start: translator.specials.start, end: translator.specials.end)
    for parameter in translator.parameters { parameter.clearGradient() }
    let (loss, _) = translator.decoder.loss(
      batch.inputs, targets: batch.targets, steps: batch.steps,
      from: translator.encode(sources, mode: mode.child(0)), scale: 0.25, mode: mode.child(1))
    loss.backward()
    return [loss.value] + translator.parameters.map(\.denseGradient)
  }

  /// The whole of it, from the sources' vectors to the loss. In Float a central difference is good to some
  /// 10⁻³ of a gradient's norm, and to the rounding of the loss over twice the step, some 10⁻⁵; a wrong term is
  /// off by 10⁻² and more, and the parts are tested in Double.
  @Test("gradients are those of the loss", arguments: DecoderForm.all)
  func centralDifferences(form: DecoderForm) throws {
    let translator = try form.translator()
    let analytic = gradients(translator).dropFirst()
    func loss() -> Double {
      let losses = translator.tokenLosses(sources: sources, targets: targets)
      return 0.25 * losses.joined().reduce(0) { $0 + Double($1) }
    }
    for (parameter, gradient) in zip(translator.parameters, analytic) {
      // Along the gradient itself, and along a random direction.
      for direction in [gradient, RandomKey(seed: 9).uniform(gradient.shape, from: -1, to: 1)] {
        let norm = direction.scalars.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        guard norm > 0 else { continue }
        let step = 0.02 / norm
        let value = parameter.value
        func moved(_ by: Double) -> Double {
          parameter.value = Tensor(
            shape: value.shape,
            scalars: zip(value.scalars, direction.scalars).map { $0 + Float(by) * $1 })
          defer { parameter.value = value }
          return loss()
        }
        let numeric =
          (8 * (moved(step) - moved(-step)) - (moved(2 * step) - moved(-2 * step))) / (12 * step)
        let expected = zip(gradient.scalars, direction.scalars).reduce(0.0) {
          $0 + Double($1.0) * Double($1.1)
        }
        let scale = gradient.scalars.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() * norm
        #expect(abs(numeric - expected) < 2e-3 * scale + 4e-5, "\(parameter.name)")
      }
    }
  }

  @Test(
    "masks are drawn anew for each step between layers, and once for a run in the recurrence",
    arguments: [false, true])
  func masks(isVariational: Bool) throws {
    // A decoder that goes step by step and one that runs at once drop the same: with attention that sees
    // nothing of the step before, both can be asked.
    var rates = NetworkDropout(hidden: 0.5, isVariational: isVariational)
    rates.recurrent.state = 0.5
    let stack = RecurrentStack(
      StackConfiguration(
        .gru, inputSize: 5, hiddenSize: 6, layers: 2, dropout: rates.hidden,
        isVariational: isVariational, recurrentDropout: rates.recurrent),
      key: RandomKey(seed: 1))
    let mode = Mode.training(RandomKey(seed: 4))
    let inputs = RandomKey(seed: 5).uniform([4, 3, 5], from: -1, to: 1)
    let run = stack.run(Variable(inputs), mode: mode).outputs.value.scalars
    var state = stack.zeroState(batch: 3)
    var outputs: [[Float]] = []
    for (t, input) in Variable(inputs).unstacked().enumerated() {
      let taken = stack.step(input, state, at: t, mode: mode)
      state = taken.state
      outputs.append(taken.output.value.scalars)
    }
    if isVariational {
      #expect(outputs.flatMap { $0 } == run)
    } else {
      // The masks of a run between layers are drawn over all of it, those of steps for each.
      let stepwise = outputs.flatMap { $0 }
      #expect(stepwise != run && stepwise.allSatisfy(\.isFinite))
    }
  }

  @Test("a decoder says what is wrong with it")
  func faults() {
    func fault(_ change: (inout SequenceDecoderConfiguration) -> Void) -> String? {
      var configuration = SequenceDecoderConfiguration(embeddingSize: 4, hiddenSize: 8)
      change(&configuration)
      return configuration.fault(memorySize: 6)
    }
    #expect(fault { _ in } == nil)
    #expect(fault { $0.attention = .dot }?.contains("8 and 6") == true)
    #expect(
      fault {
        $0.context = .before
        $0.feedsReadout = true
      }?.contains("after a step") == true)
    #expect(fault { $0.isTied = true }?.contains("8 and 4") == true)
    #expect(
      fault {
        $0.isTied = true
        $0.output = .adaptive()
      }?.contains("no matrix to share") == true)
    #expect(fault { $0.cell = .window }?.contains("window") == true)
    #expect(fault { $0.hiddenSize = 0 }?.contains("not 0") == true)
    #expect(fault { $0.dropout.output = 1 }?.contains("[0, 1)") == true)
  }
}
