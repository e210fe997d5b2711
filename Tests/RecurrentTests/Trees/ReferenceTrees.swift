import Foundation
import Recurrent

/// A tree cell written straight from the equations, in Double, by recursion over one tree at a time. It knows
/// nothing of levels, products, batches or graphs.
///
/// Its operands go by name: `inputs` [D, E], and the parameters as the cell names them.
struct ReferenceTrees {
  let configuration: TreeCellConfiguration
  /// The parents of each tree.
  let trees: [[Int32]]
  /// The input of each node, the nodes of the first tree first; -1 for none.
  let places: [Int32]

  private typealias State = (h: [Double], c: [Double])

  /// h of each node, the nodes of the first tree first.
  func run(_ operands: [String: [Double]]) -> [[Double]] {
    var result: [[Double]] = []
    for parents in trees {
      var states = [[Double]](repeating: [], count: parents.count)
      let start = result.count
      func visit(_ node: Int) -> State {
        let children = parents.indices.filter { parents[$0] == Int32(node) }.map(visit)
        let place = Int(places[start + node])
        let size = configuration.inputSize
        let x =
          place < 0
          ? [Double](repeating: 0, count: size)
          : Array(operands["inputs"]![place * size..<(place + 1) * size])
        let state = step(x, children, operands)
        states[node] = state.h
        return state
      }
      _ = visit(parents.firstIndex(of: -1)!)
      result += states
    }
    return result
  }

  private func step(
    _ x: [Double], _ children: [State], _ operands: [String: [Double]]
  ) -> State {
    let (size, arity) = (configuration.hiddenSize, configuration.arity)
    func w(_ name: String) -> [Double] { operands["tree." + name]! }
    let zeros = [Double](repeating: 0, count: size)
    let p = affine(w("weight_ih"), x, w("bias_ih"))
    func units(_ body: (Int) -> Double) -> [Double] { (0..<size).map(body) }
    func block(_ values: [Double], _ index: Int) -> ArraySlice<Double> {
      values[index * size..<(index + 1) * size]
    }

    switch configuration.kind {
    case .recursive:
      var pre = p
      for l in children.indices {
        pre = plus(pre, product(w("weight_hh"), rows: 0..<size, l, of: arity, children[l].h))
      }
      return (pre.map { tanh($0) }, [])
    case .childSum:
      let sum = children.reduce(zeros) { plus($0, $1.h) }
      let u = (0..<3).map {
        product(w("weight_hh"), rows: $0 * size..<($0 + 1) * size, 0, of: 1, sum)
      }
      let i = plus(Array(block(p, 0)), u[0]).map(sigmoid)
      let g = plus(Array(block(p, 2)), u[1]).map { tanh($0) }
      let o = plus(Array(block(p, 3)), u[2]).map(sigmoid)
      var c = units { i[$0] * g[$0] }
      for child in children {
        let f = plus(
          Array(block(p, 1)), product(w("weight_hf"), rows: 0..<size, 0, of: 1, child.h)
        ).map(sigmoid)
        c = units { c[$0] + f[$0] * child.c[$0] }
      }
      return (units { o[$0] * tanh(c[$0]) }, c)
    case .nary:
      func gate(_ index: Int, _ gate: Int) -> [Double] {
        children.indices.reduce(Array(block(p, gate))) {
          plus(
            $0,
            product(
              w("weight_hh"), rows: index * size..<(index + 1) * size, $1, of: arity,
              children[$1].h))
        }
      }
      let i = gate(0, 0).map(sigmoid)
      let g = gate(1, 2).map { tanh($0) }
      let o = gate(2, 3).map(sigmoid)
      var c = units { i[$0] * g[$0] }
      for k in children.indices {
        let f = children.indices.reduce(Array(block(p, 1))) {
          plus(
            $0,
            product(
              w("weight_hf"), rows: k * size..<(k + 1) * size, $1, of: arity, children[$1].h))
        }.map(sigmoid)
        c = units { c[$0] + f[$0] * children[k].c[$0] }
      }
      return (units { o[$0] * tanh(c[$0]) }, c)
    }
  }

  /// Block l of `count` blocks of columns of some rows of a matrix, times h.
  private func product(
    _ matrix: [Double], rows: Range<Int>, _ l: Int, of count: Int, _ h: [Double]
  ) -> [Double] {
    let size = h.count
    // With pointers and `while`, because this is where an unoptimised build spends its time.
    return matrix.withUnsafeBufferPointer { matrix in
      h.withUnsafeBufferPointer { h in
        rows.map { row in
          let start = (row * count + l) * size
          var (sum, k) = (0.0, 0)
          while k < size {
            sum += matrix[start + k] * h[k]
            k += 1
          }
          return sum
        }
      }
    }
  }
}

private func plus(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 + $1 } }
