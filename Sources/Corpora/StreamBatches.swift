/// One window of truncated backpropagation through time: T steps of B parallel streams.
public struct StreamWindow: Equatable, Sendable {
  /// Ids to read, [T, B] time-major: `inputs[t * batch + b]`.
  public let inputs: [Int32]
  /// Ids to predict, [T, B] time-major: what follows each input.
  public let targets: [Int32]
  /// T, the number of steps.
  public let length: Int
  /// B, the number of streams.
  public let batch: Int
}

/// A text as one sequence of tokens, cut into B streams of equal length that are read side by side,
/// T steps at a time.
///
/// Stream `b` is tokens `b·L ..< (b+1)·L` with `L = n / B` (Zaremba et al. 2014; the last `n mod B`
/// tokens are left out). Window `i` continues window `i - 1`, so the state of the network is
/// carried over; the last window may be shorter. As a collection it gives its windows, so a run
/// resumes at any of them.
public struct StreamBatches: Sendable, RandomAccessCollection {
  /// B, the number of streams.
  public let batch: Int
  /// T, the steps of all windows but perhaps the last; of varied ones about the mean.
  public let window: Int
  /// Steps of one stream: `L - 1`, since its first token is predicted from nothing.
  public let steps: Int

  private let ids: [Int32]
  private let streamLength: Int
  /// Where each window begins, and the end; nil for windows of equal length.
  private var starts: [Int]?

  /// Cuts `ids` for training. Throws ``CorpusError/tooShort(tokens:batch:largestBatch:)`` unless
  /// every stream has a token to read and one to predict.
  public init(ids: [Int32], batch: Int, window: Int) throws(CorpusError) {
    precondition(batch > 0 && window > 0, "batch \(batch) and window \(window), expected 1 or more")
    guard ids.count / batch >= 2 else {
      throw .tooShort(tokens: ids.count, batch: batch, largestBatch: ids.count / 2)
    }
    self.ids = ids
    self.batch = batch
    self.window = window
    streamLength = ids.count / batch
    steps = streamLength - 1
  }

  /// `ids` as a single stream in which every token is predicted once, the first from `start`: for
  /// evaluation.
  public init(evaluating ids: [Int32], start: Int32, window: Int) throws(CorpusError) {
    guard !ids.isEmpty else { throw .tooShort(tokens: 0, batch: 1, largestBatch: 0) }
    try self.init(ids: [start] + ids, batch: 1, window: window)
  }

  /// Number of windows in an epoch.
  public var windowCount: Int { (steps + window - 1) / window }

  /// Tokens predicted in an epoch, `steps · batch`.
  public var targetCount: Int { steps * batch }

  /// Window `index` of ``windowCount``. Takes O(T · B).
  public func window(at index: Int) -> StreamWindow {
    precondition(0..<windowCount ~= index, "window \(index) of \(windowCount)")
    let start = starts?[index] ?? index * window
    let length = (starts?[index + 1] ?? Swift.min(steps, start + window)) - start
    func timeMajor(from first: Int) -> [Int32] {
      [Int32](unsafeUninitializedCapacity: length * batch) { result, count in
        for step in 0..<length {
          for stream in 0..<batch {
            result[step * batch + stream] = ids[stream * streamLength + first + step]
          }
        }
        count = length * batch
      }
    }
    return StreamWindow(
      inputs: timeMajor(from: start), targets: timeMajor(from: start + 1), length: length,
      batch: batch)
  }

  /// The same text in as many windows of unequal length, drawn anew for each epoch, so that it is not
  /// always the same tokens that see little of the past (Merity, Keskar & Socher 2018).
  ///
  /// Lengths are nearly normal around T, or in one of twenty around T/2, with a deviation of 5 (T/4 if that
  /// is less) and at least T/4; then stretched by a common factor, so that together they are the text
  /// and every epoch has the same number of windows.
  public func varied(seed: UInt64, epoch: Int) -> StreamBatches {
    var random = SplitMix64(seed: seed, epoch: UInt64(epoch))
    let mean = Double(window)
    let lengths = (0..<windowCount).map { _ in
      let middle = random.uniform() < 0.95 ? mean : mean / 2
      return Swift.max(mean / 4, middle + random.nearlyNormal() * Swift.min(5, mean / 4))
    }
    let whole = lengths.reduce(0, +)
    var sum = 0.0
    var starts = [0]
    for (index, length) in lengths.enumerated() {
      sum += length
      // A step at least for each window, and for those that are to come.
      let end = Int((Double(steps) * sum / whole).rounded())
      starts.append(
        Swift.min(Swift.max(end, starts[index] + 1), steps - (windowCount - 1 - index)))
    }
    var varied = self
    varied.starts = starts
    return varied
  }

  /// 0, the first window.
  public var startIndex: Int { 0 }
  /// ``windowCount``.
  public var endIndex: Int { windowCount }
  /// The same as ``window(at:)``.
  public subscript(index: Int) -> StreamWindow { window(at: index) }
}
