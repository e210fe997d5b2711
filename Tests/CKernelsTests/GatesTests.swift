import CKernels
import Testing

/// The arrays of one call, each [rows, 4H], which is room for any argument of a gate kernel.
private typealias Arguments = [UnsafeMutablePointer<Float>]

/// A kernel and its twin as functions of (rows, H, arrays).
private struct GateCase {
  let name: String
  let range: ClosedRange<Float>
  let kernel: (Int, Int, Arguments) -> Void
  let twin: (Int, Int, Arguments) -> Void

  init(
    _ name: String, _ range: ClosedRange<Float>, _ kernel: @escaping (Int, Int, Arguments) -> Void,
    _ twin: @escaping (Int, Int, Arguments) -> Void
  ) {
    self.name = name
    self.range = range
    self.kernel = kernel
    self.twin = twin
  }
}

/// Calls `function` with pointers to copies of `arrays` and returns what they hold then.
private func run(
  _ function: (Int, Int, Arguments) -> Void, _ rows: Int, _ hidden: Int, _ arrays: [[Float]]
) -> [[Float]] {
  let pointers = arrays.map { array in
    let pointer = UnsafeMutablePointer<Float>.allocate(capacity: max(array.count, 1))
    pointer.initialize(from: array, count: array.count)
    return pointer
  }
  defer { for pointer in pointers { pointer.deallocate() } }
  function(rows, hidden, pointers)
  return zip(arrays, pointers).map {
    Array(UnsafeBufferPointer(start: $1, count: $0.count))
  }
}

