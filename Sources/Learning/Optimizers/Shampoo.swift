import CKernels
import Foundation
import Tensors

/// Shampoo (Gupta, Koren & Singer 2018): gradients of matrices preconditioned from both sides.
///
/// ```
/// g' = scale · g + λ w                              G, of a block of a matrix [R, C]
/// L  = ρ L + G Gᵀ                 R  = ρ R + Gᵀ G    [R, R] and [C, C]
/// P  = L̂^(-1/4) G R̂^(-1/4)
/// v  = μ v + c P                  w  = w - rate · v
/// ```
/// With ρ = 1 the statistics are sums, L̂ = L, as published; with ρ < 1 they fade, and
/// L̂ = L (1-ρ) / (1-ρᵗ) is their weighted mean. Roots are taken from the eigenvalues, each raised by
/// ε times the greatest one (Anil et al. 2020; the first paper starts from εI instead, whose right size
/// depends on the gradient's), in steps 1, 2, 4, 8, … and from then on every N steps.
///
/// Matrices greater than `blockSize` are cut into blocks of nearly equal size, each preconditioned by
/// itself (Anil et al. 2020), so memory and work for a step grow with R·C·blockSize. Vectors have a
/// diagonal in place of the two matrices, which is Adagrad: s = ρ s + g'², P = g' / √ŝ.
///
/// Grafting (Agarwal et al. 2020) keeps the direction P and takes the length c |P| = |D| of another
/// rule's step D for the same parameter, so that a rate known for that rule is right for this one.
public struct Shampoo: Optimizer {
  /// Whose length the steps have.
  public enum Grafting: String, Sendable, CaseIterable, Codable {
    /// Their own, c = 1.
    case none
    /// The gradient's, D = g'.
    case sgd
    /// Adagrad's, D = g' / √ŝ with s as for vectors.
    case adagrad
  }

  /// The greatest number of rows and columns of a block.
  public let blockSize: Int
  /// N, how many steps one pair of roots serves.
  public let rootInterval: Int
  /// ε, relative to the greatest eigenvalue.
  public let epsilon: Double
  /// ρ, the memory of the statistics; 1 for sums.
  public let rho: Double
  /// μ, how much of the last step is kept.
  public let momentum: Double
  /// λ, an L2 penalty on the weights.
  public let weightDecay: Double
  /// Whose length the steps have.
  public let grafting: Grafting
  /// The statistics, their roots, the velocities and t of each parameter.
  public var state = OptimizerState()

  /// Sums of statistics and no momentum unless told otherwise.
  public init(
    blockSize: Int = 128, rootInterval: Int = 50, epsilon: Double = 1e-6, rho: Double = 1,
    momentum: Double = 0, weightDecay: Double = 0, grafting: Grafting = .adagrad
  ) {
    precondition(blockSize >= 1, "a block has at least one row, not \(blockSize)")
    precondition(rootInterval >= 1, "roots serve at least one step, not \(rootInterval)")
    precondition(epsilon > 0, "epsilon is above 0, not \(epsilon)")
    precondition(0 <= rho && rho <= 1, "rho is in [0, 1], not \(rho)")
    precondition(0 <= momentum && momentum < 1, "momentum is in [0, 1), not \(momentum)")
    precondition(weightDecay >= 0, "weight decay is at least 0, not \(weightDecay)")
    self.blockSize = blockSize
    self.rootInterval = rootInterval
    self.epsilon = epsilon
    self.rho = rho
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.grafting = grafting
  }

  /// Which rule it is.
  public var kind: OptimizerKind { .shampoo }

  /// The hyper-parameters by name.
  public var hyperparameters: [String: String] {
    [
      "block size": "\(blockSize)", "root interval": "\(rootInterval)", "epsilon": "\(epsilon)",
      "rho": "\(rho)", "momentum": "\(momentum)", "weight decay": "\(weightDecay)",
      "grafting": grafting.rawValue,
    ]
  }

  /// The names of what it keeps.
  private enum Slot: String {
    case left, right, leftRoot, rightRoot, squares, velocity
  }

  /// The statistics of all blocks of a matrix stand one after another in one flat tensor.
  public func shape(ofSlot slot: String, for parameter: Parameter) -> [Int]? {
    let blocks = ShampooBlocks(of: parameter, blockSize: blockSize)
    switch Slot(rawValue: slot) {
    case .left, .leftRoot: return blocks.map { [$0.leftCount] }
    case .right, .rightRoot: return blocks.map { [$0.rightCount] }
    case .squares, .velocity: return parameter.shape
    case nil: return nil
    }
  }

