import Foundation
import Recurrent

/// A recurrent net written straight from the equations, in Double, one sequence and one unit at a
/// time. It knows nothing of products, batches, threads or graphs.
///
/// Its operands go by name: `input` [T, B, I], `h0_l0` and `c0_l0` [B, H], and the parameters as
/// PyTorch names them.
struct ReferenceNet {
  let configuration: StackConfiguration
  let steps: Int
  let batch: Int
  let lengths: [Int]

  /// What each step of a sequence has: [T, B, size].
  private struct Sequence {
    var size: Int
    var values: [Double]

    subscript(_ row: Int) -> ArraySlice<Double> {
      get { values[row * size..<(row + 1) * size] }
      set { values.replaceSubrange(row * size..<(row + 1) * size, with: newValue) }
    }

    init(size: Int, rows: Int) {
      self.size = size
      values = Array(repeating: 0, count: rows * size)
    }
  }

  /// Outputs of the highest layer [T, B, P], zero after a sequence's end, and the last states: of
  /// each layer, its parts [B, H], those of the other direction after those of the forward one.
  func run(_ operands: [String: [Double]]) -> (outputs: [Double], states: [[[Double]]]) {
    var input = Sequence(size: configuration.inputSize, rows: steps * batch)
    input.values = operands["input"]!
    var below = input
    var lastStates: [[[Double]]] = []
    for layer in 0..<configuration.layers {
      var entering = below
      if layer > 0, configuration.connections == .input { entering = joined(below, input) }
      let directions: [Direction] =
        configuration.isBidirectional ? [.forward, .reverse] : [.forward]
      var outputs: [Sequence] = []
      var states: [[Double]] = []
      for direction in directions {
        let (output, last) = run(
          entering, operands, LayerPlace(layer: layer, direction: direction))
        outputs.append(output)
        states += last
      }
      var output = outputs.count == 2 ? joined(outputs[0], outputs[1]) : outputs[0]
      if layer > 0, configuration.connections == .residual {
        output.values = zip(output.values, below.values).map { $0 + $1 }
      }
      below = output
      lastStates.append(states)
    }
    return (below.values, lastStates)
  }

  /// One layer in one direction.
  private func run(
    _ input: Sequence, _ operands: [String: [Double]], _ place: LayerPlace
  ) -> (outputs: Sequence, states: [[Double]]) {
    let cell = ReferenceCell(kind: configuration.cell, hiddenSize: configuration.hiddenSize)
    let isWindow = configuration.cell == .window
    let weights = ReferenceWeights(operands: operands, place: place)
    let sizes =
      [configuration.projection ?? cell.hiddenSize]
      + (configuration.cell.hasMemory ? [cell.hiddenSize] : [])
      + (isWindow ? [(configuration.window - 1) * input.size] : [])
    var last = zip(["h0", "c0"], sizes).map { letter, size in operands[place.name(letter)]! }
    var outputs = Sequence(size: sizes[0], rows: steps * batch)
    for b in 0..<batch {
      var state = zip(last, sizes).map { Array($0[b * $1..<(b + 1) * $1]) }
      for step in 0..<lengths[b] {
        let t = place.direction == .forward ? step : lengths[b] - 1 - step
        state = cell.step(Array(input[t * batch + b]), state, weights)
        outputs[t * batch + b] = state[0][...]
      }
      for (part, size) in sizes.enumerated() {
        last[part].replaceSubrange(b * size..<(b + 1) * size, with: state[part])
      }
    }
    return (outputs, last)
  }

  private func joined(_ a: Sequence, _ b: Sequence) -> Sequence {
    var both = Sequence(size: a.size + b.size, rows: steps * batch)
    for row in 0..<steps * batch { both[row] = a[row] + b[row] }
    return both
  }
}

func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

/// W·x + b.
func affine(_ matrix: [Double], _ x: [Double], _ bias: [Double]) -> [Double] {
  // With pointers and `while`, because this is where an unoptimised build spends its time.
  var result = bias
  matrix.withUnsafeBufferPointer { matrix in
    x.withUnsafeBufferPointer { x in
      guard let w = matrix.baseAddress, let v = x.baseAddress else { return }
      let size = x.count
      for row in result.indices {
        var (sum, k) = (0.0, 0)
        let start = w + row * size
        while k < size {
          sum += start[k] * v[k]
          k += 1
        }
        result[row] += sum
      }
    }
  }
  return result
}
