/// One block after the other. Every index into a block is `places[k]` with k in 0…63, and a block's place in
/// its plane is below `blocksAcross` and `blocksDown`, which are filled up to whole units.
extension JPEGScan {
  mutating func readBlock(_ index: Int, _ row: Int, _ column: Int) throws(StreamFault) {
    let component = parts[index].component
    let block = row &* component.blocksAcross &+ column
    if kind == .sequential {
      guard let samples = component.samples else { return }
      try sequential(index)
      JPEGTransform.inverse(
        self.block.cells, to: samples.cells, at: 8 &* (row &* component.rowSize &+ column),
        rowSize: component.rowSize)
      return
    }
    guard let all = component.coefficients else { return }
    let coefficients = UnsafeMutableBufferPointer(
      rebasing: all.cells[(64 &* block)..<(64 &* block &+ 64)])
    switch kind {
    case .sequential: break
    case .dcFirst:
      let difference = try dcDifference(index)
      parts[index].prediction &+= difference
      coefficients[0] = Int16(truncatingIfNeeded: parts[index].prediction &<< low)
    case .dcRefinement:
      coefficients[0] |= Int16(truncatingIfNeeded: try reader.take(1) &<< low)
    case .acFirst: try acFirst(index, coefficients)
    case .acRefinement: try acRefinement(index, coefficients)
    }
  }

  private mutating func dcDifference(_ index: Int) throws(StreamFault) -> Int {
    guard let code = parts[index].dc else { return 0 }
    let size = try reader.symbol(code, code.table)
    guard size > 0 else { return 0 }
    guard size <= 15 else { throw badSymbol(size, "a size up to 15") }
    return try reader.takeSigned(size)
  }

  /// A whole block (F.2.2).
  private mutating func sequential(_ index: Int) throws(StreamFault) {
    let (block, places, steps) = (block.cells, places.cells, parts[index].steps.cells)
    block.update(repeating: 0)
    let prediction = parts[index].prediction &+ (try dcDifference(index))
    parts[index].prediction = prediction
    block[0] = Int32(truncatingIfNeeded: prediction) &* steps[0]
    guard let code = parts[index].ac else { return }
    let table = code.table
    // A copy, which the compiler keeps in registers.
    var reader = self.reader
    defer { self.reader = reader }
    var k = 1
    while k < 64 {
      let symbol = try reader.symbol(code, table)
      let (zeros, size) = (symbol &>> 4, symbol & 15)
      guard size > 0 else {
        guard zeros == 15 else { return }
        k &+= 16
        continue
      }
      k &+= zeros
      guard k < 64 else { throw outOfBlock(k) }
      block[places[k]] = Int32(truncatingIfNeeded: try reader.takeSigned(size)) &* steps[k]
      k &+= 1
    }
  }

  /// The high bits of a band of coefficients (G.1.2.2).
  private mutating func acFirst(_ index: Int, _ block: UnsafeMutableBufferPointer<Int16>)
    throws(StreamFault)
  {
    guard endOfBandRun == 0 else {
      endOfBandRun &-= 1
      return
    }
    guard let code = parts[index].ac else { return }
    let (table, places) = (code.table, places.cells)
    var k = first
    while k <= last {
      let symbol = try reader.symbol(code, table)
      let (zeros, size) = (symbol &>> 4, symbol & 15)
      guard size > 0 else {
        guard zeros == 15 else {
          endOfBandRun = try runOfBands(zeros) &- 1
          return
        }
        k &+= 16
        continue
      }
      k &+= zeros
      guard k <= last else { throw outOfBlock(k) }
      block[places[k]] = Int16(truncatingIfNeeded: try reader.takeSigned(size) &<< low)
      k &+= 1
    }
  }

  /// One more bit for a band of coefficients (G.1.2.3): for those that are not 0 so far, and, in between, new
  /// ones.
  private mutating func acRefinement(_ index: Int, _ block: UnsafeMutableBufferPointer<Int16>)
    throws(StreamFault)
  {
    guard let code = parts[index].ac else { return }
    let (table, places) = (code.table, places.cells)
    let bit: Int16 = 1 &<< Int16(low)
    var k = first
    while endOfBandRun == 0, k <= last {
      let symbol = try reader.symbol(code, table)
      var zeros = symbol &>> 4
      var value: Int16 = 0
      switch symbol & 15 {
      case 1: value = try reader.take(1) == 1 ? bit : 0 &- bit
      case 0 where zeros < 15: endOfBandRun = try runOfBands(zeros)
      case 0: break
      default: throw badSymbol(symbol, "a new coefficient of one bit")
      }
      if endOfBandRun > 0 { break }
      // Past so many that are still 0, to the one that gets the value.
      while k <= last {
        if block[places[k]] != 0 {
          try refine(&block[places[k]], bit)
        } else {
          guard zeros > 0 else { break }
          zeros &-= 1
        }
        k &+= 1
      }
      if value != 0 {
        guard k <= last else { throw outOfBlock(k) }
        block[places[k]] = value
      }
      k &+= 1
    }
    guard endOfBandRun > 0 else { return }
    while k <= last {
      if block[places[k]] != 0 { try refine(&block[places[k]], bit) }
      k &+= 1
    }
    endOfBandRun &-= 1
  }

  @inline(__always)
  private mutating func refine(_ coefficient: inout Int16, _ bit: Int16) throws(StreamFault) {
    guard try reader.take(1) == 1, coefficient & bit == 0 else { return }
    coefficient = coefficient > 0 ? coefficient &+ bit : coefficient &- bit
  }

  private mutating func runOfBands(_ size: Int) throws(StreamFault) -> Int {
    size == 0 ? 1 : 1 &<< size &+ (try reader.take(size))
  }

  private func outOfBlock(_ k: Int) -> StreamFault {
    StreamFault(
      offset: reader.position, found: "coefficient \(k) of a block", expected: "at most \(last)")
  }

  private func badSymbol(_ symbol: Int, _ expected: String) -> StreamFault {
    StreamFault(
      offset: reader.position, found: "the Huffman symbol \(hexadecimal(UInt8(symbol)))",
      expected: expected)
  }
}
