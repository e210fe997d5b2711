import Recurrent

extension DepthStudy {
  func page(_ findings: StudyFindings<Self>) -> ReportPage {
    ReportPage(
      title: "What are layers worth?",
      summary:
        "Character models of one text, all with at most \(Format.count(training.parameters)) "
        + "parameters, in few wide layers or in many narrow ones.",
      sections: [
        .drawing(
          title: "Bits by depth",
          text:
            "The least bits a held-out character of a run; mean, least and greatest over seeds.",
          svg: depthChart(findings).svg),
        .drawing(
          title: "Along the way",
          text: "Means over seeds.", svg: curveChart(findings).svg),
        .table(
          .init(
            title: "Numbers", columns: Self.columns, firstNumber: 1, rows: rows(findings),
            text:
              "Bits a held-out character, in brackets the least and the greatest over "
              + "\(Format.plural(seeds, "seed")). The gradient is that of the loss in the outputs of "
              + "the lowest layer, over that in the outputs of the highest, before training. Tokens a "
              + "second are of one thread, with other measurements beside it.")),
        conditions,
      ])
  }

  /// One line a kind of connection; all of them start from the net of one layer.
  private func depthChart(_ findings: StudyFindings<Self>) -> LineChart {
    let lines = SkipConnections.allCases.enumerated().map { index, connections in
      LineChart.Line(
        name: connections.title,
        points: Net.all.compactMap { net in
          guard net.layers == 1 || net.connections == connections else { return nil }
          return Spread(of(net, findings).compactMap(\.best)).map { spread in
            LineChart.Point(
              x: Double(net.layers), y: spread.mean, low: spread.low, high: spread.high)
          }
        }, style: .number(index))
    }.filter { $0.points.count > 1 }
    return LineChart(
      title: "Held-out bits a character by the number of layers",
      x: ChartAxis("layers", .logarithmic, ticks: [1, 2, 4, 8]),
      y: ChartAxis("bits a character"), lines: lines, height: 340)
  }

  private func curveChart(_ findings: StudyFindings<Self>) -> LineChart {
    let lines = Net.all.enumerated().compactMap { index, net -> LineChart.Line? in
      let curves = of(net, findings).map(\.curve).filter { !$0.isEmpty }
      guard let first = curves.first else { return nil }
      let points = first.compactMap { point -> LineChart.Point? in
        let there = curves.compactMap { $0.first { $0.step == point.step }?.bits }
        return Spread(there).map {
          LineChart.Point(x: Double(point.step), y: $0.mean, low: $0.low, high: $0.high)
        }
      }
      return LineChart.Line(name: net.name, points: points, style: .number(index))
    }
    return LineChart(
      title: "Held-out bits a character by step", x: ChartAxis("steps", low: 0),
      y: ChartAxis("bits a character"), lines: lines, height: 420)
  }

  private var conditions: ReportPage.Section {
    .text(
      title: "How it was measured",
      paragraphs: [
        "Cell \(training.cell.rawValue), \(training.embedding) features a character, the widest layers "
          + "that the parameters allow. Adam, the rate rising to \(ChartAxis.plain(training.rate)) and "
          + "falling along a cosine, gradients of a norm of at most "
          + "\(ChartAxis.plain(training.clipNorm)), \(Format.count(training.steps)) steps of "
          + "\(training.batch) x \(training.window) characters, no dropout, seeds 1 to \(seeds).",
        "The text has \(Format.count(corpus.training.unicodeScalars.count)) characters to learn from, "
          + "\(Format.count(corpus.heldOut.unicodeScalars.count)) held out, and a vocabulary of "
          + "\(Format.count(corpus.vocabulary.count)).",
        "A. Graves: Generating sequences with recurrent neural networks, 2013. K. He, X. Zhang, S. Ren, J. "
          + "Sun: Deep residual learning for image recognition, 2016.",
      ])
  }
}
