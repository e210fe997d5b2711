import CKernels
import Tensors

/// Times the kernels under everything else, each against what the machine could do at best at that
/// moment: matrix products against its multiply-add peak, the others in nanoseconds an element.
///
///     swift run -c release --package-path Benchmarks kernel-benchmarks
@main
struct KernelBenchmarks {
  static func main() {
    for threads in Set([1, ThreadTeam.machine.threadCount]).sorted() {
      print("\n\(threads) thread\(threads == 1 ? "" : "s")\n")
      print("| product | GF/s | of peak |\n|---|---|---|")
      ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
        for product in Product.all { product.measure() }
      }
    }
    print("\n| kernel, 1 thread | ns an element |\n|---|---|")
    for kernel in elementKernels() {
      let best = fastest(of: 30, kernel.run)
      print("| \(kernel.name) | \(rounded(best / Double(kernel.count) * 1e9)) |")
    }
  }
}

/// One shape of C = A·Bᵀ.
struct Product {
  let name: String
  let rows: Int
  let columns: Int
  let depth: Int
  let isPacked: Bool

  static let all = [
    Product(name: "step, packed", rows: 20, columns: 2600, depth: 650, isPacked: true),
    Product(name: "step, packed", rows: 64, columns: 4096, depth: 1024, isPacked: true),
    Product(name: "one row, packed", rows: 1, columns: 2600, depth: 650, isPacked: true),
    Product(name: "inputs of all steps", rows: 700, columns: 2600, depth: 650, isPacked: false),
    Product(name: "logits", rows: 700, columns: 10_000, depth: 650, isPacked: false),
    Product(name: "gradient of weights", rows: 2600, columns: 650, depth: 700, isPacked: false),
  ]

  /// Alternates with the peak, so that both see the same machine, and prints the medians.
  func measure() {
    let a = RandomKey(seed: 1).uniform([rows, depth], from: -1, to: 1)
    let b = RandomKey(seed: 2).uniform([columns, depth], from: -1, to: 1)
    let c = Tensor(zeros: [rows, columns])
    let packed = PackedMatrix(b, .forward)
    let operations = 2 * Double(rows * columns * depth)
    let repeats = max(1, Int(2e8 / operations))
    var rates: [Double] = []
    var peaks: [Double] = []
    for _ in 0..<15 {
      let seconds = time {
        for _ in 0..<repeats { isPacked ? runPacked(a, packed, c) : run(a, b, c) }
      }
      rates.append(operations * Double(repeats) / seconds)
      peaks.append(peakRate())
    }
    print(
      "| \(name) \(rows)x\(depth) · \(depth)x\(columns) | \(rounded(median(rates) * 1e-9)) "
        + "| \(Int((100 * median(rates) / median(peaks)).rounded())) % |")
  }

  private func run(_ a: Tensor, _ b: Tensor, _ c: Tensor) {
    multiply(
      MatrixView(a.sharedPointer, rows: rows, columns: depth),
      MatrixView(b.sharedPointer, rows: columns, columns: depth), into: c.sharedPointer)
  }

  private func runPacked(_ a: Tensor, _ b: PackedMatrix, _ c: Tensor) {
    let blocks = ThreadTeam.current.threadCount
    let width = ((columns + blocks - 1) / blocks + 15) / 16 * 16
    ThreadTeam.current.forEach(blocks) { block in
      b.multiply(
        rows: rows, a.sharedPointer, rowStride: depth, into: c.sharedPointer,
        resultStride: columns, columns: block * width..<min(columns, (block + 1) * width))
    }
  }
}

/// Multiply-adds that all threads of the team do at once, in operations a second.
func peakRate() -> Double {
  let threads = ThreadTeam.current.threadCount
  var rates = [Double](repeating: 0, count: threads)
  rates.withUnsafeMutableBufferPointer { rates in
    ThreadTeam.current.forEach(threads) { index in
      var sink: Float = 0
      var operations = 0.0
      let seconds = time { operations = unroll_peak_multiply_add(100_000, &sink) }
      rates[index] = operations / seconds
    }
  }
  return rates.reduce(0, +)
}

/// A function of `count` elements.
struct ElementKernel {
  let name: String
  let count: Int
  let run: () -> Void
}

func elementKernels() -> [ElementKernel] {
  let count = 1 << 14
  let x = RandomKey(seed: 3).uniform([count], from: -4, to: 4)
  let y = Tensor(zeros: [count])
  let (rows, hidden, vocabulary) = (10, 650, 10_000)
  let gates = RandomKey(seed: 4).uniform([rows, 4 * hidden], from: -2, to: 2)
  let states = (0..<4).map { _ in Tensor(zeros: [rows, hidden]) }
  let logits = RandomKey(seed: 5).uniform([rows, vocabulary], from: -4, to: 4)
  let targets = [Int32](repeating: 7, count: rows)
  let losses = Tensor(zeros: [rows])
  return [
    ElementKernel(name: "exp", count: count) {
      unroll_exp(count, x.sharedPointer, y.sharedPointer)
    },
    ElementKernel(name: "tanh", count: count) {
      unroll_tanh(count, x.sharedPointer, y.sharedPointer)
    },
    ElementKernel(name: "sigmoid", count: count) {
      unroll_sigmoid(count, x.sharedPointer, y.sharedPointer)
    },
    ElementKernel(name: "dropout", count: count) {
      unroll_philox_dropout(1, 2, 0, count, 0.5, x.sharedPointer, y.sharedPointer)
    },
    ElementKernel(name: "LSTM gates, a unit, forward", count: rows * hidden) {
      unroll_lstm_forward(
        rows, hidden, gates.sharedPointer, states[0].sharedPointer, states[1].sharedPointer,
        states[2].sharedPointer, states[3].sharedPointer)
    },
    ElementKernel(name: "softmax and cross-entropy, a logit", count: rows * vocabulary) {
      unroll_cross_entropy_rows(
        rows, vocabulary, logits.sharedPointer, vocabulary, targets, 0, losses.sharedPointer)
    },
  ]
}

func time(_ body: () -> Void) -> Double {
  let elapsed = ContinuousClock().measure(body)
  return elapsed / .seconds(1)
}

func fastest(of count: Int, _ body: () -> Void) -> Double {
  (0..<count).map { _ in time(body) }.min() ?? .nan
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

func rounded(_ value: Double) -> String {
  let hundredths = Int((value * 100).rounded())
  return "\(hundredths / 100).\(hundredths % 100 / 10)\(hundredths % 10)"
}
