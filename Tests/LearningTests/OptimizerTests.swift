import Learning
import Tensors
import Testing

/// The parameter after five steps from (0.5, -0.25, 1), rate 0.1, with the gradient
/// (k/8, -1/2, (-1)^k/4) in step k. The numbers are those of torch.optim 2.13 in double precision.
struct Trajectory: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let optimizer: any Optimizer
  let expected: [Double]

  init(_ name: String, _ optimizer: any Optimizer, _ expected: [Double]) {
    testDescription = name
    self.optimizer = optimizer
    self.expected = expected
  }
}

private let trajectories = [
  Trajectory("SGD", SGD(), [0.3125, 0, 1.025]),
  Trajectory(
    "SGD with decay", SGD(weightDecay: 0.2), [0.269385996, 0.0142178088, 0.927960201]),
  Trajectory("momentum", SGD(momentum: 0.9), [0.10371125, 0.407205, 1.0616525]),
  Trajectory(
    "momentum with decay", SGD(momentum: 0.9, weightDecay: 0.2),
    [-0.0091373456, 0.439379645, 0.805637277]),
  Trajectory(
    "Nesterov with decay", SGD(momentum: 0.9, nesterov: true, weightDecay: 0.2),
    [-0.169898943, 0.602758462, 0.760709023]),
  Trajectory("Adam", Adam(), [0.0149169263, 0.24999999, 1.14349452]),
  Trajectory(
    "Adam with decay", Adam(beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.2),
    [-0.00218102855, 0.246053333, 0.863890648]),
  Trajectory("AdamW", AdamW(), [0.0133981323, 0.250248492, 1.13805902]),
  Trajectory(
    "AdamW with more decay", AdamW(beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.2),
    [-0.0222981123, 0.253456943, 1.02931434]),
  Trajectory("Adagrad", Adagrad(), [0.0899292479, 0.0731670645, 1.08174571]),
  Trajectory(
    "Adagrad with a falling rate",
    Adagrad(rateDecay: 0.2, epsilon: 1e-3, initialSum: 0.1, weightDecay: 0.2),
    [0.266744281, -0.0196528851, 0.921836427]),
  Trajectory("Adadelta", Adadelta(), [0.497579194, -0.248356739, 1.00032547]),
  Trajectory(
    "Adadelta with decay", Adadelta(rho: 0.8, epsilon: 1e-2, weightDecay: 0.2),
    [0.376963961, -0.139511078, 0.970269302]),
  Trajectory("RMSProp", RMSProp(), [-3.60882943, 2.99460514, 1.81930844]),
  Trajectory(
    "RMSProp with momentum", RMSProp(rho: 0.8, epsilon: 1e-3, momentum: 0.9, weightDecay: 0.2),
    [-1.89922677, 1.8177042, 0.826218222]),
  Trajectory(
    "centred RMSProp", RMSProp(rho: 0.8, epsilon: 1e-3, isCentred: true),
    [-0.738845117, 0.820161731, 1.22163506]),
  Trajectory(
    "centred RMSProp with momentum",
    RMSProp(rho: 0.8, epsilon: 1e-3, momentum: 0.9, isCentred: true, weightDecay: 0.2),
    [-2.51351646, 2.26838304, 0.785044326]),
]

/// One that takes averages from its first step on.
private func averaging(_ base: any Optimizer) -> AveragedOptimizer {
  var optimizer = AveragedOptimizer(base, patience: 0)
  optimizer.observe(validationLoss: 1)
  optimizer.observe(validationLoss: 2)
  return optimizer
}

/// Every rule that steps along a gradient, for what all must have.
private let rules =
  trajectories + [
    Trajectory("averaged SGD", averaging(SGD()), []),
    Trajectory("averaged Adam", averaging(Adam()), []),
    Trajectory("Shampoo", Shampoo(blockSize: 16), []),
    Trajectory(
      "Shampoo with everything",
      Shampoo(
        blockSize: 20, rootInterval: 2, rho: 0.9, momentum: 0.9, weightDecay: 0.1, grafting: .sgd),
      []),
  ]

@Suite("Optimisers")
struct OptimizerTests {
  // Five roundings of weights near 1 are within 5 · 2⁻²⁴; the moments add a few.
  @Test("the steps are PyTorch's", arguments: trajectories)
  func trajectory(_ trajectory: Trajectory) {
    var optimizer = trajectory.optimizer
    let parameter = Parameter("w", Tensor(shape: [3], scalars: [0.5, -0.25, 1]))
    for k in 1...5 {
      let last: Float = k % 2 == 0 ? 0.25 : -0.25
      // Half the gradient at twice the scale is the same gradient.
      let gradient = [Float(k) * 0.0625, -0.25, 0.5 * last]
      parameter.setGradient(.dense(Tensor(shape: [3], scalars: gradient)))
      optimizer.step(parameters: [parameter], rate: 0.1, gradientScale: 2)
    }
    for (value, expected) in zip(parameter.value.scalars, trajectory.expected) {
      #expect(abs(Double(value) - expected) < 1e-6 * max(1, abs(expected)))
    }
  }

