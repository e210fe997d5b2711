import Tensors

/// How ``Shampoo`` cuts a matrix [R, C] into blocks of nearly equal size, and where the statistics of
/// each block stand in the flat tensors that hold those of all.
struct ShampooBlocks {
  let rows: Int
  let columns: Int
  private let rowCuts: Int
  private let columnCuts: Int

  /// One block.
  struct Block {
    let rows: Range<Int>
    let columns: Range<Int>
    /// Where its [rows, rows] matrix begins among all left ones.
    let left: Int
    /// Where its [columns, columns] matrix begins among all right ones.
    let right: Int
  }
  /// The blocks, row of blocks by row of blocks.
  let all: [Block]
  /// Elements of all left matrices.
  let leftCount: Int
  /// Elements of all right matrices.
  let rightCount: Int

  /// The blocks of a parameter; nil for one that is no matrix, or has one row or one column.
  init?(of parameter: Parameter, blockSize: Int) {
    guard parameter.shape.count >= 2, parameter.count > 0 else { return nil }
    rows = parameter.shape[0]
    columns = parameter.count / rows
    guard rows > 1, columns > 1 else { return nil }
    rowCuts = (rows + blockSize - 1) / blockSize
    columnCuts = (columns + blockSize - 1) / blockSize
    var blocks: [Block] = []
    var (left, right) = (0, 0)
    for row in 0..<rowCuts {
      let rowRange = row * rows / rowCuts..<(row + 1) * rows / rowCuts
      for column in 0..<columnCuts {
        let columnRange = column * columns / columnCuts..<(column + 1) * columns / columnCuts
        blocks.append(Block(rows: rowRange, columns: columnRange, left: left, right: right))
        left += rowRange.count * rowRange.count
        right += columnRange.count * columnRange.count
      }
    }
    all = blocks
    leftCount = left
    rightCount = right
  }
}
