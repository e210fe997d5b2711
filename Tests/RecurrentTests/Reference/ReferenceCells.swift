import Foundation
import Recurrent

/// The parameters of one cell; empty where it has none of a kind.
struct ReferenceWeights {
  let inputs, recurrent, projection: [Double]
  let inputBias, recurrentBias: [Double]
  let peephole: [Double]
  let inputNorm, recurrentNorm, memoryNorm, memoryNormBias: [Double]

  init(operands: [String: [Double]], place: LayerPlace) {
    func named(_ kind: String) -> [Double] { operands[place.name(kind)] ?? [] }
    (inputs, recurrent, projection) = (named("weight_ih"), named("weight_hh"), named("weight_hr"))
    (inputBias, recurrentBias) = (named("bias_ih"), named("bias_hh"))
    peephole = named("peephole")
    (inputNorm, recurrentNorm) = (named("norm_ih_weight"), named("norm_hh_weight"))
    (memoryNorm, memoryNormBias) = (named("norm_c_weight"), named("norm_c_bias"))
  }
}

/// The cells written straight from their equations, in Double, one sequence at a time.
struct ReferenceCell {
  let kind: CellKind
  let hiddenSize: Int

  /// h, and c where there is one; of a window h and the inputs before.
  typealias State = [[Double]]

  /// h_t, and c_t, from x_t and the state before.
  func step(_ x: [Double], _ state: State, _ w: ReferenceWeights) -> State {
    let (H, h) = (hiddenSize, state[0])
    if kind == .window {
      let seen = state[1] + x
      let a = plus(product(w.inputs, seen), w.inputBias)
      return [units { tanh(a[$0]) }, Array(seen.dropFirst(x.count))]
    }
    var (wx, uh) = (product(w.inputs, x), product(w.recurrent, h))
    if !w.inputNorm.isEmpty {
      wx = times(normalized(wx), w.inputNorm)
      uh = times(normalized(uh), w.recurrentNorm)
    }
    wx = plus(wx, w.inputBias)
    if kind != .memory { uh = plus(uh, w.recurrentBias) }
    func a(_ gate: Int, _ j: Int) -> Double { wx[gate * H + j] + uh[gate * H + j] }
    switch kind {
    case .rnn, .rnnNorm:
      return [units { tanh(a(0, $0)) }]
    case .rnnReLU, .irnn:
      return [units { max(0, a(0, $0)) }]
    case .memory:
      let c = units { state[1][$0] + tanh(wx[$0]) }
      return [units { tanh(c[$0]) }, c]
    case .memoryRecurrent:
      let c = units { state[1][$0] + tanh(a(0, $0)) }
      return [units { tanh(c[$0]) }, c]
    case .memoryGated:
      let c = units { sigmoid(a(1, $0)) * state[1][$0] + sigmoid(a(0, $0)) * tanh(a(2, $0)) }
      return [units { tanh(c[$0]) }, c]
    case .lstm, .lstmPeephole, .lstmCoupled, .lstmNorm:
      return lstm(a, state[1], w)
    case .gru, .gruNorm, .gruResetBefore:
      let r = units { sigmoid(a(0, $0)) }
      let z = units { sigmoid(a(1, $0)) }
      var n = units { tanh(wx[2 * H + $0] + r[$0] * uh[2 * H + $0]) }
      if kind == .gruResetBefore {
        let ur = plus(product(w.recurrent, times(r, h)), w.recurrentBias)
        n = units { tanh(wx[2 * H + $0] + ur[2 * H + $0]) }
      }
      return [units { (1 - z[$0]) * n[$0] + z[$0] * h[$0] }]
    case .window:
      preconditionFailure("a window has no recurrent matrix")
    }
  }

  private func lstm(
    _ a: (_ gate: Int, _ unit: Int) -> Double, _ c: [Double], _ w: ReferenceWeights
  ) -> State {
    let (H, isCoupled) = (hiddenSize, kind == .lstmCoupled)
    let forget = isCoupled ? 0 : 1
    let p = w.peephole.isEmpty ? Array(repeating: 0, count: 4 * H) : w.peephole
    let f = units { sigmoid(a(forget, $0) + p[forget * H + $0] * c[$0]) }
    let i = units { isCoupled ? 1 - f[$0] : sigmoid(a(0, $0) + p[$0] * c[$0]) }
    let memory = units { f[$0] * c[$0] + i[$0] * tanh(a(forget + 1, $0)) }
    let o = units { sigmoid(a(forget + 2, $0) + p[(forget + 2) * H + $0] * memory[$0]) }
    var read = memory
    if !w.memoryNorm.isEmpty {
      read = plus(times(normalized(memory), w.memoryNorm), w.memoryNormBias)
    }
    let m = units { o[$0] * tanh(read[$0]) }
    return [w.projection.isEmpty ? m : product(w.projection, m), memory]
  }

  private func units(_ body: (Int) -> Double) -> [Double] { vector(hiddenSize, body) }
}

/// (a - mean a)/√(var a + 10⁻⁵).
private func normalized(_ a: [Double]) -> [Double] {
  let mean = a.reduce(0, +) / Double(a.count)
  let variance = a.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(a.count)
  // The constant is a Float in the library.
  return a.map { ($0 - mean) / (variance + Double(Float(1e-5))).squareRoot() }
}

private func plus(_ a: [Double], _ b: [Double]) -> [Double] {
  combined(a, b) { $0 + $1 }
}

private func times(_ a: [Double], _ b: [Double]) -> [Double] {
  combined(a, b) { $0 * $1 }
}

private func combined(
  _ a: [Double], _ b: [Double], _ operation: (Double, Double) -> Double
) -> [Double] {
  precondition(a.count == b.count)
  return a.withUnsafeBufferPointer { a in
    b.withUnsafeBufferPointer { b in vector(a.count) { operation(a[$0], b[$0]) } }
  }
}

/// element(0), element(1) …; a loop, because an unoptimised `map` of a range costs five times as much.
private func vector(_ count: Int, _ element: (Int) -> Double) -> [Double] {
  var values = [Double](repeating: 0, count: count)
  values.withUnsafeMutableBufferPointer { values in
    var index = 0
    while index < count {
      values[index] = element(index)
      index += 1
    }
  }
  return values
}

private func product(_ matrix: [Double], _ x: [Double]) -> [Double] {
  affine(matrix, x, Array(repeating: 0, count: x.isEmpty ? 0 : matrix.count / x.count))
}
