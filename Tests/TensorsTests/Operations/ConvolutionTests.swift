import Foundation
import TestSupport
import Testing

@testable import Tensors

@Suite("Convolution and pooling") struct ConvolutionTests {
  private static let golden = Bundle.module.url(
    forResource: "convolution", withExtension: "safetensors", subdirectory: "Golden")

  private static let strides = [
    "same": (1, 1), "valid": (1, 0), "strided": (2, 1), "wide": (3, 3), "point": (1, 0),
  ]

  @Test("convolution and all its gradients are PyTorch's", arguments: strides.keys.sorted())
  func golden(_ name: String) throws {
    let golden = try GoldenFile(try #require(Self.golden))
    let (stride, padding) = try #require(Self.strides[name])
    let parameters = try ["input", "weight", "bias"].map {
      Parameter($0, try golden["\(name).\($0)"])
    }
    let mode = Mode.training(RandomKey(seed: 0))
    let y = parameters[0].variable(mode).convolution2D(
      parameters[1].variable(mode), bias: parameters[2].variable(mode), stride: stride,
      padding: padding)
    #expect(relativeError(y.value, try golden["\(name).output"]) < 1e-6)
    y.backward(seed: try golden["\(name).grad_output"])
    for parameter in parameters {
      let expected = try golden["\(name).grad_\(parameter.name)"]
      #expect(relativeError(parameter.denseGradient, expected) < 1e-6, "\(parameter.name)")
    }
  }

  @Test("maxima and their gradient are PyTorch's", arguments: [2, 3])
  func goldenMaxima(_ size: Int) throws {
    let golden = try GoldenFile(try #require(Self.golden))
    let x = Parameter("x", try golden["pool-\(size).input"])
    let y = x.variable(.training(RandomKey(seed: 0))).maxPooling2D(size: size)
    #expect(try y.value == golden["pool-\(size).output"])
    y.backward(seed: try golden["pool-\(size).grad_output"])
    #expect(try x.denseGradient == golden["pool-\(size).grad_input"])
  }

  @Test("gradients and tangents of convolution agree with central differences")
  func convolutionGradients() throws {
    for (stride, padding) in [(1, 1), (2, 0), (2, 2)] {
      let inputs = [
        Tensor.random([2, 5, 4, 2], seed: 1), .random([3, 2, 3, 3], seed: 2), .random([3], seed: 3),
      ]
      try checkGradients(of: inputs) {
        $0[0].convolution2D($0[1], bias: $0[2], stride: stride, padding: padding)
      }
      try checkGradients(of: Array(inputs.dropLast())) {
        $0[0].convolution2D($0[1], stride: stride, padding: padding)
      }
    }
    // Frozen weights and constant pictures do not stop the other gradients.
    let (x, w) = (Tensor.random([1, 4, 4, 2], seed: 4), Tensor.random([2, 2, 3, 3], seed: 5))
    try checkGradients(of: [x]) { $0[0].convolution2D(Variable(w), padding: 1) }
    try checkGradients(of: [w]) { Variable(x).convolution2D($0[0], padding: 1) }
  }

  @Test("gradients and tangents of maxima agree with central differences")
  func maximaGradients() throws {
    for size in [1, 2, 3] {
      try checkGradients(of: [Tensor.randomOrder([2, 5, 6, 2], seed: 6)]) {
        $0[0].maxPooling2D(size: size)
      }
    }
  }

  @Test("the first of equal maxima gets the gradient, and a NaN is the greatest")
  func ties() {
    let x = Parameter("x", Tensor(shape: [1, 2, 2, 2], scalars: [3, .nan, 3, 1, 2, 5, 3, .nan]))
    let y = x.variable(.training(RandomKey(seed: 0))).maxPooling2D()
    #expect(y.value.scalars[0] == 3 && y.value.scalars[1].isNaN)
    y.backward(seed: Tensor(shape: [1, 1, 1, 2], scalars: [7, 9]))
    #expect(x.denseGradient.scalars == [7, 9, 0, 0, 0, 0, 0, 0])
    let late = Tensor(shape: [1, 2, 2, 1], scalars: [3, 9, .nan, 4])
    #expect(Variable(late).maxPooling2D().value.scalars[0].isNaN)
  }

  @Test("the gradient of the weights is the sum over the pictures, in one product or in several")
  func summed() {
    let (x, w) = (Tensor.random([9, 28, 25, 2], seed: 11), Tensor.random([3, 2, 3, 3], seed: 12))
    let mode = Mode.training(RandomKey(seed: 0))
    func gradient(_ pictures: Range<Int>) -> Tensor {
      let weight = Parameter("w", w)
      let y = Variable(x).sliced(pictures).convolution2D(weight.variable(mode), padding: 1)
      y.backward(seed: y.value)
      return weight.denseGradient
    }
    var sum = Variable(Tensor(zeros: w.shape))
    for index in 0..<9 { sum += Variable(gradient(index..<index + 1)) }
    #expect(relativeError(gradient(0..<9), sum.value) < 2e-6)
  }

  @Test("the same bits on 1, 2 and 3 threads, over several bands and products")
  func threadsAgree() {
    let (x, w) = (Tensor.random([5, 40, 33, 12], seed: 7), Tensor.random([9, 12, 3, 3], seed: 8))
    #expect(ConvolutionSizes(x.shape, w.shape, stride: 1, padding: 1).bandsOfImage > 1)
    func run(_ threads: Int) -> [Tensor] {
      ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        let parameters = [Parameter("x", x), Parameter("w", w)]
        let mode = Mode.training(RandomKey(seed: 0))
        let y = parameters[0].variable(mode)
          .convolution2D(parameters[1].variable(mode), padding: 1).maxPooling2D()
        y.backward(seed: y.value)
        return [y.value] + parameters.map(\.denseGradient)
      }
    }
    let one = run(1)
    #expect(run(2) == one && run(3) == one)
  }

  @Test("a picture in a batch gives the bits that it gives alone")
  func batchAgrees() {
    let (x, w) = (Tensor.random([4, 21, 19, 5], seed: 9), Tensor.random([7, 5, 3, 3], seed: 10))
    let together = Variable(x).convolution2D(Variable(w), stride: 2, padding: 1).maxPooling2D()
    for i in 0..<4 {
      let alone = Variable(x).sliced(i..<i + 1)
        .convolution2D(Variable(w), stride: 2, padding: 1).maxPooling2D()
      #expect(alone.value == together.sliced(i..<i + 1).value)
    }
  }
}
