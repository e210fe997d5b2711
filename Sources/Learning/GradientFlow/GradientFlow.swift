import Foundation
import Recurrent
import Tensors

/// How gradients flow back through a recurrent network, measured on one batch: whether they vanish or
/// explode (Hochreiter 1991; Bengio et al. 1994; Pascanu et al. 2013).
///
/// ```
/// ‖∂L/∂h_t‖, ‖∂L/∂c_t‖    for every layer and step t
/// σ(∂s_t/∂s_{t-k})         how much a layer's state depends on its own state k steps before
/// σ(gate) < 0.1, > 0.9     the share of gate activations that are nearly shut or open
///                          (Karpathy et al. 2015)
/// ```
/// The gradient of a state is the whole one: what comes from later steps, from the layer above and
/// from the loss. The parts of a state are its coordinates, so ∂L/∂c_t is that of the memory handed on
/// to step t+1 with h_t held, and at the last step it is zero unless the loss sees the last memory.
public struct GradientFlow: Codable, Sendable, Equatable {
  /// L.
  public let loss: Double
  /// From the lowest to the highest; a layer of two directions is two, the forward one first.
  public let layers: [Layer]

  /// What was measured in one direction of a layer. Steps are counted in the order in which its cell
  /// takes them, so the reverse one's begin at each sequence's end.
  public struct Layer: Codable, Sendable, Equatable {
    /// Which layer of the stack it is, from 0.
    public let layer: Int
    /// Whether it reads from the last step to the first.
    public let isReverse: Bool
    /// The output h, and what else the state has.
    public let parts: [Part]
    /// Of each gate; empty for a cell that shows none.
    public let gates: [GateSaturation]
    /// One for each distance that was asked for and that the first sequence is long enough for.
    public let jacobians: [StateJacobian]
  }

  /// The gradients of one part of a layer's state.
  public struct Part: Codable, Sendable, Equatable {
    /// "h", "c", or "s2" and so on.
    public let name: String
    /// The norm over all sequences and units, for t = 0..<T.
    public let norms: [Double]
    /// The norm over the units, as a mean over the sequences that have a step t.
    public let sequenceMeans: [Double]

    /// The factor by which the norm changes with each step back, as a geometric mean from the last
    /// step with a gradient to the first; nil with fewer than two of them.
    public var factorPerStepBack: Double? {
      let places = norms.indices.filter { norms[$0] > 0 && norms[$0].isFinite }
      guard let first = places.first, let last = places.last, first < last else { return nil }
      return pow(norms[first] / norms[last], 1 / Double(last - first))
    }
  }

  /// How often a gate is nearly shut or nearly open.
  public struct GateSaturation: Codable, Sendable, Equatable {
    /// The gate.
    public let gate: String
    /// The share of activations below 0.1, over all sequences, steps and units.
    public let shut: Double
    /// The share above 0.9.
    public let open: Double
  }

  /// T of the layer with the most steps.
  public var steps: Int { layers.flatMap(\.parts).map(\.norms.count).max() ?? 0 }
}

extension GradientFlow {
  /// Measures a stack while a loss is computed and differentiated.
  ///
  /// `loss` is given a twin of `stack`, with the same parameters and the same dropout, that takes one
  /// step after the other with a probe behind each; it must return the loss L, a scalar. In training
  /// mode the gradients of the parameters are added up as by any backward pass: they are those of the
  /// stack itself. In prediction mode nothing is dropped, and the parameters get no gradients.
  /// There are two exceptions in training mode: zoneout draws one mask for all steps here, and the
  /// penalty on vanishing gradients, which needs a run of several steps, adds nothing.
  ///
  /// - Parameters:
  ///   - lengths: the steps of each sequence, as `loss` hands them to the twin; nil for all.
  ///   - distances: the k of the Jacobians ∂s_t/∂s_{t-k}, where t is the last step of the first
  ///     sequence. Their cost grows with the cube of the state's size; none if empty.
  public static func measure(
    _ stack: RecurrentStack, lengths: [Int32]? = nil, distances: [Int] = [],
    loss: (RecurrentStack) throws -> Variable
  ) rethrows -> GradientFlow {
    let recorders = stack.cells.map { _ in FlowRecorder(lengths: lengths) }
    let twin = stack.replacingCells { cell, number in
      AnyCell(ProbedCell(cell, recorder: recorders[number]))
    }
    let loss = try loss(twin)
    loss.backward()
    var unread = recorders[...]
    let layers = stack.layers.enumerated().flatMap { index, layer in
      layer.cells.enumerated().compactMap { direction, cell in
        unread.popFirst()?.layer(
          index, isReverse: direction == 1, of: cell, distances: distances)
      }
    }
    return GradientFlow(loss: Double(loss.value.scalar), layers: layers)
  }
}

/// The names of a state's parts: the output and the memory have names of their own.
func partName(_ index: Int) -> String { index < 2 ? ["h", "c"][index] : "s\(index)" }