@Suite("Gates")
struct GatesTests {
  private let cases = [
    GateCase(
      "LSTM forward", -3...3, { unroll_lstm_forward($0, $1, $2[0], $2[1], $2[2], $2[3], $2[4]) },
      { unroll_lstm_forward_reference($0, $1, $2[0], $2[1], $2[2], $2[3], $2[4]) }),
    GateCase(
      "LSTM forward in place, without tanh c", -3...3,
      { unroll_lstm_forward($0, $1, $2[0], $2[1], $2[1], nil, $2[4]) },
      { unroll_lstm_forward_reference($0, $1, $2[0], $2[1], $2[1], nil, $2[4]) }),
    GateCase(
      "LSTM backward", -1...1, { unroll_lstm_backward($0, $1, $2[0], $2[1], $2[2], $2[3], $2[4]) },
      { unroll_lstm_backward_reference($0, $1, $2[0], $2[1], $2[2], $2[3], $2[4]) }),
    GateCase(
      "LSTM memory forward", -3...3,
      { unroll_lstm_memory_forward($0, $1, false, $2[0], nil, nil, $2[3], $2[4]) },
      { unroll_lstm_memory_forward_reference($0, $1, false, $2[0], nil, nil, $2[3], $2[4]) }),
    GateCase(
      "LSTM memory backward", -1...1,
      { unroll_lstm_memory_backward($0, $1, false, $2[0], nil, nil, $2[3], $2[4]) },
      { unroll_lstm_memory_backward_reference($0, $1, false, $2[0], nil, nil, $2[3], $2[4]) }),
    GateCase(
      "LSTM memory forward, scaled", -3...3,
      { unroll_lstm_memory_forward($0, $1, false, $2[0], nil, $2[2], $2[3], $2[4]) },
      { unroll_lstm_memory_forward_reference($0, $1, false, $2[0], nil, $2[2], $2[3], $2[4]) }),
    GateCase(
      "LSTM memory backward, scaled", -1...1,
      { unroll_lstm_memory_backward($0, $1, false, $2[0], nil, $2[2], $2[3], $2[4]) },
      { unroll_lstm_memory_backward_reference($0, $1, false, $2[0], nil, $2[2], $2[3], $2[4]) }),
    GateCase(
      "LSTM output forward", -3...3,
      { unroll_lstm_output_forward($0, $1, false, $2[0], nil, $2[2], $2[3], $2[3], $2[4]) },
      {
        unroll_lstm_output_forward_reference($0, $1, false, $2[0], nil, $2[2], $2[3], $2[3], $2[4])
      }),
    GateCase(
      "LSTM memory forward with peepholes", -3...3,
      { unroll_lstm_memory_forward($0, $1, false, $2[0], $2[1], nil, $2[3], $2[4]) },
      { unroll_lstm_memory_forward_reference($0, $1, false, $2[0], $2[1], nil, $2[3], $2[4]) }),
    GateCase(
      "LSTM memory backward with peepholes", -1...1,
      { unroll_lstm_memory_backward($0, $1, false, $2[0], $2[1], nil, $2[3], $2[4]) },
      { unroll_lstm_memory_backward_reference($0, $1, false, $2[0], $2[1], nil, $2[3], $2[4]) }),
    GateCase(
      "LSTM memory forward with peepholes, scaled", -3...3,
      { unroll_lstm_memory_forward($0, $1, false, $2[0], $2[1], $2[2], $2[3], $2[4]) },
      { unroll_lstm_memory_forward_reference($0, $1, false, $2[0], $2[1], $2[2], $2[3], $2[4]) }),
    GateCase(
      "LSTM memory backward with peepholes, scaled", -1...1,
      { unroll_lstm_memory_backward($0, $1, false, $2[0], $2[1], $2[2], $2[3], $2[4]) },
      { unroll_lstm_memory_backward_reference($0, $1, false, $2[0], $2[1], $2[2], $2[3], $2[4]) }),
    GateCase(
      "LSTM output forward with peepholes", -3...3,
      { unroll_lstm_output_forward($0, $1, false, $2[0], $2[1], $2[2], $2[3], $2[3], $2[4]) },
      {
        unroll_lstm_output_forward_reference(
          $0, $1, false, $2[0], $2[1], $2[2], $2[3], $2[3], $2[4])
      }),
    GateCase(
      "LSTM output backward", -1...1,
      { unroll_lstm_output_backward($0, $1, false, $2[0], $2[1], $2[2], $2[3]) },
      { unroll_lstm_output_backward_reference($0, $1, false, $2[0], $2[1], $2[2], $2[3]) }),
    GateCase(
      "coupled LSTM memory forward", -3...3,
      { unroll_lstm_memory_forward($0, $1, true, $2[0], nil, nil, $2[3], $2[4]) },
      { unroll_lstm_memory_forward_reference($0, $1, true, $2[0], nil, nil, $2[3], $2[4]) }),
    GateCase(
      "coupled LSTM memory backward", -1...1,
      { unroll_lstm_memory_backward($0, $1, true, $2[0], nil, nil, $2[3], $2[4]) },
      { unroll_lstm_memory_backward_reference($0, $1, true, $2[0], nil, nil, $2[3], $2[4]) }),
    GateCase(
      "coupled LSTM memory forward, scaled", -3...3,
      { unroll_lstm_memory_forward($0, $1, true, $2[0], nil, $2[2], $2[3], $2[4]) },
      { unroll_lstm_memory_forward_reference($0, $1, true, $2[0], nil, $2[2], $2[3], $2[4]) }),
    GateCase(
      "coupled LSTM memory backward, scaled", -1...1,
      { unroll_lstm_memory_backward($0, $1, true, $2[0], nil, $2[2], $2[3], $2[4]) },
      { unroll_lstm_memory_backward_reference($0, $1, true, $2[0], nil, $2[2], $2[3], $2[4]) }),
    GateCase(
      "coupled LSTM output forward", -3...3,
      { unroll_lstm_output_forward($0, $1, true, $2[0], nil, $2[2], $2[3], $2[3], $2[4]) },
      { unroll_lstm_output_forward_reference($0, $1, true, $2[0], nil, $2[2], $2[3], $2[3], $2[4]) }
    ),
    GateCase(
      "coupled LSTM memory forward with peepholes", -3...3,
      { unroll_lstm_memory_forward($0, $1, true, $2[0], $2[1], nil, $2[3], $2[4]) },
      { unroll_lstm_memory_forward_reference($0, $1, true, $2[0], $2[1], nil, $2[3], $2[4]) }),
    GateCase(
      "coupled LSTM memory backward with peepholes", -1...1,
      { unroll_lstm_memory_backward($0, $1, true, $2[0], $2[1], nil, $2[3], $2[4]) },
      { unroll_lstm_memory_backward_reference($0, $1, true, $2[0], $2[1], nil, $2[3], $2[4]) }),
    GateCase(
      "coupled LSTM memory forward with peepholes, scaled", -3...3,
      { unroll_lstm_memory_forward($0, $1, true, $2[0], $2[1], $2[2], $2[3], $2[4]) },
      { unroll_lstm_memory_forward_reference($0, $1, true, $2[0], $2[1], $2[2], $2[3], $2[4]) }),
    GateCase(
      "coupled LSTM memory backward with peepholes, scaled", -1...1,
      { unroll_lstm_memory_backward($0, $1, true, $2[0], $2[1], $2[2], $2[3], $2[4]) },
      { unroll_lstm_memory_backward_reference($0, $1, true, $2[0], $2[1], $2[2], $2[3], $2[4]) }),
    GateCase(
      "coupled LSTM output forward with peepholes", -3...3,
      { unroll_lstm_output_forward($0, $1, true, $2[0], $2[1], $2[2], $2[3], $2[3], $2[4]) },
      {
        unroll_lstm_output_forward_reference($0, $1, true, $2[0], $2[1], $2[2], $2[3], $2[3], $2[4])
      }),
    GateCase(
      "coupled LSTM output backward", -1...1,
      { unroll_lstm_output_backward($0, $1, true, $2[0], $2[1], $2[2], $2[3]) },
      { unroll_lstm_output_backward_reference($0, $1, true, $2[0], $2[1], $2[2], $2[3]) }),
    GateCase(
      "GRU forward", -3...3, { unroll_gru_forward($0, $1, $2[0], $2[1], $2[2], $2[3]) },
      { unroll_gru_forward_reference($0, $1, $2[0], $2[1], $2[2], $2[3]) }),
    GateCase(
      "GRU forward in place", -3...3, { unroll_gru_forward($0, $1, $2[0], $2[1], $2[2], $2[2]) },
      { unroll_gru_forward_reference($0, $1, $2[0], $2[1], $2[2], $2[2]) }),
    GateCase(
      "GRU backward", -1...1, { unroll_gru_backward($0, $1, $2[0], $2[1], $2[2], $2[3]) },
      { unroll_gru_backward_reference($0, $1, $2[0], $2[1], $2[2], $2[3]) }),
    GateCase(
      "GRU reset forward", -3...3, { unroll_gru_reset_forward($0, $1, $2[0], $2[1], $2[2], $2[3]) },
      { unroll_gru_reset_forward_reference($0, $1, $2[0], $2[1], $2[2], $2[3]) }),
    GateCase(
      "GRU candidate forward", -1...1,
      { unroll_gru_candidate_forward($0, $1, $2[0], $2[1], $2[2], $2[3]) },
      { unroll_gru_candidate_forward_reference($0, $1, $2[0], $2[1], $2[2], $2[3]) }),
    GateCase(
      "GRU candidate forward in place", -1...1,
      { unroll_gru_candidate_forward($0, $1, $2[0], $2[1], $2[2], $2[2]) },
      { unroll_gru_candidate_forward_reference($0, $1, $2[0], $2[1], $2[2], $2[2]) }),
    GateCase(
      "GRU candidate backward", -1...1,
      { unroll_gru_candidate_backward($0, $1, $2[0], $2[1], $2[2]) },
      { unroll_gru_candidate_backward_reference($0, $1, $2[0], $2[1], $2[2]) }),
    GateCase(
      "GRU reset backward", -1...1,
      { unroll_gru_reset_backward($0, $1, $2[0], $2[1], $2[2], $2[3]) },
      { unroll_gru_reset_backward_reference($0, $1, $2[0], $2[1], $2[2], $2[3]) }),
    GateCase(
      "RNN tanh forward in place", -3...3, { unroll_rnn_tanh_forward($0, $1, $2[0], $2[0]) },
      { unroll_rnn_tanh_forward_reference($0, $1, $2[0], $2[0]) }),
    GateCase(
      "RNN relu forward", -3...3, { unroll_rnn_relu_forward($0, $1, $2[0], $2[1]) },
      { unroll_rnn_relu_forward_reference($0, $1, $2[0], $2[1]) }),
    GateCase(
      "RNN tanh backward in place", -1...1,
      { unroll_rnn_tanh_backward($0, $1, $2[0], $2[1], $2[1]) },
      { unroll_rnn_tanh_backward_reference($0, $1, $2[0], $2[1], $2[1]) }),
    GateCase(
      "RNN relu backward in place", -1...1,
      { unroll_rnn_relu_backward($0, $1, $2[0], $2[1], $2[1]) },
      { unroll_rnn_relu_backward_reference($0, $1, $2[0], $2[1], $2[1]) }),
  ]

