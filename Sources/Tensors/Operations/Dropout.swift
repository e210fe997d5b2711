import CKernels

extension Variable {
  /// Inverted dropout (Srivastava et al. 2014): in training each element is zeroed with probability
  /// `rate`, the others are divided by 1 - rate; in prediction nothing happens.
  ///
  /// The mask is a function of the key in `mode` and the element's index alone, so it is not stored:
  /// backward: dx = dy ⊙ mask / (1 - rate), the mask drawn again. Give every call a key of its own
  /// (`mode.child(…)`).
  public func dropout(_ rate: Float, mode: Mode) -> Variable {
    precondition(0 <= rate && rate < 1, "a dropout rate is in 0..<1, not \(rate)")
    guard case .training(let key) = mode, rate > 0 else { return self }
    let source = value
    let output = Tensor(shape: shape) { output in
      source.withUnsafeBufferPointer { drop(rate, key, from: $0, to: output) }
    }
    return Variable.operation(from: [self], output: output) { context in
      context.tangent().map { tangent in
        Tensor(shape: tangent.shape) { output in
          tangent.withUnsafeBufferPointer { drop(rate, key, from: $0, to: output) }
        }
      }
    } backward: { context in
      var gradient = context.takeGradient()
      gradient.withUnsafeMutableBufferPointer {
        drop(rate, key, from: UnsafeBufferPointer($0), to: $0)
      }
      context.add(gradient, toParent: 0)
    }
  }
}

private func drop(
  _ rate: Float, _ key: RandomKey, from source: UnsafeBufferPointer<Float>,
  to target: UnsafeMutableBufferPointer<Float>
) {
  let (x, y) = (source.baseAddress!, target.baseAddress!)
  ThreadTeam.current.forEachRange(source.count, grain: Grain.heavy) {
    let start = $0.lowerBound
    unroll_philox_dropout(
      key.seed, key.stream, UInt64(start), $0.count, 1 - rate, x + start, y + start)
  }
}
