import Models

extension TreeStudy {
  func page(_ findings: StudyFindings<Self>) -> ReportPage {
    var sections: [ReportPage.Section] = [.figures(tiles(findings))]
    if let chart = chart(findings) {
      sections.append(
        .drawing(
          title: "By depth", text: "Accuracy by how many lists are within each other.",
          svg: chart.svg))
    }
    if let chart = curve(findings) {
      sections.append(
        .drawing(title: "Along the way", text: "Validation accuracy.", svg: chart.svg))
    }
    sections.append(
      .table(
        .init(
          title: "Numbers", columns: Self.columns, firstNumber: 2, rows: rows(findings),
          text:
            "In brackets the least and the greatest over seeds, where there are several. Trees a second "
            + "are of one thread, with other measurements beside it.")))
    for table in bucketTables {
      sections.append(
        .table(
          .init(
            title: "Test accuracy \(table.title)", columns: ["net", "told"] + table.names,
            firstNumber: 2, rows: bucketRows(findings, table.path), text: "")))
    }
    return ReportPage(
      title: "What is a tree worth?",
      summary:
        "Nested operations on lists of digits, read along their tree or from left to right, by nets "
        + "of about \(Format.count(training.parameters)) parameters.",
      sections: sections + [conditions])
  }

  private func tiles(_ findings: StudyFindings<Self>) -> [ReportPage.Figure] {
    nets.compactMap { net in
      let best = TreeTargets.allCases.compactMap { targets in
        Spread(of(net, targets, findings).map(\.test)).map { (targets, $0.mean) }
      }.max { $0.1 < $1.1 }
      return best.map {
        .init(
          name: net.title, value: Self.percent($0.1),
          note: "test accuracy, told \(Self.told($0.0))")
      }
    }
  }

  private func chart(_ findings: StudyFindings<Self>) -> LineChart? {
    let lines = all(findings).enumerated().compactMap { index, entry -> LineChart.Line? in
      let points = Self.depths.indices.compactMap { depth -> LineChart.Point? in
        let there = entry.found.compactMap { finding -> Double? in
          guard depth < finding.byDepth.count, finding.byDepth[depth].total > 0 else { return nil }
          return 100 * finding.byDepth[depth].share
        }
        // A part is drawn at its least depth.
        return Spread(there).map {
          .init(
            x: Double(Self.depths[depth].range.lowerBound), y: $0.mean, low: $0.low, high: $0.high)
        }
      }
      guard points.count > 1 else { return nil }
      return .init(
        name: "\(entry.net.title), told \(Self.told(entry.targets))", label: entry.net.rawValue,
        points: points, style: .number(index))
    }
    guard !lines.isEmpty else { return nil }
    return LineChart(
      title: "Test accuracy by depth", x: ChartAxis("lists within lists, at least"),
      y: ChartAxis("%", high: 100), lines: lines, height: 380)
  }

  private func curve(_ findings: StudyFindings<Self>) -> LineChart? {
    let lines = all(findings).enumerated().compactMap { index, entry -> LineChart.Line? in
      guard let first = entry.found.first, first.validation.count > 1 else { return nil }
      return .init(
        name: "\(entry.net.title), told \(Self.told(entry.targets))", label: entry.net.rawValue,
        points: first.validation.enumerated().map { .init(x: Double($0 + 1), y: 100 * $1) },
        style: .number(index))
    }
    guard !lines.isEmpty else { return nil }
    return LineChart(
      title: "Validation accuracy by epoch, first seed", x: ChartAxis("epochs"),
      y: ChartAxis("%", high: 100), lines: lines, height: 380)
  }

  private var conditions: ReportPage.Section {
    .text(
      title: "How it was measured",
      paragraphs: [
        "\(Format.plural(training.epochs, "epoch")) of \(Format.count(training.trees)) expressions of up to "
          + "\(training.longest) words, none of which comes twice; tested on "
          + "\(Format.count(training.tested)) of any length. \(training.embedding) features a word, "
          + "Adam at a rate of \(training.rate) that falls along a cosine, batches of "
          + "\(training.batch), gradients of a norm of at most "
          + "\(ChartAxis.plain(training.clipNorm)). The parameters of the epoch with the best "
          + "validation accuracy are kept.",
        "Nets along the tree are told the value of the whole, or those of all lists in it. The LSTM reads the "
          + "same words, brackets included, and is told the value at the end. In the binary trees of "
          + "the published data each word of a list joins all of the list before it.",
        "N. Nangia, S. R. Bowman: ListOps: a diagnostic dataset for latent tree learning, 2018. K. S. Tai, R. "
          + "Socher, C. D. Manning: Improved semantic representations from tree-structured long "
          + "short-term memory networks, 2015.",
      ])
  }
}
