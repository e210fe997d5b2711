import Learning
import Tensors
import Testing

/// A matrix in Double, for what the tests work out by hand.
private struct Matrix {
  var rows: Int
  var columns: Int
  var elements: [Double]

  init(_ rows: Int, _ columns: Int, _ elements: [Double]) {
    (self.rows, self.columns, self.elements) = (rows, columns, elements)
  }

  init(_ tensor: Tensor) {
    self.init(tensor.shape[0], tensor.shape[1], tensor.scalars.map(Double.init))
  }

  init(identity size: Int, times factor: Double = 1) {
    self.init(
      size, size, (0..<size * size).map { $0 / size == $0 % size ? factor : 0 })
  }

  var transposed: Matrix {
    Matrix(columns, rows, (0..<elements.count).map { elements[$0 % rows * columns + $0 / rows] })
  }

  var norm: Double { elements.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  static func * (a: Matrix, b: Matrix) -> Matrix {
    Matrix(
      a.rows, b.columns,
      (0..<a.rows * b.columns).map { index in
        (0..<a.columns).reduce(0) {
          $0 + a.elements[index / b.columns * a.columns + $1]
            * b.elements[$1 * b.columns + index % b.columns]
        }
      })
  }

  static func + (a: Matrix, b: Matrix) -> Matrix {
    Matrix(a.rows, a.columns, zip(a.elements, b.elements).map { $0 + $1 })
  }

  static func * (factor: Double, a: Matrix) -> Matrix {
    Matrix(a.rows, a.columns, a.elements.map { factor * $0 })
  }

  /// The greatest eigenvalue of a positive definite matrix, by the power 2¹² of it.
  var greatestEigenvalue: Double {
    var power = self
    for _ in 0..<12 {
      power = power * power
      power = (1 / power.norm) * power
    }
    let x = power * Matrix(rows, 1, (0..<rows).map { 1 + Double($0) })
    return (self * x).norm / x.norm
  }

  /// A^(-1/4), by Newton's method for M = X⁴A → 1: T = (5 - M)/4, X = X T, M = T⁴ M. No eigenvectors,
  /// unlike the code under test.
  var inverseFourthRoot: Matrix {
    let scale = greatestEigenvalue
    var m = (1 / scale) * self
    var x = Matrix(identity: rows)
    for _ in 0..<60 {
      let t = 0.25 * (Matrix(identity: rows, times: 5) + -1 * m)
      x = x * t
      m = t * t * t * t * m
    }
    return (1 / scale.squareRoot().squareRoot()) * x
  }
}

@Suite("Shampoo")
struct ShampooTests {
  private func gradient(_ step: Int, _ shape: [Int]) -> Tensor {
    RandomKey(seed: 31).child(step).normal(shape)
  }

  private func trained(
    _ optimizer: Shampoo, _ shape: [Int], steps: Int, rate: Double = 0.1
  ) -> (Parameter, Shampoo) {
    var optimizer = optimizer
    let parameter = Parameter("w", RandomKey(seed: 30).normal(shape))
    for step in 0..<steps {
      parameter.setGradient(.dense(gradient(step, shape)))
      optimizer.step(parameters: [parameter], rate: rate, gradientScale: 0.5)
    }
    return (parameter, optimizer)
  }

  @Test(
    "five steps are those worked out in Double",
    arguments: [
      (1.0, Shampoo.Grafting.none), (1, .sgd), (1, .adagrad), (0.8, .none), (0.8, .adagrad),
    ])
  func explicit(_ rho: Double, _ grafting: Shampoo.Grafting) {
    let (epsilon, decay, momentum, shape) = (0.01, 0.2, 0.7, [4, 3])
    let (parameter, _) = trained(
      Shampoo(
        rootInterval: 1, epsilon: epsilon, rho: rho, momentum: momentum, weightDecay: decay,
        grafting: grafting), shape, steps: 5)

    var w = Matrix(RandomKey(seed: 30).normal(shape))
    var left = Matrix(identity: 4, times: 0)
    var right = Matrix(identity: 3, times: 0)
    var squares = [Double](repeating: 0, count: 12)
    var velocity = 0 * w
    var weight = 0.0
    for step in 0..<5 {
      let g = 0.5 * Matrix(gradient(step, shape)) + decay * w
      left = rho * left + g * g.transposed
      right = rho * right + g.transposed * g
      squares = zip(squares, g.elements).map { rho * $0 + $1 * $1 }
      weight = rho * weight + 1
      // A sum, or the mean with the weights 1, ρ, ρ², …
      let factor = rho == 1 ? 1 : 1 / weight
      func root(_ sum: Matrix) -> Matrix {
        let mean = factor * sum
        let ridge = epsilon * mean.greatestEigenvalue
        return (mean + Matrix(identity: mean.rows, times: ridge)).inverseFourthRoot
      }
      var p = root(left) * g * root(right)
      switch grafting {
      case .none: break
      case .sgd: p = (g.norm / p.norm) * p
      case .adagrad:
        let diagonal = zip(g.elements, squares).map { $0 / (factor * $1).squareRoot() }
        p = (Matrix(4, 3, diagonal).norm / p.norm) * p
      }
      velocity = momentum * velocity + p
      w = w + -0.1 * velocity
    }
    // Statistics and roots are rounded to Float in each step; a root magnifies that up to ε^(-1/4).
    let error = (w + -1 * Matrix(parameter.value)).norm / w.norm
    #expect(error < 2e-6)
  }

