import CKernels
import Tensors

// The products with the inputs of a forest, which all tree cells share.

/// W·x + b of each input, and b of an input of zeros after them: [D + 1, outputs].
func projections(of inputs: Variable, _ weight: Variable, bias: Tensor) -> Tensor {
  let (count, outputs) = (inputs.shape[0], weight.shape[0])
  let result = Tensor(uninitialized: [count + 1, outputs])
  projectRows(inputs.value, weight, bias: bias, into: result.sharedPointer)
  bias.withUnsafeBufferPointer {
    result.sharedPointer.row(count, outputs).update(from: $0.baseAddress!, count: outputs)
  }
  return result
}

/// Calls `body` for each input, the one of zeros included, with its readers, on the threads of the team.
func forEachInput(
  _ inputs: ForestInputs,
  _ body: (_ input: Int, _ readers: Range<Int>, _ rows: UnsafePointer<Int32>) -> Void
) {
  inputs.readers.withUnsafeBufferPointer { rows in
    ThreadTeam.current.forEach(inputs.count + 1) { input in
      let readers = inputs.readers(of: input)
      body(input, readers, rows.baseAddress! + readers.lowerBound)
    }
  }
}

/// With dp [D + 1, outputs], the gradients of ``projections(of:_:bias:)``: adds those of the inputs (parent 0),
/// W (parent 1) and b (parent 2) to theirs, together with the products for the `recurrent` parents.
func accumulateInputGradients(
  _ context: GradientContext, _ projectionGradients: Tensor, inputs x: Tensor, inputWeight: Tensor,
  recurrent: [Int], _ recurrentProducts: ([GradientSum?]) -> [MatrixProduct]
) {
  let (count, outputs, size) = (x.shape[0], inputWeight.shape[0], inputWeight.shape[1])
  let dp = projectionGradients.sharedPointer
  context.accumulate(intoParents: [0, 1] + recurrent) { sums in
    let gradients = MatrixView(dp, rows: count, columns: outputs)
    var products = recurrentProducts(Array(sums[2...]))
    if let sum = sums[1] {
      products.append(
        MatrixProduct(
          gradients.transposed, MatrixView(x.sharedPointer, rows: count, columns: size).transposed,
          accumulate: !sum.isFresh, into: sum.values.baseAddress!))
    }
    if let sum = sums[0], count > 0 {
      products.append(
        MatrixProduct(
          gradients,
          MatrixView(inputWeight.sharedPointer, rows: outputs, columns: size).transposed,
          accumulate: !sum.isFresh, into: sum.values.baseAddress!))
    }
    multiply(products)
  }
  accumulateBiasGradient(
    context, parents: [2], rows: count + 1, gradients: dp, columns: outputs)
  withExtendedLifetime((projectionGradients, x, inputWeight)) {}
}
