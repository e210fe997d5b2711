import Recurrent
import Tensors

/// From an encoder's last states to a decoder's first: all that is carried, the memory of an LSTM too.
///
/// Layers are matched from the highest down. Where a decoder's layer has a state of the same sizes as its
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

  /// A bridge between states of the given sizes, layer by layer and part by part.
  init(
    from source: [[Int]], to target: [[Int]], prefix: String = "bridge", initializer: Initializer,
    key: RandomKey
  ) {
    layers = target.indices.map { layer in
      let below = Self.match(layer, target.count, source.count)
      guard source[below] != target[layer] else { return Layer(source: below, parts: []) }
      let inputs = source[below].reduce(0, +)
      return Layer(
        source: below,
        parts: target[layer].enumerated().map { part, size in
          Linear(
            inputs: inputs, outputs: size, name: "\(prefix).\(layer).\(part)",
            initializer: initializer, key: key.child(layer).child(part))
        })
    }
  }

  /// The names and shapes of the parameters, in their order.
  static func parameterShapes(
    from source: [[Int]], to target: [[Int]], prefix: String = "bridge"
  ) -> [(name: String, shape: [Int])] {
    target.indices.flatMap { layer -> [(name: String, shape: [Int])] in
      let below = source[match(layer, target.count, source.count)]
      guard below != target[layer] else { return [] }
      return target[layer].enumerated().flatMap { part, size in
        [
          ("\(prefix).\(layer).\(part).weight", [size, below.reduce(0, +)]),
          ("\(prefix).\(layer).\(part).bias", [size]),
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

extension StackConfiguration {
  /// The sizes of the parts of each layer's state, those of the reverse direction after the others.
  var stateSizes: [[Int]] {
    let own = [projection ?? hiddenSize] + (cell.hasMemory ? [hiddenSize] : [])
    return Array(repeating: isBidirectional ? own + own : own, count: layers)
  }
}