  @Test("the first step has the gradient's singular vectors and singular values of 1")
  func firstStep() {
    var optimizer = Shampoo(epsilon: 1e-12, grafting: .none)
    let parameter = Parameter("w", Tensor(zeros: [2, 2]))
    parameter.setGradient(.dense(Tensor(shape: [2, 2], scalars: [0, -30, 0.04, 0])))
    optimizer.step(parameters: [parameter], rate: 1, gradientScale: 1)
    for (found, expected) in zip(parameter.value.scalars, [0, 1, -1, 0] as [Float]) {
      #expect(abs(found - expected) < 1e-6)
    }
  }

  @Test("a large matrix is cut into blocks that know nothing of each other")
  func blocks() {
    let optimizer = Shampoo(blockSize: 3, rootInterval: 1, rho: 0.9, momentum: 0.5, grafting: .none)
    let (whole, _) = trained(optimizer, [5, 4], steps: 3)
    var error = 0.0
    for (rows, columns) in [(0..<2, 0..<2), (0..<2, 2..<4), (2..<5, 0..<2), (2..<5, 2..<4)] {
      func part(_ tensor: Tensor) -> Tensor {
        Tensor(
          shape: [rows.count, columns.count],
          scalars: rows.flatMap { row in columns.map { tensor[row, $0] } })
      }
      var alone = optimizer
      let parameter = Parameter("w", part(RandomKey(seed: 30).normal([5, 4])))
      for step in 0..<3 {
        parameter.setGradient(.dense(part(gradient(step, [5, 4]))))
        alone.step(parameters: [parameter], rate: 0.1, gradientScale: 0.5)
      }
      error = max(
        error, (Matrix(parameter.value) + -1 * Matrix(part(whole.value))).norm)
    }
    #expect(error < 1e-6)
  }

  @Test("vectors, and matrices of one row, are Adagrad's")
  func vectors() {
    for shape in [[6], [1, 6], [6, 1]] {
      let (parameter, _) = trained(Shampoo(), shape, steps: 4)
      var adagrad = Adagrad()
      let twin = Parameter("w", RandomKey(seed: 30).normal(shape))
      for step in 0..<4 {
        twin.setGradient(.dense(gradient(step, shape)))
        adagrad.step(parameters: [twin], rate: 0.1, gradientScale: 0.5)
      }
      #expect(
        zip(parameter.value.scalars, twin.value.scalars).allSatisfy { abs($0 - $1) < 1e-6 })
    }
  }

  @Test("roots are taken in steps 1, 2, 4, … and then every N")
  func interval() {
    var optimizer = Shampoo(rootInterval: 6, grafting: .none)
    let parameter = Parameter("w", Tensor(zeros: [3, 3]))
    var steps: [Int] = []
    for step in 1...19 {
      let before = optimizer.state.tensors["leftRoot.w"]
      parameter.setGradient(.dense(gradient(step, [3, 3])))
      optimizer.step(parameters: [parameter], rate: 0.1, gradientScale: 1)
      if optimizer.state.tensors["leftRoot.w"] != before { steps.append(step) }
    }
    #expect(steps == [1, 2, 4, 6, 12, 18])
  }

  @Test("a gradient of zeros, and one whose squares overflow, leave the weights finite")
  func extremes() {
    for value: Float in [0, 1e30] {
      var optimizer = Shampoo(grafting: .none)
      let parameter = Parameter("w", Tensor(zeros: [3, 2]))
      for _ in 0..<3 {
        parameter.setGradient(.dense(Tensor(repeating: value, shape: [3, 2])))
        optimizer.step(parameters: [parameter], rate: 0.1, gradientScale: 1)
      }
      #expect(parameter.value.scalars.allSatisfy { $0.isFinite })
    }
  }

  @Test("what it keeps has the shapes that it says, and no other")
  func shapes() {
    let (parameter, optimizer) = trained(
      Shampoo(blockSize: 4, momentum: 0.5), [7, 5], steps: 1)
    #expect(optimizer.state.tensors.count == 6)
    for (name, tensor) in optimizer.state.tensors {
      let slot = String(name.prefix { $0 != "." })
      #expect(optimizer.shape(ofSlot: slot, for: parameter) == tensor.shape)
    }
    #expect(optimizer.shape(ofSlot: "left", for: parameter) == [2 * (9 + 16)])
    #expect(optimizer.shape(ofSlot: "mean", for: parameter) == nil)
    #expect(optimizer.shape(ofSlot: "left", for: Parameter("b", Tensor(zeros: [5]))) == nil)
  }
}
