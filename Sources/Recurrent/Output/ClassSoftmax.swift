import CKernels
import Tensors

/// The class-factored softmax (Goodman 2001; Mikolov et al. 2011): a softmax over C classes, about
/// √V of them, and one over the tokens of the class.
///
/// ```
/// p(w | h) = softmax(D·h + d)_{class of w} · softmax(W·h + b, the rows of the class alone)_w
/// ```
/// `class.weight` is D [C, H]; the rows of `weight`, W [V, H], and of `bias` are by falling count, so
/// that those of a class stand together. A row of h meets the classes and the tokens of one of them, and
/// the gradient of W is the rows of the classes that the targets are in.
struct ClassSoftmax: Module {
  let tokens: TokenClasses
  let classes: Linear
  let members: Linear

  var parameters: [Parameter] { classes.parameters + members.parameters }

  /// A layer of H = `inputs` features over the tokens that `counts` has, in C = `classCount` classes.
  init(
    inputs: Int, counts: [Int], classes classCount: Int, name: String, initializer: Initializer,
    key: RandomKey
  ) {
    tokens = TokenClasses(counts: counts, classCount: classCount)
    classes = Linear(
      inputs: inputs, outputs: tokens.count, name: "\(name).class", initializer: initializer,
      key: key.child(0))
    members = Linear(
      inputs: inputs, outputs: counts.count, name: name, initializer: initializer,
      key: key.child(1))
  }

  /// scale · Σ -ln p(target), and -ln p(target) of each row of h [M, H].
  func loss(
    _ hidden: Variable, targets: [Int32], scale: Float, mode: Mode
  ) -> (loss: Variable, losses: [Float]) {
    let ranks = tokens.ranks.ranks(of: targets)
    let (loss, losses) = softmaxCrossEntropy(
      hidden, weight: classes.weight.variable(mode), bias: classes.bias.variable(mode),
      targets: ranks.map { $0 < 0 ? $0 : tokens.classes[Int($0)] }, scale: scale)
    let (inner, innerLosses) = memberCrossEntropy(
      hidden, weight: members.weight.variable(mode), bias: members.bias.variable(mode),
      tokens: tokens, targets: ranks, scale: scale)
    return (loss + inner, zip(losses, innerLosses).map(+))
  }

  /// ln p of all V tokens, by id, for each row of h [B, H]: [B, V].
  func logProbabilities(_ hidden: Tensor) -> Tensor {
    let input = Variable(hidden)
    let outer = classes(input, mode: .prediction).logSoftmax().value
    var inner = members(input, mode: .prediction).value
    let vocabulary = tokens.classes.count
    return Tensor(shape: [hidden.shape[0], vocabulary]) { result in
      inner.withUnsafeMutableBufferPointer { inner in
        for row in 0..<hidden.shape[0] {
          let own = inner.baseAddress! + row * vocabulary
          for index in 0..<tokens.count {
            let (ranks, offset) = (tokens.members(index), outer[row, index])
            let part = own + ranks.lowerBound
            unroll_log_softmax_rows(1, ranks.count, part, part)
            for rank in ranks {
              result[row * vocabulary + Int(tokens.ranks.ids[rank])] = own[rank] + offset
            }
          }
        }
      }
    }
  }
}
