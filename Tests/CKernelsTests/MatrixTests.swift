import CKernels
import Testing

/// One product C = A·Bᵀ with operands of any strides, and the ways to compute it.
private struct Product {
  /// How an operand lies in memory: its vectors contiguous, its depths contiguous (transposed), or
  /// neither.
  enum Layout: CaseIterable { case rows, transposed, strided }

  let rows: Int
  let columns: Int
  let depth: Int
  let a: [Float]
  let aStrides: (row: Int, depth: Int)
  let b: [Float]
  let bStrides: (column: Int, depth: Int)
  let bias: [Float]?
  let accumulate: Bool
  let c: [Float]
  let cStride: Int

  init(
    rows: Int, columns: Int, depth: Int, a aLayout: Layout = .rows, b bLayout: Layout = .rows,
    bias: Bool = false, accumulate: Bool = false
  ) {
    func strides(_ layout: Layout, vectors: Int) -> (Int, Int) {
      switch layout {
      case .rows: (depth + 3, 1)
      case .transposed: (1, vectors + 5)
      case .strided: (2 * depth + 1, 2)
      }
    }
    func count(_ vectors: Int, _ strides: (Int, Int)) -> Int {
      vectors == 0 || depth == 0 ? 1 : (vectors - 1) * strides.0 + (depth - 1) * strides.1 + 1
    }
    var random = RandomFloats(seed: UInt64(rows * 31 + columns * 7 + depth))
    (self.rows, self.columns, self.depth) = (rows, columns, depth)
    aStrides = strides(aLayout, vectors: rows)
    bStrides = strides(bLayout, vectors: columns)
    a = random.array(count(rows, aStrides))
    b = random.array(count(columns, bStrides))
    self.bias = bias ? random.array(columns) : nil
    self.accumulate = accumulate
    cStride = columns + 2
    // The elements between rows and after the last one must stay as they are.
    c = random.array(rows * cStride + 1)
  }

  var description: String { "\(rows) x \(columns) x \(depth), \(aStrides), \(bStrides)" }

  func reference() -> [Float] {
    var c = c
    withBias { bias in
      unroll_multiply_reference(
        rows, columns, depth, a, aStrides.row, aStrides.depth, b, bStrides.column, bStrides.depth,
        bias, accumulate, &c, cStride)
    }
    return c
  }

  func general() -> [Float] {
    var c = c
    var workspace = [Float](repeating: .nan, count: unroll_multiply_workspace_count())
    let panels = packed()
    withBias { bias in
      unroll_multiply(
        rows, columns, depth, unroll_depth_block(depth), a, aStrides.row, aStrides.depth, panels,
        depth, bias, accumulate, &c, cStride, &workspace)
    }
    return c
  }

  /// Through packed panels; A must lie in rows.
  func panels() -> [Float] {
    precondition(aStrides.depth == 1)
    var c = c
    let panels = packed()
    withBias { bias in
      unroll_multiply_panels(
        rows, columns, depth, a, aStrides.row, panels, depth, bias, accumulate, &c, cStride)
    }
    return c
  }

  /// Through packed panels, one row after another.
  func panelsRowByRow() -> [Float] {
    var c = c
    let panels = packed()
    for i in 0..<rows {
      withBias { bias in
        a.withUnsafeBufferPointer { a in
          c.withUnsafeMutableBufferPointer { c in
            unroll_multiply_panels(
              1, columns, depth, a.baseAddress! + i * aStrides.row, aStrides.row, panels, depth,
              bias, accumulate, c.baseAddress! + i * cStride, cStride)
          }
        }
      }
    }
    return c
  }

  func packed() -> [Float] {
    var panels = [Float](repeating: .nan, count: unroll_panels_count(columns, depth))
    unroll_pack_panels(b, bStrides.column, bStrides.depth, columns, depth, &panels)
    return panels
  }

  func packedReference() -> [Float] {
    var panels = [Float](repeating: .nan, count: unroll_panels_count(columns, depth))
    unroll_pack_panels_reference(b, bStrides.column, bStrides.depth, columns, depth, &panels)
    return panels
  }

