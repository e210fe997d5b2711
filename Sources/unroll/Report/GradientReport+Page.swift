import Foundation
import Learning

extension GradientReport {
  /// The page: a map of layers by time, curves over distance, gates and spectra.
  var page: ReportPage {
    var sections: [ReportPage.Section] = [.figures(figures)]
    sections.append(
      .drawing(
        title: "Layers by time",
        text: "The norm of the gradient of the loss with respect to the state of each layer after "
          + "each step: what later steps, the layer above and the loss send back. The memory c is "
          + "that handed on to the next step, so the last one gets nothing.",
        svg: heatMap.svg))
    sections.append(
      .drawing(
        title: "Against distance",
        text: isLastOnly
          ? "The loss is that of the last step alone: what is seen k steps back came all that way. A "
            + "straight line is a constant factor a step."
          : "The losses of all steps flow back, each from its own; --last shows the way back of a "
            + "single one.",
        svg: normChart.svg))
    if flow.layers.contains(where: { !$0.jacobians.isEmpty }) {
      sections.append(
        .drawing(
          title: "How far a state depends on an earlier one",
          text: "The greatest singular value of the Jacobian of the first sequence's last state by "
            + "its own layer's state k steps before: the most by which a gradient can grow on that "
            + "way.",
          svg: jacobianChart.svg))
    }
    let gates = flow.layers.flatMap { measured in
      measured.gates.map {
        [measured.name, $0.gate, Self.share($0.shut), Self.share($0.open)]
      }
    }
    if !gates.isEmpty {
      sections.append(
        .table(
          .init(
            title: "Gates", columns: ["layer", "gate", "below 0.1", "above 0.9"], firstNumber: 2,
            rows: gates,
            text: "The share of activations that are nearly shut and nearly open, over all "
              + "sequences, steps and units.")))
    }
    return ReportPage(
      title: "Gradient flow",
      summary: "\(model), \(architecture), on \(file): \(measured).",
      sections: sections + spectrumSections)
  }

  private var figures: [ReportPage.Figure] {
    let top = flow.layers.last?.parts.first
    let radius = spectrum.matrices.compactMap(\.spectralRadius).max()
    let largest = spectrum.matrices.map(\.largest).max()
    return [
      .init(
        name: "loss of \(isLastOnly ? "the last step" : "all steps")",
        value: Format.number(flow.loss), note: "nats a token"),
      .init(
        name: "factor a step back",
        value: top?.factorPerStepBack.map { String(format: "%.3f", $0) } ?? "-",
        note: "the norm of the highest layer's h, on average"),
      .init(
        name: "greatest spectral radius", value: radius.map(Format.number) ?? "-",
        note: "of a recurrent matrix"),
      .init(
        name: "greatest singular value", value: largest.map(Format.number) ?? "-",
        note: "of a recurrent matrix"),
    ]
  }

  private var heatMap: HeatMap {
    let rows = Array(parts.reversed())
    return HeatMap(
      title: "Norm of the gradient by layer and step",
      rows: rows.map { "layer \($0.layer) \($0.part.name)" }, rowsLabel: "state",
      columns: (0..<flow.steps).map { "\($0 + 1)" }, columnsLabel: "step",
      cells: rows.map { row in row.part.norms.map { HeatMap.Cell(value: $0) } },
      scale: ChartAxis("norm of the gradient", .logarithmic, text: ChartAxis.short))
  }

  private var normChart: LineChart {
    LineChart(
      title: "Norm of the gradient against distance from the last step",
      x: ChartAxis("steps back from the last one", low: 0),
      y: ChartAxis("norm of the gradient", .logarithmic),
      lines: parts.enumerated().map { index, row in
        LineChart.Line(
          name: "layer \(row.layer) \(row.part.name)",
          points: row.part.norms.reversed().enumerated().map {
            LineChart.Point(x: Double($0), y: $1)
          }, style: .number(index), hasMarks: flow.steps <= 60)
      })
  }

  private var jacobianChart: LineChart {
    var lines: [LineChart.Line] = []
    for measured in flow.layers {
      func add(_ name: String, _ values: KeyPath<StateJacobian, [Double]>) {
        lines.append(
          LineChart.Line(
            name: "layer \(measured.name) \(name)",
            points: measured.jacobians.map {
              LineChart.Point(x: Double($0.distance), y: $0[keyPath: values].first ?? .nan)
            }, style: .number(lines.count)))
      }
      add("h", \.outputValues)
      if measured.parts.count > 1 { add("whole state", \.stateValues) }
    }
    let distances = flow.layers.flatMap { $0.jacobians.map { Double($0.distance) } }
    return LineChart(
      title: "Greatest singular value of the Jacobian against distance",
      x: ChartAxis("steps back", .logarithmic, ticks: Set(distances).sorted()),
      y: ChartAxis("greatest singular value", .logarithmic),
      lines: lines, levels: [.init(name: "neither grows nor fades", label: "1", y: 1)])
  }

  private var spectrumSections: [ReportPage.Section] {
    guard !spectrum.matrices.isEmpty else { return [] }
    var parameters: [String] = []
    for matrix in spectrum.matrices where parameters.last != matrix.parameter {
      parameters.append(matrix.parameter)
    }
    var sections = parameters.compactMap { parameter -> ReportPage.Section? in
      let matrices = spectrum.matrices.filter {
        $0.parameter == parameter && !$0.eigenvalues.isEmpty
      }
      guard !matrices.isEmpty else { return nil }
      return .drawing(
        title: "Eigenvalues of \(parameter)",
        text: "Each gate's matrix by itself, with the unit circle.",
        svg: EigenvaluePlot(parameter: parameter, matrices: matrices).svg)
    }
    sections.append(
      .table(
        .init(
          title: "Recurrent matrices",
          columns: [
            "matrix", "spectral radius", "greatest singular value", "least singular value",
          ], firstNumber: 1,
          rows: spectrum.matrices.map { matrix in
            [
              matrix.shortName, matrix.spectralRadius.map(Format.number) ?? "-",
              Format.number(matrix.largest), Self.small(matrix.smallest),
            ]
          })))
    return sections
  }
}

extension ChartAxis {
  /// 3.1e-05: a norm, told where there is no room for more.
  fileprivate static func short(_ value: Double) -> String {
    let power = log10(value)
    return value > 0 && abs(power - power.rounded()) < 1e-9
      ? plain(value) : GradientReport.small(value)
  }
}
