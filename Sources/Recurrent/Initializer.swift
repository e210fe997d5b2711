import CKernels
import Tensors

/// How a weight matrix [outputs, inputs] starts.
public enum Initializer: Sendable, Equatable {
  /// All zeros, for a matrix that is about to be read from a file.
  case zero
  /// Uniform in [-range, range).
  case uniform(Float)
  /// Normal with mean 0 and the given standard deviation.
  case normal(Float)
  /// Uniform in ±√(6 / (inputs + outputs)) (Glorot & Bengio 2010); a matrix of several gates is
  /// several matrices.
  case glorot
  /// Rows or columns orthonormal (Saxe et al. 2014), times a gain; each gate by itself.
  case orthogonal(gain: Float = 1)
  /// The identity, for a recurrent matrix (Le et al. 2015); each gate by itself.
  case identity

  /// So many normal numbers of the given deviation a row, at random places, the rest zero (Martens
  /// 2010 has 15 of deviation 1): units differ from each other, and do not saturate however many
  /// inputs they have. A square matrix is scaled to spectral radius `radius`, if there is one, as
  /// Martens & Sutskever 2011 and Sutskever et al. 2013 do with about 1.1; each gate by itself.
  case sparse(connections: Int, deviation: Float = 1, radius: Float? = nil)

  /// A matrix of `gates` stacked blocks [outputs, inputs].
  public func matrix(gates: Int = 1, outputs: Int, inputs: Int, key: RandomKey) -> Tensor {
    let shape = [gates * outputs, inputs]
    switch self {
    case .zero:
      return Tensor(zeros: shape)
    case .uniform(let range):
      return key.uniform(shape, from: -range, to: range)
    case .normal(let deviation):
      let numbers = key.normal(shape)
      return Tensor(shape: shape, scalars: numbers.scalars.map { $0 * deviation })
    case .glorot:
      let range = (6 / Float(max(1, inputs + outputs))).squareRoot()
      return key.uniform(shape, from: -range, to: range)
    case .orthogonal(let gain):
      let size = outputs * inputs
      return Tensor(shape: shape) { matrix in
        ThreadTeam.current.forEach(gates) { gate in
          var block = orthonormal(outputs: outputs, inputs: inputs, key: key.child(gate))
          for index in block.indices { block[index] *= gain }
          (matrix.baseAddress! + gate * size).update(from: block, count: size)
        }
      }
    case .identity:
      var tensor = Tensor(zeros: shape)
      for gate in 0..<gates {
        for i in 0..<min(outputs, inputs) { tensor[gate * outputs + i, i] = 1 }
      }
      return tensor
    case .sparse(let connections, let deviation, let radius):
      let blocks = (0..<gates).flatMap { gate in
        SparseMatrix(
          outputs: outputs, inputs: inputs, connections: connections, key: key.child(gate)
        ).dense(deviation: deviation, radius: outputs == inputs ? radius : nil)
      }
      return Tensor(shape: shape, scalars: blocks)
    }
  }
}

/// A random matrix whose shorter side is orthonormal: Gram-Schmidt on normal vectors, each projected
/// twice, because once loses digits when little of a vector is left. The directions are uniform
/// because the vectors are isotropic.
private func orthonormal(outputs: Int, inputs: Int, key: RandomKey) -> [Float] {
  let (count, length) = (min(outputs, inputs), max(outputs, inputs))
  var vectors = key.normal([count, length])
  vectors.withUnsafeMutableBufferPointer { vectors in
    for row in 0..<count {
      let vector = vectors.baseAddress! + row * length
      for _ in 0..<2 {
        for earlier in 0..<row {
          let other = vectors.baseAddress! + earlier * length
          unroll_axpy(length, Float(-unroll_dot(length, vector, other)), other, vector)
        }
        let norm = unroll_sum_of_squares(length, vector).squareRoot()
        unroll_scale(length, Float(1 / norm), vector, vector)
      }
    }
  }
  let scalars = vectors.scalars
  if outputs <= inputs { return scalars }
  return (0..<outputs).flatMap { row in (0..<inputs).map { scalars[$0 * length + row] } }
}
