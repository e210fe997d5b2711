import CKernels

extension Variable {
  /// Inverted dropout of a sequence [T, ...] with one mask for all steps (Gal & Ghahramani 2016):
  /// what is dropped at one step is dropped at every step.
  ///
  /// At each step it is the `dropout` of that step with the same mode. Backward as there.
  public func variationalDropout(_ rate: Float, mode: Mode) -> Variable {
    precondition(0 <= rate && rate < 1, "a dropout rate is in 0..<1, not \(rate)")
    precondition(value.rank >= 1, "variational dropout of a scalar")
    guard case .training(let key) = mode, rate > 0 else { return self }
    let steps = shape[0]
    let source = value
    let output = Tensor(shape: shape) { output in
      source.withUnsafeBufferPointer { drop(rate, key, steps: steps, from: $0, to: output) }
    }
    return Variable.operation(from: [self], output: output) { context in
      context.tangent().map { tangent in
        Tensor(shape: tangent.shape) { output in
          tangent.withUnsafeBufferPointer { drop(rate, key, steps: steps, from: $0, to: output) }
        }
      }
    } backward: { context in
      var gradient = context.takeGradient()
      gradient.withUnsafeMutableBufferPointer {
        drop(rate, key, steps: steps, from: UnsafeBufferPointer($0), to: $0)
      }
      context.add(gradient, toParent: 0)
    }
  }
}

private func drop(
  _ rate: Float, _ key: RandomKey, steps: Int, from source: UnsafeBufferPointer<Float>,
  to target: UnsafeMutableBufferPointer<Float>
) {
  guard steps > 0, let x = source.baseAddress, let y = target.baseAddress else { return }
  let size = source.count / steps
  ThreadTeam.current.forEachRows(steps, columns: size, grain: Grain.heavy) { range in
    for t in range {
      unroll_philox_dropout(
        key.seed, key.stream, 0, size, 1 - rate, x + t * size, y + t * size)
    }
  }
}
