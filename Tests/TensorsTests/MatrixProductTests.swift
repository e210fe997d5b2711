import TestSupport
import Testing

@testable import Tensors

/// Rows, columns and depths around the sizes at which the kernels change: a tile is 6 or 8 rows by 16
/// or 32 columns, a depth block 384, as many blocks as fit are packed at a time (the last size needs two
/// goes), and large products are cut for the threads.
private let sizes: [[Int]] = [
  [1, 1, 1], [1, 17, 5], [5, 1, 3], [6, 16, 384], [7, 33, 385], [13, 15, 31], [1, 40, 769],
  [12, 31, 7], [37, 5, 100], [70, 70, 120], [3, 300, 400], [200, 7, 300],
  [8, 33, 40], [9, 32, 40], [17, 48, 40], [3, 1030, 1200],
]

@Suite struct MatrixProductTests {
  @Test("products of awkward sizes agree with the definition", arguments: sizes)
  func againstNaive(_ size: [Int]) {
    let (rows, columns, depth) = (size[0], size[1], size[2])
    let a = Tensor.random([rows, depth], seed: 1)
    let b = Tensor.random([columns, depth], seed: 2)
    let bias = Tensor.random([columns], seed: 3)
    let start = Tensor.random([rows, columns], seed: 4)
    let product = naive(a, b)
    // Sums of up to 769 Floats: some √769 roundings.
    let tolerance = 1e-6
    #expect(error(multiplied(a, b), product) < tolerance)
    let withBias = product.indices.map { product[$0] + Double(bias.scalars[$0 % columns]) }
    #expect(error(multiplied(a, b, bias: bias), withBias) < tolerance)
    let added = product.indices.map { product[$0] + Double(start.scalars[$0]) }
    #expect(error(multiplied(a, b, onTopOf: start), added) < tolerance)
    let both = product.indices.map { withBias[$0] + Double(start.scalars[$0]) }
    #expect(error(multiplied(a, b, bias: bias, onTopOf: start), both) < tolerance)
  }