  @Test("momentum is the sum of its series, by hand")
  func closedForm() {
    var optimizer = SGD(momentum: 0.5)
    let parameter = Parameter("w", Tensor(zeros: [1]))
    for _ in 0..<4 {
      parameter.setGradient(.dense(Tensor(shape: [1], scalars: [1])))
      optimizer.step(parameters: [parameter], rate: 1, gradientScale: 1)
    }
    // Velocities 1, 3/2, 7/4, 15/8: exact in Float.
    #expect(parameter.value.scalars == [-(1 + 1.5 + 1.75 + 1.875)])
  }

  /// Rows at the ends, on both sides of the borders of blocks of 2¹⁴ elements (in rows 163 and 327
  /// of 100), and a repeated one.
  private static let rows: [Int32] = [0, 3, 162, 163, 164, 327, 163, 399]

  @Test("gradients of rows have the effect of dense ones, bit for bit", arguments: rules)
  func rowsAreDense(_ trajectory: Trajectory) {
    let start = RandomKey(seed: 1).normal([400, 100])
    let sparse = Parameter("w", start)
    let dense = Parameter("w", start)
    var (sparseOptimizer, denseOptimizer) = (trajectory.optimizer, trajectory.optimizer)
    for step in 0..<3 {
      let values = RandomKey(seed: 2).child(step).normal([Self.rows.count, 100])
      let gradient = RowGradient(Self.rows.map { ($0 + 5 * Int32(step)) % 400 }, values)
      sparse.setGradient(.rows(gradient))
      dense.setGradient(.dense(gradient.dense(shape: [400, 100])))
      sparseOptimizer.step(parameters: [sparse], rate: 0.1, gradientScale: 0.5)
      denseOptimizer.step(parameters: [dense], rate: 0.1, gradientScale: 0.5)
    }
    #expect(sparse.value == dense.value)
    #expect(sparse.value != start)
    #expect(sparseOptimizer.state == denseOptimizer.state)
  }

  @Test("the number of threads changes nothing", arguments: rules)
  func threads(_ trajectory: Trajectory) {
    func trained(threads: Int) -> ([Tensor], OptimizerState) {
      ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        var optimizer = trajectory.optimizer
        let parameters = [[40_001], [70, 90]].enumerated().map {
          Parameter("w\($0)", RandomKey(seed: 3).child($0).normal($1))
        }
        for step in 0..<2 {
          for parameter in parameters {
            let gradient = RandomKey(seed: 4).child(step).normal(parameter.shape)
            parameter.setGradient(.dense(gradient))
          }
          optimizer.step(parameters: parameters, rate: 0.1, gradientScale: 1)
        }
        return (parameters.map(\.value), optimizer.state)
      }
    }
    let one = trained(threads: 1)
    let three = trained(threads: 3)
    #expect(one.0 == three.0)
    #expect(one.1 == three.1)
  }

  @Test("a parameter without a gradient stays as it is, decay and momentum included")
  func noGradient() {
    let parameter = Parameter("w", Tensor(shape: [1], scalars: [1]))
    var optimizer: any Optimizer = AdamW()
    parameter.setGradient(.dense(Tensor(shape: [1], scalars: [1])))
    optimizer.step(parameters: [parameter], rate: 0.1, gradientScale: 1)
    let (value, state) = (parameter.value, optimizer.state)
    parameter.clearGradient()
    optimizer.step(parameters: [parameter], rate: 0.1, gradientScale: 1)
    #expect(parameter.value == value)
    #expect(optimizer.state == state)
  }

  @Test("a state put back goes on as if never taken out", arguments: rules)
  func stateMoves(_ trajectory: Trajectory) {
    func gradient(_ step: Int) -> Parameter.Gradient {
      .dense(RandomKey(seed: 5).child(step).normal([7, 3]))
    }
    var first = trajectory.optimizer
    let parameter = Parameter("w", Tensor(zeros: [7, 3]))
    parameter.setGradient(gradient(0))
    first.step(parameters: [parameter], rate: 0.1, gradientScale: 1)
    var second = trajectory.optimizer
    second.state = first.state
    let copy = Parameter("w", parameter.value)
    for (optimizer, parameter) in [(first, parameter), (second, copy)] {
      var optimizer = optimizer
      parameter.setGradient(gradient(1))
      optimizer.step(parameters: [parameter], rate: 0.1, gradientScale: 1)
    }
    #expect(parameter.value == copy.value)
  }
}
