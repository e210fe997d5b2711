import CKernels

extension Variable {
  /// Layer normalisation over the last axis (Ba, Kiros & Hinton 2016):
  ///
  ///     y = gain ⊙ x̂ + bias,   x̂ = (x - μ)/√(σ² + ε)
  ///
  /// x [..., H], gain and bias [H]; σ² is the biased variance.
  ///
  /// Backward, with g = dy ⊙ gain: dx = (g - mean(g) - x̂·mean(g ⊙ x̂))/√(σ² + ε);
  /// dgain = Σ dy ⊙ x̂ and dbias = Σ dy over the rows. Tangent: y′ = gain ⊙ x̂′ + gain′ ⊙ x̂ + bias′,
  /// where x̂′ comes of x′ as dx of g, for the Jacobian of x̂ is symmetric.
  public func layerNorm(gain: Variable, bias: Variable, epsilon: Float = 1e-5) -> Variable {
    let (rows, columns) = (value.rowCount, value.columnCount)
    precondition(
      value.rank > 0 && columns > 0 && gain.shape == [columns] && bias.shape == [columns],
      "layer norm of \(shape) with gain \(gain.shape) and bias \(bias.shape)")
    let (x, scale) = (value, gain.value)
    let means = Tensor(uninitialized: [rows])
    let deviations = Tensor(uninitialized: [rows])
    let output = Tensor(shape: shape) { output in
      x.withUnsafeBufferPointer { x in
        scale.withUnsafeBufferPointer { scale in
          bias.value.withUnsafeBufferPointer { bias in
            let (x, y) = (x.baseAddress!, output.baseAddress!)
            let (scale, bias) = (scale.baseAddress!, bias.baseAddress!)
            // Nobody else has seen these two yet.
            let (mean, deviation) = (means.sharedPointer, deviations.sharedPointer)
            ThreadTeam.current.forEachRows(rows, columns: columns, grain: Grain.heavy) {
              let (row, start) = ($0.lowerBound, $0.lowerBound * columns)
              unroll_layer_norm_rows(
                $0.count, columns, x + start, scale, bias, epsilon, y + start, mean + row,
                deviation + row)
            }
          }
        }
      }
    }
    return Variable.operation(from: [self, gain, bias], output: output) { context in
      x.layerNormTangent(
        context.tangent(ofParent: 0), scale, gain: context.tangent(ofParent: 1),
        bias: context.tangent(ofParent: 2), means, deviations)
    } backward: { context in
      let (dx, sums) = context.takeGradient().layerNormBackward(x, scale, means, deviations)
      context.add(dx, toParent: 0)
      if context.needsGradient(ofParent: 1) || context.needsGradient(ofParent: 2) {
        // The sums of the pieces, added in their order.
        let total = sums.summed(outer: 1, count: sums.shape[0], inner: 2 * columns).scalars
        context.add(Tensor(shape: [columns], scalars: total[..<columns]), toParent: 1)
        context.add(Tensor(shape: [columns], scalars: total[columns...]), toParent: 2)
      }
    }
  }
}

extension Tensor {
  /// With x in this tensor: y′ of x′, gain′ and bias′, where nil is zero.
  fileprivate func layerNormTangent(
    _ tangent: Tensor?, _ gain: Tensor, gain gainTangent: Tensor?, bias biasTangent: Tensor?,
    _ means: Tensor, _ deviations: Tensor
  ) -> Tensor {
    let (rows, columns) = (rowCount, columnCount)
    let zeros = Tensor(zeros: [columns])
    let (gainTangent, biasTangent) = (gainTangent ?? zeros, biasTangent ?? zeros)
    return Tensor(shape: shape) { result in
      let (x, y) = (sharedPointer, result.baseAddress!)
      let (mean, deviation) = (means.sharedPointer, deviations.sharedPointer)
      let (gain, dGain, dBias) = (
        gain.sharedPointer, gainTangent.sharedPointer, biasTangent.sharedPointer
      )
      ThreadTeam.current.forEachRows(rows, columns: columns, grain: Grain.heavy) {
        for row in $0 {
          let (x, y) = (x + row * columns, y + row * columns)
          let dx = tangent.map { $0.sharedPointer + row * columns }
          // The means of x′ and of x′ ⊙ x̂.
          var (sum, product) = (0.0, 0.0)
          if let dx {
            for j in 0..<columns {
              sum += Double(dx[j])
              product += Double(dx[j] * ((x[j] - mean[row]) * deviation[row]))
            }
          }
          let (level, slope) = (Float(sum / Double(columns)), Float(product / Double(columns)))
          for j in 0..<columns {
            let normal = (x[j] - mean[row]) * deviation[row]
            let moved = dx.map { ($0[j] - level - normal * slope) * deviation[row] } ?? 0
            y[j] = gain[j] * moved + dGain[j] * normal + dBias[j]
          }
        }
      }
      withExtendedLifetime((tangent, gainTangent, biasTangent)) {}
    }
  }

  /// With dy in this tensor: dx, and for each piece of the rows its [dgain, dbias]. The pieces do
  /// not depend on the number of threads.
  fileprivate consuming func layerNormBackward(
    _ x: Tensor, _ gain: Tensor, _ means: Tensor, _ deviations: Tensor
  ) -> (dx: Tensor, sums: Tensor) {
    let (rows, columns) = (rowCount, columnCount)
    let height = max(1, Grain.heavy / columns)
    let pieces = (rows + height - 1) / height
    var dx = self
    var sums = Tensor(zeros: [pieces, 2 * columns])
    dx.withUnsafeMutableBufferPointer { gradient in
      sums.withUnsafeMutableBufferPointer { sums in
        x.withUnsafeBufferPointer { x in
          gain.withUnsafeBufferPointer { gain in
            means.withUnsafeBufferPointer { means in
              deviations.withUnsafeBufferPointer { deviations in
                let (g, x, sum) = (gradient.baseAddress!, x.baseAddress!, sums.baseAddress!)
                let (gain, mean) = (gain.baseAddress!, means.baseAddress!)
                let deviation = deviations.baseAddress!
                ThreadTeam.current.forEachRange(rows, grain: height) {
                  let (row, start) = ($0.lowerBound, $0.lowerBound * columns)
                  let piece = sum + row / height * 2 * columns
                  unroll_layer_norm_rows_backward(
                    $0.count, columns, x + start, gain, mean + row, deviation + row, g + start,
                    g + start, piece, piece + columns)
                }
              }
            }
          }
        }
      }
    }
    return (dx, sums)
  }
}
