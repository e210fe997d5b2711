import Foundation
import Recurrent
import Tensors
import TestSupport
import Testing

@Suite("What weights start from")
struct InitializerTests {
  let key = RandomKey(seed: 5)

  @Test(
    "orthogonal: rows or columns of each gate are orthonormal, whichever are fewer",
    arguments: [(1, 1, 1), (1, 20, 20), (3, 8, 8), (2, 5, 31), (2, 31, 5)])
  func orthogonal(gates: Int, outputs: Int, inputs: Int) {
    let matrix = Initializer.orthogonal().matrix(
      gates: gates, outputs: outputs, inputs: inputs, key: key)
    #expect(matrix.shape == [gates * outputs, inputs])
    for gate in 0..<gates {
      let count = min(outputs, inputs)
      let vectors = (0..<count).map { index in
        outputs <= inputs
          ? (0..<inputs).map { Double(matrix[gate * outputs + index, $0]) }
          : (0..<outputs).map { Double(matrix[gate * outputs + $0, index]) }
      }
      for i in 0..<count {
        for j in 0...i {
          // Float coordinates: 6·10⁻⁸ of 1, a few of them.
          #expect(abs(dot(vectors[i], vectors[j]) - (i == j ? 1 : 0)) < 1e-6)
        }
      }
    }
  }

  @Test("orthogonal: the gates differ, and both signs occur on the diagonal")
  func orthogonalIsRandom() {
    let matrix = Initializer.orthogonal().matrix(gates: 2, outputs: 12, inputs: 12, key: key)
    #expect(matrix.sequences(0..<12) != matrix.sequences(12..<24))
    let diagonal = (0..<12).map { matrix[$0, $0] }
    #expect(diagonal.contains { $0 < 0 } && diagonal.contains { $0 > 0 })
  }

  @Test("orthogonal: a gain is a factor")
  func gain() {
    let one = Initializer.orthogonal().matrix(gates: 2, outputs: 7, inputs: 7, key: key)
    let more = Initializer.orthogonal(gain: 1.5).matrix(gates: 2, outputs: 7, inputs: 7, key: key)
    #expect(more.scalars == one.scalars.map { $0 * 1.5 })
  }

  @Test("identity: each gate's block is the identity, cut or padded with zeros")
  func identity() {
    for (outputs, inputs) in [(3, 3), (2, 4), (4, 2)] {
      let matrix = Initializer.identity.matrix(gates: 2, outputs: outputs, inputs: inputs, key: key)
      for row in 0..<2 * outputs {
        for column in 0..<inputs {
          #expect(matrix[row, column] == (row % outputs == column ? 1 : 0))
        }
      }
    }
  }

  @Test("uniform and Glorot fill their ranges; Glorot's is that of one gate")
  func ranges() {
    let glorot: Float = (6.0 / Float(30 + 20)).squareRoot()
    for (initializer, range) in [(Initializer.uniform(0.04), 0.04), (.glorot, glorot)] {
      let scalars = initializer.matrix(gates: 4, outputs: 30, inputs: 20, key: key).scalars
      #expect(scalars.allSatisfy { -range <= $0 && $0 < range })
      // 2,400 numbers: the extremes miss the ends by more than 1 % once in 10⁵ keys.
      #expect(scalars.max()! > 0.99 * range && scalars.min()! < -0.99 * range)
      #expect(abs(scalars.reduce(0, +) / 2400) < 0.06 * range)
    }
  }

  @Test("zero: all elements are zero")
  func zero() {
    let matrix = Initializer.zero.matrix(gates: 2, outputs: 3, inputs: 4, key: key)
    #expect(matrix == Tensor(zeros: [6, 4]))
  }

  @Test("the same key gives the same weights, another key others")
  func keys() {
    for initializer in [Initializer.uniform(1), .glorot, .orthogonal()] {
      func matrix(_ key: RandomKey) -> Tensor {
        initializer.matrix(gates: 2, outputs: 4, inputs: 3, key: key)
      }
      #expect(matrix(key) == matrix(key))
      #expect(matrix(key) != matrix(key.child(1)))
    }
  }

  @Test("biases start at zero, but an LSTM's forget gate as asked", arguments: CellKind.allCases)
  func biases(kind: CellKind) {
    let cell = CellConfiguration(kind, inputSize: 2, hiddenSize: 3).makeCell(
      place: LayerPlace(), initialization: .init(forgetBias: 1.5), key: key)
    func values(_ name: String) -> [Float] {
      cell.parameters.first { $0.name == "rnn.\(name)_l0" }?.value.scalars ?? []
    }
    var expected = [Float](repeating: 0, count: 3 * kind.gateCount)
    switch kind {
    case .lstmCoupled: for unit in 0..<3 { expected[unit] = 1.5 }
    case .lstm, .lstmPeephole, .lstmNorm, .memoryGated: for unit in 3..<6 { expected[unit] = 1.5 }
    default: break
    }
    #expect(values("bias_ih") == expected)
    #expect(values("bias_hh").allSatisfy { $0 == 0 })
    #expect(values("peephole").allSatisfy { $0 == 0 })
    #expect(values("norm_ih_weight").allSatisfy { $0 == 1 })
  }

  @Test("a sparse matrix has so many elements a row, each gate the spectral radius asked for")
  func sparse() {
    let size = 40
    let matrix = Initializer.sparse(connections: 15, radius: 1.1)
      .matrix(gates: 2, outputs: size, inputs: size, key: RandomKey(seed: 5)).scalars
    for gate in 0..<2 {
      let block = Array(matrix[gate * size * size..<(gate + 1) * size * size])
      for row in 0..<size {
        #expect(block[row * size..<(row + 1) * size].count { $0 != 0 } == 15)
      }
      // The growth of single steps swings by a factor of a few, so its mean over 4000 is within some
      // thousandths.
      #expect(abs(radiusByPowers(block, size: size) / 1.1 - 1) < 5e-3)
    }
    // Neither more connections than inputs, nor a radius where there is none.
    let narrow = Initializer.sparse(connections: 15, deviation: 0.5, radius: 1.1)
      .matrix(outputs: 400, inputs: 3, key: RandomKey(seed: 5)).scalars
    #expect(narrow.allSatisfy { $0 != 0 })
    let deviation = (narrow.reduce(0) { $0 + $1 * $1 } / Float(narrow.count)).squareRoot()
    #expect(abs(deviation - 0.5) < 0.05)
  }

  /// lim ‖Aᵏ‖^(1/k) (Gelfand's formula), by squaring A fourteen times.
  private func radiusByPowers(_ matrix: [Float], size: Int) -> Double {
    var power = matrix.map(Double.init)
    var logarithm = 0.0
    for step in 0..<14 {
      var square = [Double](repeating: 0, count: size * size)
      for i in 0..<size {
        for k in 0..<size {
          let a = power[i * size + k]
          for j in 0..<size { square[i * size + j] += a * power[k * size + j] }
        }
      }
      let norm = square.reduce(0) { $0 + $1 * $1 }.squareRoot()
      power = square.map { $0 / norm }
      // ‖A^(2^(s+1))‖ is the product of the norms taken out so far, each to its own power.
      logarithm += log(norm) / Double(1 << (step + 1))
    }
    return exp(logarithm)
  }
}
