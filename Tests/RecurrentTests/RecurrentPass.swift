import Recurrent
import Tensors

/// What goes into a stack, and the gradients that come from above: one case of a test.
struct RecurrentCase {
  /// [T, B, I].
  var inputs: Tensor
  var lengths: [Int32]? = nil
  /// The parts [B, H] of each layer's initial state, or nil.
  var states: [[Tensor]]?
  /// ∂L/∂outputs [T, B, H], nil where the loss does not depend on them.
  var outputGradient: Tensor?
  /// ∂L/∂(last state), as `states`; nil where the loss does not depend on it.
  var stateGradients: [[Tensor]]?

  var batch: Int { inputs.shape[1] }
}

/// What a stack made of a case: outputs, last states and every gradient by name.
struct RecurrentResult {
  /// [T, B, H].
  var outputs: Tensor
  /// The parts [B, H] of each layer's last state.
  var states: [[Tensor]]
  /// Of `input`, `rnn.h0_l0`, `rnn.c0_l0`, … and all parameters.
  var gradients: [String: Tensor]
}

/// How a case is worked through.
enum Drive {
  /// All steps as one operation.
  case run
  /// Step by step, all sequences to the end.
  case steps
}

extension RecurrentStack {
  /// One forward and backward pass with gradients of everything that went in.
  func pass(
    _ this: RecurrentCase, drive: Drive = .run, mode: Mode = .training(RandomKey(seed: 1))
  ) -> RecurrentResult {
    for parameter in parameters { parameter.clearGradient() }
    let input = Parameter("input", this.inputs)
    let initial = this.states.map { layers in
      layers.enumerated().map { layer, parts in
        zip(stateNames(layer: layer, parts: parts.count, self), parts).map { Parameter($0, $1) }
      }
    }
    let start = initial.map { layers in
      State(layers: layers.map { AnyCell.State(parts: $0.map { $0.variable(mode) }) })
    }

    let outputs: Variable
    var state: State
    var roots: [(variable: Variable, seed: Tensor)] = []
    switch drive {
    case .run:
      (outputs, state) = run(
        input.variable(mode), lengths: this.lengths, from: start, mode: mode)
      if let gradient = this.outputGradient { roots.append((outputs, gradient)) }
    case .steps:
      state = start ?? zeroState(batch: this.batch)
      var tops: [Tensor] = []
      for t in 0..<this.inputs.shape[0] {
        let x = input.variable(mode).sliced(t..<t + 1)
        let top: Variable
        (top, state) = step(x.reshaped(to: Array(x.shape.dropFirst())), state, mode: mode)
        tops.append(top.value)
        if let gradient = this.outputGradient { roots.append((top, gradient.timeStep(t))) }
      }
      outputs = Variable(Tensor(steps: tops))
    }
    for (layer, gradients) in zip(state.layers, this.stateGradients ?? []) {
      roots += zip(layer.parts, gradients).map { ($0, $1) }
    }
    Variable.backward(roots)

    let operands = [input] + (initial ?? []).flatMap { $0 } + parameters
    return RecurrentResult(
      outputs: outputs.value, states: state.layers.map { $0.parts.map(\.value) },
      gradients: Dictionary(uniqueKeysWithValues: operands.map { ($0.name, $0.denseGradient) }))
  }
}

/// The names of the parts of a layer's initial state: `rnn.h0_l0`, `rnn.c0_l0`, and in the other
/// direction `rnn.h0_l0_reverse`.
func stateNames(layer: Int, parts: Int, _ stack: RecurrentStack) -> [String] {
  let directions: [Direction] =
    stack.layers[layer].reverse == nil ? [.forward] : [.forward, .reverse]
  let letters = parts == directions.count ? ["h0"] : ["h0", "c0"]
  return directions.flatMap { direction in
    letters.map { LayerPlace(layer: layer, direction: direction).name($0) }
  }
}

extension Tensor {
  /// Row t of the first axis.
  func timeStep(_ t: Int) -> Tensor {
    let size = shape.dropFirst().reduce(1, *)
    return Tensor(
      shape: Array(shape.dropFirst()), scalars: scalars[t * size..<(t + 1) * size])
  }

  /// Equal tensors along a new first axis.
  init(steps: [Tensor]) {
    self.init(
      shape: [steps.count] + (steps.first?.shape ?? []), scalars: steps.flatMap(\.scalars))
  }

  /// The rows `rows` of axis 1 of [T, B, F], or of axis 0 of [B, F].
  func sequences(_ rows: Range<Int>) -> Tensor {
    let axis = rank - 2
    let (outer, extent, inner) = (axis == 1 ? shape[0] : 1, shape[axis], shape[rank - 1])
    let all = scalars
    var newShape = shape
    newShape[axis] = rows.count
    return Tensor(
      shape: newShape,
      scalars: (0..<outer).flatMap { outer in
        let start = (outer * extent + rows.lowerBound) * inner
        return Array(all[start..<start + rows.count * inner])
      })
  }
}
