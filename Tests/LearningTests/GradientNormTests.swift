import Learning
import Tensors
import Testing

@Suite("The norm of the gradient")
struct GradientNormTests {
  @Test("it is over all elements of all parameters, dense and rows alike")
  func norm() {
    let a = Parameter("a", Tensor(zeros: [2]))
    a.setGradient(.dense(Tensor(shape: [2], scalars: [1, 2])))
    let b = Parameter("b", Tensor(zeros: [9, 2]))
    // Row 7 occurs twice, so its gradients add up to (4, -2).
    b.setGradient(
      .rows(RowGradient([7, 2, 7], Tensor(shape: [3, 2], scalars: [1, -1, 0, 0, 3, -1]))))
    let c = Parameter("c", Tensor(zeros: [3]))
    #expect(GradientNorm.global([a, b, c]) == 5)
    #expect(GradientNorm.global([c]) == 0)
  }

  @Test("it is the same number for any number of threads")
  func threads() {
    let parameters = (0..<3).map { Parameter("p\($0)", Tensor(zeros: [20_000 + $0])) }
    for (index, parameter) in parameters.enumerated() {
      parameter.setGradient(.dense(RandomKey(seed: 6).child(index).normal(parameter.shape)))
    }
    let norms = [1, 2, 3].map { threads in
      ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        GradientNorm.global(parameters)
      }
    }
    #expect(Set(norms).count == 1)
    // Of 60,003 standard normal numbers; the deviation of their norm is below 1.
    #expect(abs(norms[0] - 60_003.0.squareRoot()) < 4)
  }

  @Test("squares that no Float can hold do not overflow")
  func largeElements() {
    let parameter = Parameter("w", Tensor(zeros: [2]))
    parameter.setGradient(.dense(Tensor(shape: [2], scalars: [3e30, 4e30])))
    #expect(abs(GradientNorm.global([parameter]) / 5e30 - 1) < 1e-6)
  }

  @Test("NaN and infinity show", arguments: [Float.nan, .infinity, -.infinity])
  func notFinite(_ value: Float) {
    let parameter = Parameter("w", Tensor(zeros: [20_000]))
    var gradient = Tensor(zeros: [20_000])
    gradient[17_777] = value
    parameter.setGradient(.dense(gradient))
    #expect(!GradientNorm.global([parameter]).isFinite)
  }

  @Test("clipping brings a longer gradient to the limit and leaves a shorter one alone")
  func clip() {
    #expect(GradientNorm.clipScale(norm: 4, limit: 5) == 1)
    #expect(GradientNorm.clipScale(norm: 0, limit: 5) == 1)
    #expect(abs(GradientNorm.clipScale(norm: 20, limit: 5) - 0.25) < 1e-7)
    let parameter = Parameter("w", Tensor(zeros: [2]))
    parameter.setGradient(.dense(Tensor(shape: [2], scalars: [30, 40])))
    let scale = GradientNorm.clipScale(norm: GradientNorm.global([parameter]), limit: 5)
    var optimizer = SGD()
    optimizer.step(parameters: [parameter], rate: 1, gradientScale: scale)
    #expect(abs(parameter.value[0] + 3) < 1e-6 && abs(parameter.value[1] + 4) < 1e-6)
  }
}
