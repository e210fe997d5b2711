/// Memory full of zeros for as long as this object lives, for inner loops.
///
/// A debug build checks every index, a release build none: each loop over it says what bounds it, and the
/// tests hand the decoders thousands of damaged files in a debug build.
final class Storage<Element: FixedWidthInteger> {
  let cells: UnsafeMutableBufferPointer<Element>

  init(count: Int) {
    cells = .allocate(capacity: count)
    cells.initialize(repeating: 0)
  }

  deinit { cells.deallocate() }
}

/// What is wrong with a stream, and where in it; the reader of the file makes an ``ImageError`` of it.
struct StreamFault: Error, Equatable {
  var offset: Int
  var found: String
  var expected: String
}