  private func withBias(_ body: (UnsafePointer<Float>?) -> Void) {
    if let bias { bias.withUnsafeBufferPointer { body($0.baseAddress) } } else { body(nil) }
  }
}

/// The reference fuses every multiply-add, and so do all kernels but the portable ones, which round
/// the product too: bits are equal, or on the portable kernels elements within 2e-5 (measured: at
/// most 1e-5, for random elements in -1...1 at a depth of 800).
private func expectProduct(
  _ found: [Float], _ expected: [Float], isa: unroll_isa, _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  if isa == UNROLL_ISA_PORTABLE {
    expectClose(found, expected, tolerance: 2e-5, what, sourceLocation: sourceLocation)
  } else {
    expectSameBits(found, expected, what, sourceLocation: sourceLocation)
  }
}

@Suite("Matrix products")
struct MatrixTests {
  @Test("every path gives the reference's bits, whatever the sizes", arguments: availableISAs)
  func sizes(isa: unroll_isa) {
    for depth in [1, 3, 4, 5, 17, 64] {
      for rows in [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 20] {
        for columns in [1, 15, 16, 17, 33, 64, 70] {
          let product = Product(rows: rows, columns: columns, depth: depth)
          let expected = product.reference()
          withISA(isa) {
            let panels = product.panels()
            expectProduct(panels, expected, isa: isa, "panels \(product.description)")
            expectSameBits(product.general(), panels, "general \(product.description)")
          }
        }
      }
    }
  }

  @Test("sums are cut into equal blocks of at most 512 depths", arguments: availableISAs)
  func depthBlocks(isa: unroll_isa) {
    for depth in [511, 512, 513, 1024, 1030] {
      for rows in [1, 2, 7] {
        let product = Product(rows: rows, columns: 35, depth: depth, bias: true, accumulate: true)
        let expected = product.reference()
        withISA(isa) {
          let panels = product.panels()
          expectProduct(panels, expected, isa: isa, "panels \(product.description)")
          expectSameBits(product.general(), panels, "general \(product.description)")
        }
      }
    }
  }

  @Test("a matrix too large for the caches gives the same result", arguments: availableISAs)
  func fromMemory(isa: unroll_isa) {
    // Over 16 MB, and rows enough for two tiles, which fetch the panels after theirs.
    let product = Product(rows: 9, columns: 2051, depth: 2048)
    let expected = product.reference()
    withISA(isa) {
      expectProduct(product.panels(), expected, isa: isa, "panels \(product.description)")
    }
  }

  @Test("operands may lie in memory in any way", arguments: availableISAs)
  func strides(isa: unroll_isa) {
    for aLayout in Product.Layout.allCases {
      for bLayout in Product.Layout.allCases {
        for (rows, columns, depth) in [(20, 40, 37), (7, 81, 18), (1, 16, 5), (3, 5, 400)] {
          let product = Product(
            rows: rows, columns: columns, depth: depth, a: aLayout, b: bLayout)
          withISA(isa) {
            expectProduct(product.general(), product.reference(), isa: isa, product.description)
          }
        }
      }
    }
  }

  @Test("a bias and the old matrix are what sums start from", arguments: availableISAs)
  func starts(isa: unroll_isa) {
    for bias in [false, true] {
      for accumulate in [false, true] {
        for (rows, columns, depth) in [(1, 70, 9), (6, 32, 9), (8, 21, 390), (5, 19, 0)] {
          let product = Product(
            rows: rows, columns: columns, depth: depth, bias: bias, accumulate: accumulate)
          let expected = product.reference()
          let what = "\(product.description), bias \(bias), accumulate \(accumulate)"
          withISA(isa) {
            expectProduct(product.panels(), expected, isa: isa, "panels \(what)")
            expectProduct(product.general(), expected, isa: isa, "general \(what)")
          }
        }
      }
    }
  }

