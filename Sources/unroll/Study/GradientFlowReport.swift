import Foundation

extension GradientFlowStudy {
  func page(_ findings: StudyFindings<Self>) -> ReportPage {
    ReportPage(
      title: "How does the error flow back through time?",
      summary:
        "Norm of the gradient in the state of a recurrent net, by the steps back from the loss, on "
        + "the temporal order of \(Format.count(span)) symbols.",
      sections: [
        .drawing(
          title: "At the start",
          text:
            "A straight line on this scale is a factor a step. What falls on its way back, to the right, "
            + "vanishes; what rises explodes.",
          svg: chart(findings, "At the start", \.initial).svg),
        .drawing(
          title: "After training",
          text: "After \(Format.count(sequences)) sequences, or when at most 1 % were wrong.",
          svg: chart(findings, "After training", \.trained).svg),
        .table(
          .init(
            title: "Numbers", columns: Self.columns, firstNumber: 1, rows: rows(findings),
            text:
              "The factor is a geometric mean over the steps back; in brackets the least and the "
              + "greatest over \(Format.plural(seeds, "seed")).")),
        .text(title: "What a forget bias is worth", paragraphs: [Self.biases, Self.gains]),
        .table(
          .init(
            title: "Nets", columns: ["Net", "What it is"], firstNumber: 2,
            rows: Self.nets.map { [$0.name, $0.about] })),
        .text(
          title: "How it was measured",
          paragraphs: [
            "One layer of 50 units; Adam at a rate of 0.003 (RNNs 0.001, IRNN 0.0003), gradients of a "
              + "norm of at most 1, batches of 20; seeds 1 to \(seeds). The gradient is the whole ∂L/∂s_t over "
              + "\(Self.measured) held-out sequences, s being the output h and, of cells with a "
              + "memory, c; it is shown relative to that of the last step.",
            "S. Hochreiter: Untersuchungen zu dynamischen neuronalen Netzen, 1991. Y. Bengio, P. Simard, "
              + "P. Frasconi: Learning long-term dependencies with gradient descent is difficult, 1994. "
              + "R. Pascanu, T. Mikolov, Y. Bengio: On the difficulty of training recurrent neural "
              + "networks, 2013.",
          ]),
      ])
  }

  /// The memory's own share of the flow: ∂c_t/∂c_{t-k} = f^k where the gates stand at f = σ(b).
  private static var biases: String {
    let worth = [0.0, 1, 2, 3, 5].map { bias in
      let gate = 1 / (1 + exp(-bias))
      let half = log(2) / -log(gate)
      return "\(Int(bias)): \(String(format: half < 10 ? "%.1f" : "%.0f", half))"
    }
    let needed = -log(pow(10, 1.0 / 200) - 1)
    return
      "An LSTM whose forget gates stand at f = σ(b) hands on f of the gradient in its memory a step, "
      + "so that half of it is left after ln 2 / -ln σ(b) steps; by bias, \(worth.joined(separator: ", ")). "
      + "To keep a tenth over 200 steps by that way alone takes a bias of "
      + "\(String(format: "%.1f", needed)): 1 is a start for memories of a few steps, and gates that start "
      + "open for as long as the task asks learn it sooner."
  }

  /// The flow through the outputs adds to the memory's own.
  private static let gains =
    "The gradient has a second way, from the memory through the outputs and the recurrent matrices back "
    + "into the memory. Where all states are small both gates on it stand at a half, and recurrent "
    + "matrices of gain g, orthogonal ones times g, hand on g/4: the slowest part of a gradient goes by "
    + "σ(b) + g/4 a step, 0.98 for a bias and a gain of 1. States that are not small take some of it; a "
    + "gain of 1.45 makes up for that, and with it a bias of 1 keeps the gradient over 200 steps, for a "
    + "net of this size and these inputs. M. Gilboa et al.: Dynamical isometry and a mean field theory of "
    + "LSTMs and GRUs, 2019, derive such starts for any."

  private func chart(
    _ findings: StudyFindings<Self>, _ title: String, _ flow: (Finding) -> [Double]
  ) -> LineChart {
    let lines = Self.nets.enumerated().compactMap { index, net -> LineChart.Line? in
      let flows = of(net, findings).map(flow).filter { ($0.first ?? 0) > 0 }
      guard !flows.isEmpty else { return nil }
      let points = (0..<span).compactMap { distance -> LineChart.Point? in
        let values = flows.compactMap { $0.count > distance ? $0[distance] / $0[0] : nil }
        // Means of logarithms: what vanishes in one seed is not hidden by another.
        let logs = values.filter { $0 > Self.floor }.map { log($0) }
        guard logs.count == values.count, let spread = Spread(logs) else { return nil }
        return LineChart.Point(
          x: Double(distance), y: exp(spread.mean), low: exp(spread.low), high: exp(spread.high))
      }
      return LineChart.Line(
        name: net.name, points: points, style: .number(index), hasMarks: false)
    }
    return LineChart(
      title: "\(title): gradient of the state by distance from the loss",
      x: ChartAxis("steps back from the loss", low: 0),
      y: ChartAxis("‖∂L/∂s‖ relative to the last step", .logarithmic),
      lines: lines, levels: [.init(name: "no change", y: 1)], height: 440)
  }

  /// Below it, a line ends: single precision has lost it.
  private static var floor: Double { 1e-20 }
}
