import Recurrent
import Tensors

/// From an encoder's last states to a decoder's first: all that is carried, the memory of an LSTM too.
///
/// Layers are matched from the highest down. Where a decoder's layer has a state of the same parts as its
/// encoder's, it takes that as it is (Sutskever et al. 2014). Else each of its parts is made from all parts
/// of the other side by side:
///
/// ```
/// h = tanh(W_h [s_1 … s_n] + b_h),   c = W_c [s_1 … s_n] + b_c
/// ```
struct StateBridge: Module {
  private struct Layer {
    /// The encoder's layer.
    let source: Int
    /// What makes each part; empty where the state is taken as it is.
    let parts: [Linear]
  }
  private let layers: [Layer]

  var parameters: [Parameter] { layers.flatMap { $0.parts.flatMap(\.parameters) } }

  /// A bridge between states of the given parts, layer by layer.
  init(
    from source: [[StatePart]], to target: [[StatePart]], prefix: String = "bridge",
    initializer: Initializer,
    key: RandomKey
  ) {
    layers = target.indices.map { layer in
      let below = Self.match(layer, target.count, source.count)
      guard source[below] != target[layer] else { return Layer(source: below, parts: []) }
      let inputs = source[below].reduce(0) { $0 + $1.size }
      return Layer(
        source: below,
        parts: target[layer].enumerated().map { part, made in
          Linear(
            inputs: inputs, outputs: made.size, name: "\(prefix).\(layer).\(part)",
            initializer: initializer, key: key.child(layer).child(part))
        })
    }
  }

  /// The names and shapes of the parameters, in their order.
  static func parameterShapes(
    from source: [[StatePart]], to target: [[StatePart]], prefix: String = "bridge"
  ) -> [(name: String, shape: [Int])] {
    target.indices.flatMap { layer -> [(name: String, shape: [Int])] in
      let below = source[match(layer, target.count, source.count)]
      guard below != target[layer] else { return [] }
      let inputs = below.reduce(0) { $0 + $1.size }
      return target[layer].enumerated().flatMap { part, made in
        [
          ("\(prefix).\(layer).\(part).weight", [made.size, inputs]),
          ("\(prefix).\(layer).\(part).bias", [made.size]),
        ]
      }
    }
  }

  /// The encoder's layer for layer `layer` of `count`, of `sources`.
  private static func match(_ layer: Int, _ count: Int, _ sources: Int) -> Int {
    min(max(layer + sources - count, 0), sources - 1)
  }

  /// The decoder's first state after the encoder's last.
  func callAsFunction(_ states: [RecurrentLayer.State], mode: Mode) -> RecurrentStack.State {
    RecurrentStack.State(
      layers: layers.map { layer in
        let source = states[layer.source]
        guard !layer.parts.isEmpty else { return source }
        let joined =
          source.parts.count == 1
          ? source.parts[0] : Variable.concatenate(source.parts, axis: 1)
        return RecurrentLayer.State(
          parts: layer.parts.enumerated().map { part, linear in
            let made = linear(joined, mode: mode)
            return part == 0 ? made.tanh() : made
          })
      })
  }
}

/// A part of a layer's state, so that only like is taken for like: the reverse direction's output is not a
/// memory, though it may have as many units.
struct StatePart: Equatable {
  enum Role { case output, memory, reverseOutput, reverseMemory }
  var size: Int
  var role = Role.output
}

extension StackConfiguration {
  /// The parts of each layer's state, those of the reverse direction after the others.
  var stateParts: [[StatePart]] {
    let output = projection ?? hiddenSize
    var parts = [StatePart(size: output)]
    if cell.hasMemory { parts.append(StatePart(size: hiddenSize, role: .memory)) }
    if isBidirectional {
      parts.append(StatePart(size: output, role: .reverseOutput))
      if cell.hasMemory { parts.append(StatePart(size: hiddenSize, role: .reverseMemory)) }
    }
    return Array(repeating: parts, count: layers)
  }
}
