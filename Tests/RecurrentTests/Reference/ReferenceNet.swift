import Foundation
import Recurrent

/// A recurrent net written straight from the equations, in Double, one sequence and one unit at a
/// time. It knows nothing of products, batches, threads or graphs.
///
/// Its operands go by name: `input` [T, B, I], `h0_l0` and `c0_l0` [B, H], and the parameters as
/// PyTorch names them.
struct ReferenceNet {
  let kind: CellKind
  let layers: Int
  let steps: Int
  let batch: Int
  let hiddenSize: Int
  let lengths: [Int]

  /// h, and c for an LSTM.
  typealias State = [[Double]]

  struct Weights {
    let inputWeight: [Double]
    let recurrentWeight: [Double]
    let inputBias: [Double]
    let recurrentBias: [Double]
  }

  /// h_t, and c_t for an LSTM, from x_t and the state before.
  func step(_ x: [Double], _ state: State, _ w: Weights) -> State {
    let (H, h) = (hiddenSize, state[0])
    let wx = affine(w.inputWeight, x, w.inputBias)
    let uh = affine(w.recurrentWeight, h, w.recurrentBias)
    switch kind {
    case .rnn:
      return [units { tanh(wx[$0] + uh[$0]) }]
    case .rnnReLU:
      return [units { max(0, wx[$0] + uh[$0]) }]
    case .lstm:
      let i = units { sigmoid(wx[$0] + uh[$0]) }
      let f = units { sigmoid(wx[H + $0] + uh[H + $0]) }
      let g = units { tanh(wx[2 * H + $0] + uh[2 * H + $0]) }
      let o = units { sigmoid(wx[3 * H + $0] + uh[3 * H + $0]) }
      let c = units { f[$0] * state[1][$0] + i[$0] * g[$0] }
      return [units { o[$0] * tanh(c[$0]) }, c]
    case .gru, .gruResetBefore:
      let r = units { sigmoid(wx[$0] + uh[$0]) }
      let z = units { sigmoid(wx[H + $0] + uh[H + $0]) }
      let n: [Double]
      if kind == .gru {
        n = units { tanh(wx[2 * H + $0] + r[$0] * uh[2 * H + $0]) }
      } else {
        let ur = affine(w.recurrentWeight, units { r[$0] * h[$0] }, w.recurrentBias)
        n = units { tanh(wx[2 * H + $0] + ur[2 * H + $0]) }
      }
      return [units { (1 - z[$0]) * n[$0] + z[$0] * h[$0] }]
    }
  }

  /// Outputs of the highest layer [T, B, H], zero after a sequence's end, and the last states: of
  /// each layer, its parts [B, H].
  func run(_ operands: [String: [Double]]) -> (outputs: [Double], states: [[[Double]]]) {
    let parts = kind == .lstm ? ["h", "c"] : ["h"]
    var sequence = operands["input"]!
    var lastStates: [[[Double]]] = []
    for layer in 0..<layers {
      let weights = Weights(
        inputWeight: operands["rnn.weight_ih_l\(layer)"]!,
        recurrentWeight: operands["rnn.weight_hh_l\(layer)"]!,
        inputBias: operands["rnn.bias_ih_l\(layer)"]!,
        recurrentBias: operands["rnn.bias_hh_l\(layer)"]!)
      let inputSize = weights.inputWeight.count / weights.inputBias.count
      var last = parts.map { operands["\($0)0_l\(layer)"]! }
      var outputs = [Double](repeating: 0, count: steps * batch * hiddenSize)
      for b in 0..<batch {
        var state = last.map { Array($0[b * hiddenSize..<(b + 1) * hiddenSize]) }
        for t in 0..<lengths[b] {
          let x = (t * batch + b) * inputSize
          state = step(Array(sequence[x..<x + inputSize]), state, weights)
          let y = (t * batch + b) * hiddenSize
          outputs.replaceSubrange(y..<y + hiddenSize, with: state[0])
        }
        for part in parts.indices {
          last[part].replaceSubrange(b * hiddenSize..<(b + 1) * hiddenSize, with: state[part])
        }
      }
      sequence = outputs
      lastStates.append(last)
    }
    return (sequence, lastStates)
  }

  private func units(_ body: (Int) -> Double) -> [Double] { (0..<hiddenSize).map(body) }
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