  /// Changes `parameters` once.
  public mutating func step(parameters: [Parameter], rate: Double, gradientScale: Double) {
    for parameter in parameters {
      if case .none = parameter.gradient { continue }
      let update = state.updates[parameter.name, default: 0] + 1
      state.updates[parameter.name] = update
      let gradient = decayedGradient(parameter, Float(gradientScale))
      var direction = gradient
      if let blocks = ShampooBlocks(of: parameter, blockSize: blockSize) {
        direction = preconditioned(gradient, parameter, blocks, update)
        direction = grafted(direction, gradient, parameter, update)
      } else {
        direction = diagonallyPreconditioned(gradient, parameter, update)
        if grafting == .sgd { direction = Self.scaled(direction, toLengthOf: gradient) }
      }
      move(parameter, along: direction, Float(rate))
    }
  }

  /// What a sum of squares is to be multiplied with to be what the roots are taken of.
  private func normalisation(_ update: Int) -> Double {
    rho < 1 ? (1 - rho) / (1 - pow(rho, Double(update))) : 1
  }

  /// g' = scale · g + λ w, every element written out.
  private func decayedGradient(_ parameter: Parameter, _ scale: Float) -> Tensor {
    Tensor(shape: parameter.shape) { result in
      parameter.value.withUnsafeBufferPointer { weights in
        GradientBlocks.forEach(of: parameter, parameter.gradient) { block, gradient in
          let target = result.baseAddress! + block.lowerBound
          unroll_scale(block.count, scale, gradient, target)
          guard weightDecay > 0 else { return }
          unroll_axpy(
            block.count, Float(weightDecay), weights.baseAddress! + block.lowerBound, target)
        }
      }
    }
  }

  /// P, after the statistics have seen the gradient.
  private mutating func preconditioned(
    _ gradient: Tensor, _ parameter: Parameter, _ blocks: ShampooBlocks, _ update: Int
  ) -> Tensor {
    func take(_ slot: Slot, _ count: Int) -> Tensor {
      state.take(slot.rawValue, for: parameter, shape: [count])
    }
    var left = take(.left, blocks.leftCount)
    var right = take(.right, blocks.rightCount)
    var leftRoot = take(.leftRoot, blocks.leftCount)
    var rightRoot = take(.rightRoot, blocks.rightCount)
    gather(gradient, blocks, &left, &right)
    // Powers of two below the interval, while the statistics change quickly.
    let isDue =
      update.isMultiple(of: rootInterval)
      || (update < rootInterval && update & (update - 1) == 0)
    let factor = normalisation(update)
    takeRoots(
      of: left, factor, blocks.all.map { ($0.left, $0.rows.count) }, onlyFirst: !isDue,
      into: &leftRoot)
    takeRoots(
      of: right, factor, blocks.all.map { ($0.right, $0.columns.count) }, onlyFirst: !isDue,
      into: &rightRoot)
    let direction = Self.product(leftRoot, gradient, rightRoot, blocks, parameter.shape)
    state.put(left, Slot.left.rawValue, for: parameter)
    state.put(right, Slot.right.rawValue, for: parameter)
    state.put(leftRoot, Slot.leftRoot.rawValue, for: parameter)
    state.put(rightRoot, Slot.rightRoot.rawValue, for: parameter)
    return direction
  }

  /// L = ρ L + G Gᵀ and R = ρ R + Gᵀ G of all blocks.
  private func gather(
    _ gradient: Tensor, _ blocks: ShampooBlocks, _ left: inout Tensor, _ right: inout Tensor
  ) {
    gradient.withUnsafeBufferPointer { gradient in
      left.withUnsafeMutableBufferPointer { left in
        right.withUnsafeMutableBufferPointer { right in
          ThreadTeam.current.forEach(blocks.all.count) { index in
            let block = blocks.all[index]
            let view = blocks.view(block, of: gradient)
            let (l, r) = (left.baseAddress! + block.left, right.baseAddress! + block.right)
            if rho < 1 {
              unroll_scale(block.rows.count * block.rows.count, Float(rho), l, l)
              unroll_scale(block.columns.count * block.columns.count, Float(rho), r, r)
            }
            multiply(view, view, accumulate: true, into: l)
            multiply(view.transposed, view.transposed, accumulate: true, into: r)
          }
        }
      }
    }
  }

  /// The inverse fourth root of each of the square matrices at the given places, or only of those that
  /// have none yet and have now seen a gradient. Where a matrix has overflowed, its last root stays.
  private func takeRoots(
    of statistics: Tensor, _ factor: Double, _ places: [(start: Int, size: Int)],
    onlyFirst: Bool, into roots: inout Tensor
  ) {
    statistics.withUnsafeBufferPointer { statistics in
      roots.withUnsafeMutableBufferPointer { roots in
        ThreadTeam.current.forEach(places.count) { index in
          let (start, size) = places[index]
          // No root that was ever taken has a zero on its diagonal.
          if onlyFirst {
            let diagonal = stride(from: start, to: start + size * size, by: size + 1)
            guard roots[start] == 0, diagonal.contains(where: { statistics[$0] > 0 }) else {
              return
            }
          }
          let elements = statistics[start..<start + size * size].map { factor * Double($0) }
          guard let system = SymmetricEigensystem(size: size, elements: elements),
            let greatest = system.values.last
          else { return }
          // What has never seen a gradient has none to precondition.
          let root = system.matrix {
            greatest > 0 ? 1 / (max($0, 0) + epsilon * greatest).squareRoot().squareRoot() : 0
          }
          for (place, element) in root.enumerated() { roots[start + place] = Float(element) }
        }
      }
    }
  }

