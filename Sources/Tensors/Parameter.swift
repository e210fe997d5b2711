import Synchronization

/// A trainable tensor: its value, its gradient, and its packed forms.
///
/// An identity, so a class; its content is behind a lock, so models made of parameters are
/// `Sendable`, and a reader always sees a whole value.
public final class Parameter: Sendable {
  /// The name in a model file, PyTorch's where PyTorch has the net: `rnn.weight_ih_l0`.
  public let name: String
  /// The extent of each axis.
  public let shape: [Int]

  private struct Content {
    var value: Tensor
    var gradient = Gradient.none
    var packed: [PackedForm: PackedMatrix] = [:]
    var version: UInt64 = 0

    /// To be called with every change of the value.
    mutating func changed() {
      packed = [:]
      version += 1
    }

    /// Adds to the gradient in place, which becomes dense.
    mutating func accumulate(_ body: (UnsafeMutableBufferPointer<Float>, Bool) -> Void) {
      var sum: Tensor
      var isFresh = false
      // Taken out while it is written to, so that it is not shared and not copied.
      switch exchange(&gradient, with: .none) {
      case .none:
        isFresh = true
        sum = Tensor(uninitialized: value.shape)
      case .dense(let tensor): sum = tensor
      case .rows(let rows): sum = rows.dense(shape: value.shape)
      }
      sum.withUnsafeMutableBufferPointer { body($0, isFresh) }
      gradient = .dense(sum)
    }
  }
  private let content: Mutex<Content>

  /// Which rows of the matrix were packed, for which product.
  private struct PackedForm: Hashable {
    let side: PackedMatrix.Side
    let rows: Range<Int>
  }

  /// The sum of what backward passes have sent since the gradient was last cleared.
  public enum Gradient: Sendable {
    /// Nothing.
    case none
    /// A gradient of the parameter's shape.
    case dense(Tensor)
    /// A gradient with few rows that are not zero, as an embedding's.
    case rows(RowGradient)
  }

  /// A parameter with its first value.
  public init(_ name: String, _ value: Tensor) {
    self.name = name
    shape = value.shape
    content = Mutex(Content(value: value))
  }

  /// The value. Setting it forgets the packed forms; the gradient stays.
  public var value: Tensor {
    get { content.withLock { $0.value } }
    set {
      precondition(newValue.shape == shape, "\(name) has shape \(shape), not \(newValue.shape)")
      content.withLock {
        $0.value = newValue
        $0.changed()
      }
    }
  }

  /// How often the value has changed: what was computed from it holds as long as this is the same.
  public var version: UInt64 { content.withLock { $0.version } }

  /// The number of elements.
  public var count: Int { shape.reduce(1, *) }

  /// The parameter as an operand: in training, operations on it are recorded.
  public func variable(_ mode: Mode) -> Variable {
    Variable(value, origin: mode.isTraining ? .parameter(self) : .frozen(self))
  }

  /// This matrix (or a range of its rows) packed for products, made at the first use after a change.
  public func packed(_ side: PackedMatrix.Side, rows: Range<Int>? = nil) -> PackedMatrix {
    let form = PackedForm(side: side, rows: rows ?? 0..<shape[0])
    return content.withLock { content in
      if let packed = content.packed[form] { return packed }
      let packed = PackedMatrix(content.value, side, rows: form.rows)
      content.packed[form] = packed
      return packed
    }
  }

  /// The gradient.
  public var gradient: Gradient { content.withLock { $0.gradient } }

  /// The gradient with every element written out; zeros where there is none.
  public var denseGradient: Tensor {
    switch gradient {
    case .none: Tensor(zeros: shape)
    case .dense(let tensor): tensor
    case .rows(let rows): rows.dense(shape: shape)
    }
  }

  /// Forgets the gradient. Its memory goes back to the pool, which hands it out for the next one.
  public func clearGradient() { content.withLock { $0.gradient = .none } }

  /// Adds to the gradient in place. `body` gets the buffer, and whether it is fresh: if so its
  /// content is undefined and is to be overwritten in full, else added to.
  public func accumulateGradient(_ body: (UnsafeMutableBufferPointer<Float>, Bool) -> Void) {
    content.withLock { $0.accumulate(body) }
  }

