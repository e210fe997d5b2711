extension RecurrenceStudy {
  func page(_ findings: StudyFindings<Self>) -> ReportPage {
    var sections: [ReportPage.Section] = [.figures(tiles(findings))]
    if let chart = orderChart(findings) {
      sections.append(
        .drawing(
          title: "How far back?",
          text:
            "n-grams look at the n - 1 words before, a window at the last few; recurrent nets at all there were.",
          svg: chart.svg))
    }
    if let chart = epochChart(findings) {
      sections.append(.drawing(title: "Along the way", text: "Means over seeds.", svg: chart.svg))
    }
    sections.append(
      .table(
        .init(
          title: "Numbers", columns: Self.columns, firstNumber: 1, rows: rows(findings),
          text:
            "Perplexities of what did not diverge, in brackets the least and the greatest over seeds, where "
            + "there are several. "
            + "The parameters of n-grams are their probabilities and the weights of their contexts. "
            + "Words a second are of training, on one thread, with other measurements beside it, all "
            + "epochs counted.")))
    return ReportPage(
      title: "What is it worth to remember?",
      summary:
        "Language models of one text: n-grams that were counted, a net that sees a window of words, and nets "
        + "that carry a state from word to "
        + "word, with as many parameters each.",
      sections: sections + [conditions])
  }

  /// The mean test perplexity of what did not diverge, nil if there is nothing.
  private func test(_ net: Net, _ findings: StudyFindings<Self>) -> Double? {
    Spread(of(net, findings).sound.map(\.test))?.mean
  }

  private func tiles(_ findings: StudyFindings<Self>) -> [ReportPage.Figure] {
    let counted = orders.compactMap { order -> (order: Int, validation: Double, test: Double)? in
      guard let found = of(.ngram(order: order), findings).first, let validation = found.best
      else { return nil }
      return (order, validation, found.test)
    }
    // Chosen as the nets' epochs are: the test text has no say.
    let best = counted.min { $0.validation < $1.validation }.map { best in
      ReportPage.Figure(
        name: "Best n-gram", value: Format.number(best.test),
        note: "test perplexity, order \(best.order) (by validation)")
    }
    let nets = Net.cells.compactMap { kind in
      test(.cells(kind), findings).map {
        ReportPage.Figure(
          name: kind.title, value: Format.number($0),
          note: "test perplexity, \(configuration(kind).hiddenSize) units")
      }
    }
    return (best.map { [$0] } ?? []) + nets
  }

  /// Test perplexity of the n-grams by their order, with the nets as levels.
  private func orderChart(_ findings: StudyFindings<Self>) -> LineChart? {
    // Single words are out of all proportion.
    let points = orders.filter { $0 > 1 }.compactMap { order in
      test(.ngram(order: order), findings).map { LineChart.Point(x: Double(order), y: $0) }
    }
    guard points.count > 1 else { return nil }
    return LineChart(
      title: "Test perplexity by the order of n-grams",
      x: ChartAxis("order", ticks: points.map(\.x)), y: ChartAxis("perplexity"),
      lines: [LineChart.Line(name: "n-grams", points: points, style: .number(0))],
      levels: Net.cells.compactMap { kind in
        test(.cells(kind), findings).flatMap { test -> LineChart.Level? in
          // What has overflowed has no place on the axis.
          guard test.isFinite else { return nil }
          return LineChart.Level(
            name: kind.title, label: "\(kind.title) \(Format.number(test))", y: test)
        }
      }, height: 340)
  }

  private func epochChart(_ findings: StudyFindings<Self>) -> LineChart? {
    let lines = Net.cells.enumerated().compactMap { index, kind -> LineChart.Line? in
      // One that diverged ends early, and would end the mean of all.
      let curves = of(.cells(kind), findings).sound.map(\.validation)
      let epochs = curves.map(\.count).min() ?? 0
      guard epochs > 1 else { return nil }
      let points = (0..<epochs).compactMap { epoch in
        Spread(curves.map { $0[epoch] }).map {
          LineChart.Point(x: Double(epoch + 1), y: $0.mean, low: $0.low, high: $0.high)
        }
      }
      return LineChart.Line(name: kind.title, points: points, style: .number(index))
    }
    guard !lines.isEmpty else { return nil }
    return LineChart(
      title: "Validation perplexity by epoch", x: ChartAxis("epochs"), y: ChartAxis("perplexity"),
      lines: lines, height: 340)
  }

  private var conditions: ReportPage.Section {
    .text(
      title: "How it was measured",
      paragraphs: [
        "A vocabulary of \(Format.count(corpus.vocabulary.count)) words. n-grams by interpolated modified "
          + "Kneser-Ney. Nets of one layer, \(hidden) features a word, the LSTM of \(hidden) units and the "
          + "others of as many as give the same number of parameters; dropout of \(dropout) on the vectors "
          + "and before the output. " + training.text,
        "R. Kneser, H. Ney: Improved backing-off for m-gram language modeling, 1995. S. F. Chen, J. "
          + "Goodman: An empirical study of smoothing techniques for language modeling, 1998. T. Mikolov, M. "
          + "Karafiát, L. Burget, J. Černocký, S. Khudanpur: Recurrent neural network based language model, "
          + "2010.",
      ])
  }
}