  /// L^(-1/4) G R^(-1/4) of all blocks.
  private static func product(
    _ left: Tensor, _ gradient: Tensor, _ right: Tensor, _ blocks: ShampooBlocks, _ shape: [Int]
  ) -> Tensor {
    Tensor(shape: shape) { result in
      gradient.withUnsafeBufferPointer { gradient in
        left.withUnsafeBufferPointer { left in
          right.withUnsafeBufferPointer { right in
            ThreadTeam.current.forEach(blocks.all.count) { index in
              let block = blocks.all[index]
              let (rows, columns) = (block.rows.count, block.columns.count)
              let l = MatrixView(left.baseAddress! + block.left, rows: rows, columns: rows)
              let r = MatrixView(right.baseAddress! + block.right, rows: columns, columns: columns)
              let start = block.rows.lowerBound * blocks.columns + block.columns.lowerBound
              withUnsafeTemporaryAllocation(of: Float.self, capacity: rows * columns) { half in
                multiply(
                  l, blocks.view(block, of: gradient).transposed, into: half.baseAddress!)
                // R is its own transpose.
                multiply(
                  MatrixView(half.baseAddress!, rows: rows, columns: columns), r,
                  into: result.baseAddress! + start, rowStride: blocks.columns)
              }
            }
          }
        }
      }
    }
  }

  /// The direction with the length that grafting asks for.
  private mutating func grafted(
    _ direction: Tensor, _ gradient: Tensor, _ parameter: Parameter, _ update: Int
  ) -> Tensor {
    switch grafting {
    case .none: direction
    case .sgd: Self.scaled(direction, toLengthOf: gradient)
    case .adagrad:
      Self.scaled(
        direction, toLengthOf: diagonallyPreconditioned(gradient, parameter, update))
    }
  }

  private static func scaled(_ direction: Tensor, toLengthOf other: Tensor) -> Tensor {
    let square = TensorVector.dot([direction], [direction])
    guard square > 0 else { return direction }
    var result = [direction]
    TensorVector.scale(&result, by: (TensorVector.dot([other], [other]) / square).squareRoot())
    return result[0]
  }

  /// g' / √ŝ, after s has seen the gradient.
  private mutating func diagonallyPreconditioned(
    _ gradient: Tensor, _ parameter: Parameter, _ update: Int
  ) -> Tensor {
    let (rho, factor) = (Float(rho), Float(normalisation(update)))
    var squares = state.take(Slot.squares.rawValue, for: parameter)
    let direction = Tensor(shape: parameter.shape) { result in
      gradient.withUnsafeBufferPointer { gradient in
        squares.withUnsafeMutableBufferPointer { squares in
          GradientBlocks.forEachRange(count: result.count) { range in
            for index in range {
              let g = gradient[index]
              let sum = rho * squares[index] + g * g
              squares[index] = sum
              result[index] = g / ((factor * sum).squareRoot() + 1e-10)
            }
          }
        }
      }
    }
    state.put(squares, Slot.squares.rawValue, for: parameter)
    return direction
  }

  /// w = w - rate · v
  private mutating func move(_ parameter: Parameter, along direction: Tensor, _ rate: Float) {
    var velocity = momentum > 0 ? state.take(Slot.velocity.rawValue, for: parameter) : direction
    parameter.update { weights, _ in
      let weights = weights.baseAddress!
      direction.withUnsafeBufferPointer { direction in
        let direction = direction.baseAddress!
        guard momentum > 0 else {
          return GradientBlocks.forEachRange(count: parameter.count) { range in
            let start = range.lowerBound
            unroll_sgd_update(range.count, rate, 1, 0, direction + start, weights + start)
          }
        }
        velocity.withUnsafeMutableBufferPointer { velocity in
          let velocity = velocity.baseAddress!
          GradientBlocks.forEachRange(count: parameter.count) { range in
            let start = range.lowerBound
            unroll_momentum_update(
              range.count, rate, 1, 0, Float(momentum), false, direction + start, velocity + start,
              weights + start)
          }
        }
      }
    }
    if momentum > 0 { state.put(velocity, Slot.velocity.rawValue, for: parameter) }
  }
}

extension ShampooBlocks {
  /// The block's elements of a matrix [R, C].
  func view(_ block: Block, of matrix: UnsafeBufferPointer<Float>) -> MatrixView {
    MatrixView(
      matrix.baseAddress! + block.rows.lowerBound * columns + block.columns.lowerBound,
      rows: block.rows.count, columns: block.columns.count, rowStride: columns)
  }
}