  /// Adds `addend` to the gradient, taking its memory over when there is no gradient yet.
  public func addGradient(_ addend: consuming Tensor) {
    let addend = addend.reshaped(to: shape)
    content.withLock { content in
      if case .none = content.gradient {
        content.gradient = .dense(addend)
      } else {
        content.accumulate { sum, _ in addend.withUnsafeBufferPointer { Kernels.add($0, to: sum) } }
      }
    }
  }

  /// Adds `values` [rows.count, columns] to rows of the gradient; rows may repeat.
  public func accumulateGradient(rows: [Int32], values: Tensor) {
    precondition(
      shape.count == 2 && values.shape == [rows.count, shape[1]],
      "\(rows.count) rows \(values.shape) for the gradient of \(name), \(shape)")
    content.withLock { content in
      switch content.gradient {
      case .none: content.gradient = .rows(RowGradient(rows, values))
      case .rows(let earlier): content.gradient = .rows(earlier.adding(rows, values))
      case .dense:
        content.accumulate { sum, _ in
          values.withUnsafeBufferPointer {
            Kernels.addRows($0, columns: shape[1], at: rows, to: sum)
          }
        }
      }
    }
  }

  /// Replaces the gradient with one given from outside.
  public func setGradient(_ gradient: Gradient) { content.withLock { $0.gradient = gradient } }

  /// Changes the value in place, seeing the gradient, and forgets the packed forms: what an
  /// optimiser does.
  public func update(_ body: (UnsafeMutableBufferPointer<Float>, Gradient) -> Void) {
    content.withLock { content in
      content.changed()
      content.value.withUnsafeMutableBufferPointer { body($0, content.gradient) }
    }
  }
}

/// A gradient of a matrix [rows, columns] in which few rows are not zero.
public struct RowGradient: Sendable {
  /// The rows, ascending, each once.
  public let rows: [Int32]
  /// Their gradients, [rows.count, columns].
  public let values: Tensor

  /// Sums `values` by row. Equal rows are added in the order in which they stand.
  public init(_ indices: [Int32], _ values: Tensor) {
    precondition(
      values.rank == 2 && values.shape[0] == indices.count,
      "\(indices.count) rows with gradients of shape \(values.shape)")
    if zip(indices, indices.dropFirst()).allSatisfy({ $0 < $1 }) {
      rows = indices
      self.values = values
      return
    }
    let columns = values.shape[1]
    // A stable sort by row keeps the order of additions fixed.
    let order = indices.indices.sorted { (indices[$0], $0) < (indices[$1], $1) }
    var rows: [Int32] = []
    var slots = [Int32](repeating: 0, count: indices.count)
    for position in order {
      if rows.last != indices[position] { rows.append(indices[position]) }
      slots[position] = Int32(rows.count - 1)
    }
    self.rows = rows
    var sums = Tensor(zeros: [rows.count, columns])
    sums.withUnsafeMutableBufferPointer { sums in
      values.withUnsafeBufferPointer { Kernels.addRows($0, columns: columns, at: slots, to: sums) }
    }
    self.values = sums
  }

  /// The sum of this gradient and further rows.
  func adding(_ indices: [Int32], _ values: Tensor) -> RowGradient {
    let columns = self.values.shape[1]
    let both = Tensor(shape: [rows.count + indices.count, columns]) { buffer in
      self.values.withUnsafeBufferPointer { _ = buffer.update(fromContentsOf: $0) }
      let rest = UnsafeMutableBufferPointer(rebasing: buffer[(rows.count * columns)...])
      values.withUnsafeBufferPointer { _ = rest.update(fromContentsOf: $0) }
    }
    return RowGradient(rows + indices, both)
  }

  /// The whole matrix.
  public func dense(shape: [Int]) -> Tensor {
    var tensor = Tensor(zeros: shape)
    tensor.withUnsafeMutableBufferPointer { sum in
      values.withUnsafeBufferPointer { Kernels.addRows($0, columns: shape[1], at: rows, to: sum) }
    }
    return tensor
  }
}

/// Puts `new` in the place of a value, which is handed over.
private func exchange<Value>(_ place: inout Value, with new: consuming Value) -> Value {
  let old = consume place
  place = new
  return old
}
