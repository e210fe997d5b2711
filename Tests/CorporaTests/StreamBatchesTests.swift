import Testing

@testable import Corpora

@Suite("Streams")
struct StreamBatchesTests {
  @Test("eleven tokens in two streams, three steps at a time")
  func byHand() throws {
    // Streams 0 1 2 3 4 and 5 6 7 8 9; token 10 is left out.
    let batches = try StreamBatches(ids: Array(0...10), batch: 2, window: 3)
    #expect(batches.windowCount == 2 && batches.steps == 4 && batches.targetCount == 8)
    #expect(
      batches.window(at: 0)
        == StreamWindow(
          inputs: [0, 5, 1, 6, 2, 7], targets: [1, 6, 2, 7, 3, 8], length: 3, batch: 2))
    #expect(
      batches.window(at: 1)
        == StreamWindow(inputs: [3, 8], targets: [4, 9], length: 1, batch: 2))
  }

  @Test("in evaluation every token is predicted once, the first one from the start token")
  func evaluation() throws {
    let batches = try StreamBatches(evaluating: [4, 5, 6], start: 9, window: 2)
    #expect(batches.map(\.inputs) == [[9, 4], [5]])
    #expect(batches.map(\.targets) == [[4, 5], [6]])
    #expect(try StreamBatches(evaluating: [4], start: 9, window: 2).map(\.targets) == [[4]])
    #expect(throws: CorpusError.tooShort(tokens: 0, batch: 1, largestBatch: 0)) {
      try StreamBatches(evaluating: [], start: 9, window: 2)
    }
  }

  @Test("a text too short for its batch says what would fit")
  func tooShort() throws {
    let error = #expect(throws: CorpusError.self) {
      try StreamBatches(ids: Array(0..<9), batch: 5, window: 2)
    }
    #expect(
      error?.description
        == "the text has 9 tokens, too few for a batch of 5; the largest batch that fits is 4")
    #expect(try StreamBatches(ids: Array(0..<9), batch: 4, window: 2).windowCount == 1)
    let one = #expect(throws: CorpusError.self) {
      try StreamBatches(ids: [0], batch: 1, window: 2)
    }
    #expect(
      one?.description
        == "the text has 1 token, too few for a batch of 1; at least 2 tokens are needed")
  }

  @Test("for all small sizes: windows continue each other, and each stream is a piece of the text")
  func allSmallSizes() throws {
    for count in 2...17 {
      for batch in 1...(count / 2) {
        for window in 1...5 {
          let batches = try StreamBatches(
            ids: (0..<Int32(count)).map { $0 }, batch: batch, window: window)
          var streams = [[Int32]](repeating: [], count: batch)
          for (index, piece) in batches.enumerated() {
            #expect(piece.length == window || index == batches.windowCount - 1)
            #expect(piece.length > 0 && piece.targets.count == piece.length * batch)
            // Ids are places, so what follows is one more.
            #expect(piece.targets == piece.inputs.map { $0 + 1 })
            for place in piece.inputs.indices {
              streams[place % batch].append(piece.inputs[place])
            }
          }
          let length = count / batch
          for (stream, ids) in streams.enumerated() {
            #expect(ids == (0..<length - 1).map { Int32(stream * length + $0) })
          }
        }
      }
    }
  }
}
