import TestSupport
import Testing

@testable import Tensors

@Suite struct TensorTests {
  @Test("elements stand in row-major order")
  func rowMajor() {
    let x = Tensor(shape: [2, 3], scalars: [0, 1, 2, 10, 11, 12])
    #expect(x[0, 2] == 2 && x[1, 0] == 10)
    #expect(x.reshaped(to: [3, 2])[1, 1] == 10)
    #expect(x.rank == 2 && x.count == 6)
    #expect(Tensor(7).shape == [] && Tensor(7).scalar == 7)
    #expect(Tensor(shape: [1, 1], scalars: [3]).scalar == 3)
    #expect(Tensor(zeros: [0, 4]).scalars == [])
  }

  @Test("writing to a copy leaves the original alone, whichever way it is written")
  func copyOnWrite() {
    let original = Tensor(shape: [4], scalars: [1, 2, 3, 4])
    var bySubscript = original
    bySubscript[0] = 9
    var byPointer = original
    byPointer.withUnsafeMutableBufferPointer { $0[1] = 9 }
    var reshaped = original.reshaped(to: [2, 2])
    reshaped[1, 1] = 9
    #expect(original.scalars == [1, 2, 3, 4])
    #expect(bySubscript.scalars == [9, 2, 3, 4])
    #expect(byPointer.scalars == [1, 9, 3, 4])
    #expect(reshaped.scalars == [1, 2, 3, 9])
  }

  @Test("a tensor that shares its memory with none is written in place")
  func noNeedlessCopy() {
    var x = Tensor(zeros: [100])
    let address = x.sharedPointer
    x[3] = 1
    x.withUnsafeMutableBufferPointer { $0[4] = 1 }
    #expect(x.sharedPointer == address)
    let y = x
    x[5] = 1
    #expect(x.sharedPointer != address && y.sharedPointer == address)
  }

  @Test("a reshape shares the memory")
  func reshapeShares() {
    let x = Tensor(zeros: [6])
    #expect(x.reshaped(to: [2, 3]).sharedPointer == x.sharedPointer)
  }

  @Test("equality is of shapes and elements")
  func equality() {
    let x = Tensor(shape: [2], scalars: [1, 2])
    #expect(x == Tensor(shape: [2], scalars: [1, 2]))
    #expect(x != Tensor(shape: [2], scalars: [1, 3]))
    #expect(x != Tensor(shape: [1, 2], scalars: [1, 2]))
    let nan = Tensor(shape: [1], scalars: [.nan])
    #expect(nan != nan)
  }

  @Test("a description shows the shape and the first elements")
  func description() {
    #expect("\(Tensor(shape: [2], scalars: [1, 2.5]))" == "Tensor[2](1.0, 2.5)")
    let long = "\(Tensor(zeros: [9]))"
    #expect(long == "Tensor[9](" + String(repeating: "0.0, ", count: 7) + "0.0, …)")
  }
}

@Suite struct BufferPoolTests {
  private static let mebibyte = 1 << 18  // floats

  @Test("a block that was given back is handed out again, to slightly different sizes too")
  func reuse() {
    let pool = BufferPool()
    for (first, second) in [(1000, 995), (100_000, 99_000), (16, 1), (1, 0)] {
      let block = pool.take(first)
      pool.give(block)
      let again = pool.take(second)
      #expect(again.address == block.address)
      pool.give(again)
    }
  }

  @Test(
    "blocks are aligned to cache lines and hold what was asked for",
    arguments: [
      0, 1, 15, 16, 17, 4096, 4097, 5000, 1_000_000,
    ])
  func capacity(_ count: Int) {
    let pool = BufferPool()
    let block = pool.take(count)
    #expect(block.capacity >= count)
    // At most an eighth is wasted on large blocks.
    #expect(block.capacity <= max(count + 16, count * 9 / 8 + 16))
    #expect(Int(bitPattern: block.address) % 64 == 0)
    pool.give(block)
  }

  @Test("a step finds all the memory of the step before")
  func workingSetIsKept() {
    let pool = BufferPool()
    var addresses: Set<UnsafeMutablePointer<Float>> = []
    for step in 0..<3 {
      let blocks = (1...40).map { pool.take($0 * Self.mebibyte) }
      if step == 0 {
        addresses = Set(blocks.map(\.address))
      } else {
        #expect(Set(blocks.map(\.address)) == addresses)
      }
      for block in blocks { pool.give(block) }
    }
  }

  @Test("no more is held than twice what was in use at one time, whatever the shapes")
  func bounded() {
    let pool = BufferPool()
    var peak = 0
    for shape in 0..<30 {
      let blocks = (0..<10).map { _ in pool.take((10 + shape) * Self.mebibyte) }
      peak = max(peak, pool.size.used)
      #expect(pool.size.used + pool.size.idle <= 2 * peak)
      for block in blocks { pool.give(block) }
      #expect(pool.size.used == 0 && pool.size.idle <= 2 * peak)
    }
  }

  @Test("a peak is forgotten after a while")
  func peakIsForgotten() {
    let pool = BufferPool()
    let blocks = (0..<10).map { _ in pool.take(50 * Self.mebibyte) }
    for block in blocks { pool.give(block) }
    #expect(pool.size.idle >= 500 * Self.mebibyte)
    for _ in 0..<40_000 { pool.give(pool.take(16)) }
    // 128 MiB may always be kept.
    #expect(pool.size.idle <= 128 * Self.mebibyte)
  }

  @Test("tensors give their memory back")
  func tensorsGiveBack() {
    // A size that no other test asks for.
    let shape = [3, 1_234_567]
    let address = Tensor(uninitialized: shape).sharedPointer
    #expect(Tensor(uninitialized: shape).sharedPointer == address)
  }
}