  // A pre-activation of size 6 is rounded to 2.4e-7, which the slope of a gate passes on in part.
  @Test("every gate kernel agrees with its twin", arguments: availableISAs)
  func twins(isa: unroll_isa) {
    var random = RandomFloats(seed: 4)
    for c in cases {
      for hidden in awkwardSizes {
        for rows in hidden == 3 ? [0, 1, 2] : [2] {
          let arrays = (0..<5).map { _ in random.array(4 * rows * hidden, in: c.range) }
          let found = withISA(isa) { run(c.kernel, rows, hidden, arrays) }
          let expected = run(c.twin, rows, hidden, arrays)
          for i in arrays.indices {
            expectClose(
              found[i], expected[i], tolerance: 6e-7,
              "\(c.name), rows \(rows), H \(hidden), argument \(i):")
          }
        }
      }
    }
  }

  @Test("two rows at once have the bits of one after the other", arguments: availableISAs)
  func rows(isa: unroll_isa) {
    let rows = 2
    let hidden = 11
    var random = RandomFloats(seed: 5)
    let widths = [4, 1, 1, 1, 1]
    let arrays = widths.map { random.array($0 * rows * hidden, in: -3...3) }
    withISA(isa) {
      let both = run(cases[0].kernel, rows, hidden, arrays)
      for row in 0..<rows {
        func part(_ i: Int, _ array: [Float]) -> [Float] {
          let width = widths[i] * hidden
          return Array(array[row * width..<(row + 1) * width])
        }
        let alone = run(cases[0].kernel, 1, hidden, arrays.indices.map { part($0, arrays[$0]) })
        for i in arrays.indices { expectSameBits(part(i, both[i]), alone[i], "argument \(i)") }
      }
    }
  }
}