  @Test("transposed views and strided rows give the bits of contiguous matrices", arguments: sizes)
  func views(_ size: [Int]) {
    let (rows, columns, depth) = (size[0], size[1], size[2])
    let a = Tensor.random([rows, depth], seed: 5)
    let b = Tensor.random([columns, depth], seed: 6)
    let expected = multiplied(a, b)
    let (aT, bT) = (a.transposed([1, 0]), b.transposed([1, 0]))
    let result = Tensor(shape: [rows, columns]) { c in
      aT.withUnsafeBufferPointer { aT in
        bT.withUnsafeBufferPointer { bT in
          multiply(
            MatrixView(aT.baseAddress!, rows: depth, columns: rows).transposed,
            MatrixView(bT.baseAddress!, rows: depth, columns: columns).transposed,
            into: c.baseAddress!)
        }
      }
    }
    #expect(result == expected)

    // Wider rows than the matrix; what lies between them is not touched.
    let padded = Variable.concatenate(
      [Variable(a), Variable(Tensor(repeating: .nan, shape: [rows, 3]))], axis: 1
    ).value
    let wide = Tensor(shape: [rows, columns + 2]) { c in
      c.update(repeating: -1)
      padded.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          multiply(
            MatrixView(a.baseAddress!, rows: rows, columns: depth, rowStride: depth + 3),
            MatrixView(b.baseAddress!, rows: columns, columns: depth), into: c.baseAddress!,
            rowStride: columns + 2)
        }
      }
    }
    #expect(Variable(wide).sliced(0..<columns, axis: 1).value == expected)
    #expect(
      Variable(wide).sliced(columns..<columns + 2, axis: 1).value.scalars.allSatisfy { $0 == -1 })
  }

  @Test("packed and unpacked products have the same bits", arguments: sizes)
  func packed(_ size: [Int]) {
    let (rows, columns, depth) = (size[0], size[1], size[2])
    let a = Tensor.random([rows, depth], seed: 7)
    let w = Tensor.random([columns, depth], seed: 8)
    let bias = Tensor.random([columns], seed: 9)
    let start = Tensor.random([rows, columns], seed: 10)

    let forward = PackedMatrix(w, .forward)
    #expect(forward.columns == columns && forward.depth == depth)
    #expect(multiplied(a, forward) == multiplied(a, w))
    #expect(multiplied(a, forward, bias: bias) == multiplied(a, w, bias: bias))
    #expect(multiplied(a, forward, onTopOf: start) == multiplied(a, w, onTopOf: start))
    #expect(multiplied(a, forward, isShared: true) == multiplied(a, w))

    let dy = Tensor.random([rows, columns], seed: 11)
    let backward = PackedMatrix(w, .backward)
    #expect(backward.columns == depth && backward.depth == columns)
    #expect(multiplied(dy, backward) == multiplied(dy, w.transposed([1, 0])))
  }

  @Test("packed rows of a matrix are the packed smaller matrix")
  func packedRows() {
    let w = Tensor.random([40, 9], seed: 12)
    let part = Variable(w).sliced(5..<33).value
    let a = Tensor.random([4, 9], seed: 13)
    #expect(multiplied(a, PackedMatrix(w, .forward, rows: 5..<33)) == multiplied(a, part))
    let dy = Tensor.random([4, 28], seed: 14)
    let expected = multiplied(dy, part.transposed([1, 0]))
    #expect(multiplied(dy, PackedMatrix(w, .backward, rows: 5..<33)) == expected)
  }

  @Test("a range of a packed matrix's columns is that part of the product")
  func columnRange() {
    let w = Tensor.random([50, 9], seed: 15)
    let a = Tensor.random([4, 9], seed: 16)
    let packed = PackedMatrix(w, .forward)
    let pieces = Tensor(shape: [4, 50]) { c in
      a.withUnsafeBufferPointer { a in
        for range in [0..<16, 16..<32, 32..<50] {
          packed.multiply(
            rows: 4, a.baseAddress!, rowStride: 9, into: c.baseAddress!, resultStride: 50,
            columns: range)
        }
      }
    }
    #expect(pieces == multiplied(a, packed))
  }

  @Test("a product of a range of the depth is that of these columns of both", arguments: [0, 1, 5])
  func depthRange(first: Int) {
    let a = Tensor.random([4, 9], seed: 20)
    let packed = PackedMatrix(Tensor.random([50, 9], seed: 21), .forward)
    let cut = Tensor(shape: [4, 50]) { c in
      a.withUnsafeBufferPointer { a in
        packed.multiply(
          rows: 4, a.baseAddress! + first, rowStride: 9, into: c.baseAddress!, resultStride: 50,
          depth: first..<8)
      }
    }
    let masked = Tensor(
      shape: [4, 9],
      scalars: a.scalars.enumerated().map { (first..<8).contains($0 % 9) ? $1 : 0 })
    #expect(relativeError(cut, multiplied(masked, packed)) < 1e-6)
  }

  @Test("products have the same bits on 1, 2, 3 and 8 threads, and row by row", arguments: sizes)
  func threadsAgree(_ size: [Int]) {
    let a = Tensor.random([size[0], size[2]], seed: 17)
    let b = Tensor.random([size[1], size[2]], seed: 18)
    let bias = Tensor.random([size[1]], seed: 19)
    let results = [1, 2, 3, 8].map { threads in
      ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        [
          multiplied(a, b, bias: bias),
          multiplied(a, PackedMatrix(b, .forward), bias: bias, isShared: true),
        ]
      }
    }
    #expect(results.allSatisfy { $0 == results[0] })
    let rows = (0..<size[0]).map {
      Variable(multiplied(Variable(a).sliced($0..<$0 + 1).value, b, bias: bias))
    }
    #expect(Variable.concatenate(rows).value == results[0][0])
  }

  @Test("what is packed in parts has the bits of panels packed at once", arguments: [1, 2])
  func parts(_ threads: Int) {
    // More columns than a part, more depths than a part, and both.
    for size in [[3, 4200, 500], [5, 40, 60_000], [2, 4200, 1000]] {
      let a = Tensor.random([size[0], size[2]], seed: 21)
      let b = Tensor.random([size[1], size[2]], seed: 22)
      let bias = Tensor.random([size[1]], seed: 23)
      let start = Tensor.random([size[0], size[1]], seed: 24)
      ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        let expected = multiplied(a, PackedMatrix(b, .forward), bias: bias, isShared: true)
        #expect(multiplied(a, b, bias: bias) == expected)
        let sum = multiplied(a, b, onTopOf: start)
        #expect(error(sum, zip(start.scalars, naive(a, b)).map { Double($0) + $1 }) < 1e-5)
      }
    }
  }

  @Test("products of one round are the products alone", arguments: [1, 2, 3])
  func round(_ threads: Int) {
    let operands = sizes.enumerated().map { index, size in
      let seed = UInt64(30 + 2 * index)
      return (
        a: Tensor.random([size[0], size[2]], seed: seed),
        b: Tensor.random([size[1], size[2]], seed: seed + 1)
      )
    }
    let results = operands.map { Tensor(repeating: .nan, shape: [$0.a.shape[0], $0.b.shape[0]]) }
    ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
      multiply(
        zip(operands, results).map { operands, result in
          func view(_ matrix: Tensor) -> MatrixView {
            MatrixView(matrix.sharedPointer, rows: matrix.shape[0], columns: matrix.shape[1])
          }
          return MatrixProduct(view(operands.a), view(operands.b), into: result.sharedPointer)
        })
    }
    for (operands, result) in zip(operands, results) {
      #expect(result == multiplied(operands.a, operands.b))
    }
    multiply([])
  }

  private func naive(_ a: Tensor, _ b: Tensor) -> [Double] {
    let (rows, columns, depth) = (a.shape[0], b.shape[0], a.shape[1])
    let (x, y) = (a.scalars.map(Double.init), b.scalars.map(Double.init))
    return (0..<rows * columns).map { index in
      let (i, j) = (index / columns * depth, index % columns * depth)
      var sum = 0.0
      for k in 0..<depth { sum += x[i + k] * y[j + k] }
      return sum
    }
  }

  private func error(_ tensor: Tensor, _ expected: [Double]) -> Double {
    relativeError(tensor.scalars.map(Double.init), expected)
  }

  /// a·bᵀ (+ bias) (+ start)
  private func multiplied(
    _ a: Tensor, _ b: Tensor, bias: Tensor? = nil, onTopOf start: Tensor? = nil
  ) -> Tensor {
    var result = start ?? Tensor(repeating: .nan, shape: [a.shape[0], b.shape[0]])
    result.withUnsafeMutableBufferPointer { c in
      a.withUnsafeBufferPointer { x in
        b.withUnsafeBufferPointer { y in
          multiply(
            MatrixView(x.baseAddress!, rows: a.shape[0], columns: a.shape[1]),
            MatrixView(y.baseAddress!, rows: b.shape[0], columns: b.shape[1]),
            bias: bias.map { UnsafePointer($0.sharedPointer) }, accumulate: start != nil,
            into: c.baseAddress!)
        }
      }
    }
    return withExtendedLifetime(bias) { result }
  }

  private func multiplied(
    _ a: Tensor, _ b: PackedMatrix, bias: Tensor? = nil, onTopOf start: Tensor? = nil,
    isShared: Bool = false
  ) -> Tensor {
    let rows = a.shape[0]
    var result = start ?? Tensor(repeating: .nan, shape: [rows, b.columns])
    result.withUnsafeMutableBufferPointer { c in
      a.withUnsafeBufferPointer { x in
        let bias = bias.map { UnsafePointer($0.sharedPointer) }
        if isShared {
          b.multiplyShared(
            rows: rows, x.baseAddress!, bias: bias, accumulate: start != nil, into: c.baseAddress!)
        } else {
          b.multiply(
            rows: rows, x.baseAddress!, rowStride: b.depth, bias: bias, accumulate: start != nil,
            into: c.baseAddress!, resultStride: b.columns)
        }
      }
    }
    return withExtendedLifetime(bias) { result }
  }
}