  @Test("blocks of the caches do not show in the result", arguments: availableISAs)
  func cacheBlocks(isa: unroll_isa) {
    // More than one block of 168 rows, and rows that are packed since there are many columns.
    for (rows, columns, depth) in [(180, 20, 6), (9, 1050, 6), (11, 300, 39), (180, 256, 3)] {
      let product = Product(rows: rows, columns: columns, depth: depth, a: .rows, b: .transposed)
      withISA(isa) {
        expectProduct(product.general(), product.reference(), isa: isa, product.description)
      }
    }
    // Rows so deep that panels take some 40 of them at a time.
    let deep = Product(rows: 50, columns: 2, depth: 2000)
    withISA(isa) { expectSameBits(deep.panels(), deep.general(), deep.description) }
  }

  @Test("a batch gives the bits of its rows one by one", arguments: availableISAs)
  func batchAndRows(isa: unroll_isa) {
    for (rows, columns, depth) in [(6, 70, 50), (11, 33, 400), (20, 129, 20)] {
      let product = Product(
        rows: rows, columns: columns, depth: depth, bias: true, accumulate: true)
      withISA(isa) {
        expectSameBits(product.panels(), product.panelsRowByRow(), product.description)
      }
    }
  }

  @Test("panels hold 16 columns each, the last one padded with zeros", arguments: availableISAs)
  func packing(isa: unroll_isa) {
    for layout in Product.Layout.allCases {
      for columns in [1, 15, 16, 17, 64, 80, 100] {
        for depth in [1, 4, 15, 16, 19, 35] {
          let product = Product(rows: 0, columns: columns, depth: depth, b: layout)
          withISA(isa) {
            expectSameBits(product.packed(), product.packedReference(), product.description)
          }
        }
      }
    }
  }

  @Test("a range of columns fills its own part of the panels", arguments: availableISAs)
  func packingInParts(isa: unroll_isa) {
    let product = Product(rows: 0, columns: 50, depth: 7)
    withISA(isa) {
      var panels = [Float](repeating: .nan, count: unroll_panels_count(50, 7))
      panels.withUnsafeMutableBufferPointer { panels in
        product.b.withUnsafeBufferPointer { b in
          for (first, count) in [(32, 18), (0, 32)] {
            unroll_pack_panels(
              b.baseAddress! + first * product.bStrides.column, product.bStrides.column, 1, count,
              7, panels.baseAddress! + first * 7)
          }
        }
      }
      expectSameBits(panels, product.packedReference())
    }
  }

  @Test("nothing is written for no rows or no columns", arguments: availableISAs)
  func empty(isa: unroll_isa) {
    for (rows, columns) in [(0, 5), (5, 0), (0, 0)] {
      let product = Product(rows: rows, columns: columns, depth: 4, bias: true)
      withISA(isa) {
        expectSameBits(product.panels(), product.c)
        expectSameBits(product.general(), product.c)
      }
    }
  }

  @Test("NaN and infinity reach their own rows and columns only", arguments: availableISAs)
  func nonFinite(isa: unroll_isa) {
    let (rows, columns, depth) = (7, 20, 10)
    var a = [Float](repeating: 1, count: rows * depth)
    var b = [Float](repeating: 1, count: columns * depth)
    a[3 * depth + 2] = .nan
    b[17 * depth + 9] = .infinity
    var panels = [Float](repeating: 0, count: unroll_panels_count(columns, depth))
    var c = [Float](repeating: 0, count: rows * columns)
    withISA(isa) {
      unroll_pack_panels(b, depth, 1, columns, depth, &panels)
      unroll_multiply_panels(
        rows, columns, depth, a, depth, panels, depth, nil, false, &c, columns)
    }
    for i in 0..<rows {
      for j in 0..<columns {
        let expected: Float = i == 3 ? .nan : j == 17 ? .infinity : Float(depth)
        let found = c[i * columns + j]
        #expect(found == expected || (found.isNaN && expected.isNaN), "at \(i), \(j)")
      }
    }
  }
}
