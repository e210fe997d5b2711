import Foundation
import Recurrent
import Tensors
import Testing

@testable import Learning

@Suite("The spectrum of the recurrent matrices")
struct RecurrentSpectrumTests {
  private func stack(_ kind: CellKind, recurrent: Initializer, layers: Int = 1) -> RecurrentStack {
    RecurrentStack(
      kind, inputSize: 3, hiddenSize: 6, layers: layers,
      initialization: .init(recurrent: recurrent),
      key: RandomKey(seed: 3))
  }

  @Test("has one matrix a gate and layer, under the gates' names")
  func names() {
    let lstm = RecurrentSpectrum(stack(.lstm, recurrent: .orthogonal(), layers: 2)).matrices
    #expect(
      lstm.map(\.block)
        == Array(repeating: ["input", "forget", "candidate", "output"], count: 2).flatMap(\.self))
    #expect(Set(lstm.map(\.parameter)) == ["rnn.weight_hh_l0", "rnn.weight_hh_l1"])
    let gru = RecurrentSpectrum(stack(.gru, recurrent: .orthogonal())).matrices
    #expect(gru.map(\.block) == ["reset", "update", "candidate"])
    #expect(RecurrentSpectrum(stack(.rnn, recurrent: .orthogonal())).matrices.map(\.block) == [""])
  }

  @Test("of orthogonal blocks is the unit circle, each block by itself")
  func orthogonal() {
    for matrix in RecurrentSpectrum(stack(.lstm, recurrent: .orthogonal())).matrices {
      // The elements were rounded to single precision.
      #expect(matrix.singularValues.allSatisfy { abs($0 - 1) < 1e-6 })
      #expect(matrix.eigenvalues.allSatisfy { abs($0.magnitude - 1) < 1e-6 })
      #expect(matrix.singularValues.count == 6 && matrix.eigenvalues.count == 6)
    }
  }

  @Test("of given matrices is theirs, on any number of threads; what is no number is left out")
  func values() throws {
    let net = stack(.gru, recurrent: .zero)
    var value = Tensor(zeros: [18, 6])
    for i in 0..<6 {
      value[i, i] = Float(i + 1)  // reset: 1…6
      value[6 + i, (i + 1) % 6] = 2  // update: a cycle
    }
    value[12, 0] = .nan
    net.parameters[1].value = value
    let spectra = [1, 2].map { threads in
      ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) { RecurrentSpectrum(net) }
    }
    #expect(spectra[0] == spectra[1])
    let matrices = spectra[0].matrices
    #expect(matrices.map(\.block) == ["reset", "update"])
    #expect(abs(matrices[0].largest - 6) < 1e-12 && abs(matrices[0].smallest - 1) < 1e-12)
    #expect(abs((matrices[0].spectralRadius ?? 0) - 6) < 1e-12)
    #expect(matrices[1].eigenvalues.allSatisfy { abs($0.magnitude - 2) < 1e-12 })
    #expect(matrices[1].eigenvalues.count { abs($0.imaginary) > 1 } == 4)
    let back = try JSONDecoder().decode(
      RecurrentSpectrum.self, from: JSONEncoder().encode(spectra[0]))
    #expect(back == spectra[0])
  }
}
