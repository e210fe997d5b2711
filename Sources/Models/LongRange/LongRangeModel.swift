import Corpora
import Learning
import Recurrent
import Tensors

/// A recurrent layer and a linear read-out, for a ``LongRangeProblem``.
///
/// ```
/// y_t = W h_t + b      at the last step, or at every step
/// loss = mean (y - target)²   or   mean cross-entropy of softmax(y)
/// ```
public struct LongRangeModel: Module {
  /// The recurrent part.
  public let layers: RecurrentStack
  /// W [outputs, H], b [outputs].
  public let readOut: Linear

  public var parameters: [Parameter] { layers.parameters + readOut.parameters }

  /// The model of a method, as it starts.
  public init(_ method: LongRangeMethod, for problem: any LongRangeProblem, key: RandomKey) {
    layers = RecurrentStack([method.makeCell(inputSize: problem.inputSize, key: key.child(0))])
    readOut = Linear(
      inputs: method.hiddenSize, outputs: problem.outputSize, name: "decoder", key: key.child(1))
  }

  private init(layers: RecurrentStack, readOut: Linear) {
    self.layers = layers
    self.readOut = readOut
  }

  /// How the gradient of a batch's loss flows back through the layers.
  public func gradientFlow(_ batch: LongRangeBatch) -> GradientFlow {
    GradientFlow.measure(layers, lengths: batch.lengths) { twin in
      LongRangeModel(layers: twin, readOut: readOut).loss(batch, mode: .prediction)
    }
  }

  /// The outputs that are judged: [B, outputs] where the end is, else [T·B, outputs].
  public func outputs(_ batch: LongRangeBatch, mode: Mode) -> Variable {
    run(batch, mode: mode).outputs
  }

  /// The outputs, and the states h [T, B, H] that they are read from.
  private func run(
    _ batch: LongRangeBatch, mode: Mode
  ) -> (outputs: Variable, states: Variable) {
    let inputs = Variable(batch.inputTensor(size: layers.inputSize))
    let (states, last) = layers.run(inputs, lengths: batch.lengths, mode: mode)
    guard case .classes = batch.targets else {
      return (readOut(last.layers[last.layers.count - 1].output, mode: mode), states)
    }
    let rows = states.reshaped(to: [batch.steps * batch.count, layers.hiddenSize])
    return (readOut(rows, mode: mode), states)
  }

  /// The mean loss of a batch, a scalar.
  ///
  /// - Parameter structuralDamping: what it counts that the states stay where they are, in the
  ///   curvature alone (Martens & Sutskever 2011).
  public func loss(
    _ batch: LongRangeBatch, mode: Mode, structuralDamping: Double = 0
  ) -> Variable {
    let (outputs, states) = run(batch, mode: mode)
    var loss: Variable
    switch batch.targets {
    case .value(let targets):
      loss = outputs.squaredError(targets: Tensor(shape: [batch.count, 1], scalars: targets))
    case .class(let targets), .classes(let targets, _):
      loss = outputs.crossEntropy(targets: targets)
    }
    if structuralDamping > 0 {
      loss += states.proximity(weight: Float(structuralDamping) / Float(batch.count))
    }
    return loss
  }

  /// The mean loss and the share of what is wrong: of sequences, or where a sequence says several
  /// symbols, of symbols.
  public func judge(_ batch: LongRangeBatch) -> (loss: Double, wrong: Double) {
    let outputs = outputs(batch, mode: .prediction)
    switch batch.targets {
    case .value(let targets):
      let errors = zip(outputs.value.scalars, targets).map { abs($0 - $1) }
      let loss = errors.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(batch.count)
      // Not `>=`, so that NaN is wrong.
      let wrong = errors.count { !($0 < AddingProblem.tolerance) }
      return (loss, Double(wrong) / Double(batch.count))
    case .class(let targets):
      let wrong = zip(outputs.value.argmax(), targets).count { $0 != $1 }
      return (crossEntropy(outputs, targets), Double(wrong) / Double(batch.count))
    case .classes(let targets, let judged):
      let said = outputs.value.argmax()
      let rows = judged * batch.count..<batch.steps * batch.count
      let wrong = rows.count { said[$0] != targets[$0] }
      return (crossEntropy(outputs, targets), Double(wrong) / Double(rows.count))
    }
  }

  private func crossEntropy(_ outputs: Variable, _ targets: [Int32]) -> Double {
    Double(outputs.crossEntropy(targets: targets).value.scalars[0])
  }
}

extension LongRangeBatch {
  /// [T, B, I]; symbols as rows with a single 1.
  fileprivate func inputTensor(size: Int) -> Tensor {
    switch inputs {
    case .values(let values): Tensor(shape: [steps, count, size], scalars: values)
    case .symbols(let symbols):
      Tensor(shape: [steps, count, size]) { rows in
        rows.update(repeating: 0)
        for (row, symbol) in symbols.enumerated() { rows[row * size + Int(symbol)] = 1 }
      }
    }
  }
}
