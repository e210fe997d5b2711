import Foundation
import Models

extension TranslationStudy {
  /// The lecture's rows: single nets, then ensembles, by each beam.
  static let columns = ["system", "beam", "score", "perplexity", "lines/s"]

  /// The findings of a kind of net alone, of all seeds.
  private func singles(
    _ net: Net, _ beam: Int, _ findings: StudyFindings<Self>
  ) -> [Decoding] {
    systems.filter { $0.net == net && !$0.isEnsemble }
      .compactMap { findings[.decode($0, beam: beam)]?.decoding }
  }

  private func trained(_ net: Net, _ findings: StudyFindings<Self>) -> [Training] {
    (0..<(counts[net] ?? 0)).compactMap { findings[.train(net, seed: $0 + 1)]?.training }
  }

  private func score(_ value: Double) -> String { String(format: "%.2f", value) }

  func rows(_ findings: StudyFindings<Self>) -> [[String]] {
    var rows: [[String]] = []
    for net in Net.allCases {
      let perplexity = Spread(trained(net, findings).map(\.testPerplexity))?.text(Format.number)
      for beam in beams {
        let found = singles(net, beam, findings)
        guard let spread = Spread(found.map { $0.scores[measure] }) else { continue }
        rows.append([
          "single \(net.title)", "\(beam)", spread.text(score), perplexity ?? "-",
          Format.short(Spread(found.map(\.linesPerSecond))?.mean ?? 0),
        ])
      }
      for system in systems where system.net == net && system.isEnsemble {
        for beam in beams {
          guard let found = findings[.decode(system, beam: beam)]?.decoding else { continue }
          rows.append([
            "ensemble of \(system.seeds.count) \(net.title)", "\(beam)",
            score(found.scores[measure]), "", Format.short(found.linesPerSecond),
          ])
        }
      }
    }
    return rows
  }

  private var headings: [String] {
    Self.columns.map { $0 == "score" ? measure.title : $0 }
  }

  func table(_ findings: StudyFindings<Self>) -> String {
    var text = TextTable(columns: headings, rows: rows(findings)).text
    let compared = comparisonRows(findings)
    if !compared.isEmpty {
      text += "\n" + TextTable(columns: Self.comparisonColumns, rows: compared).text
    }
    let lengths = lengthRows(findings)
    if !lengths.rows.isEmpty {
      text += "\n" + TextTable(columns: lengths.columns, rows: lengths.rows).text
    }
    return text
  }

  private static let comparisonColumns = ["first", "second", "difference", "95 %", "p"]

  private func comparisonRows(_ findings: StudyFindings<Self>) -> [[String]] {
    (findings[.compare]?.comparisons ?? []).map {
      [
        $0.first, $0.second, String(format: "%+.2f", $0.difference),
        String(format: "%+.2f to %+.2f", $0.low, $0.high), String(format: "%.3f", $0.p),
      ]
    }
  }

  /// Scores by the length of the source, of the first net of each kind by the widest beam.
  private func lengthRows(
    _ findings: StudyFindings<Self>
  ) -> (columns: [String], rows: [[String]]) {
    guard let beam = beams.last else { return ([], []) }
    let found = Net.allCases.compactMap { net -> (Net, Decoding)? in
      guard (counts[net] ?? 0) > 0 else { return nil }
      return findings[.decode(System(net: net, seeds: [1]), beam: beam)]?.decoding.map { (net, $0) }
    }
    guard let first = found.first else { return ([], []) }
    return (
      ["units of the source", "lines"] + found.map { "\($0.0.title), \(measure.title)" },
      first.1.byLength.indices.map { bucket in
        [first.1.byLength[bucket].name, Format.count(first.1.byLength[bucket].scores.lines)]
          + found.map { score($0.1.byLength[bucket].scores[measure]) }
      }
    )
  }

  func page(_ findings: StudyFindings<Self>) -> ReportPage {
    var sections: [ReportPage.Section] = [.figures(tiles(findings))]
    if let chart = beamChart(findings) {
      sections.append(
        .drawing(
          title: "What a beam and a vote are worth", text: "Single nets are means over seeds.",
          svg: chart.svg))
    }
    sections.append(
      .table(
        .init(
          title: "The table", columns: headings, firstNumber: 1, rows: rows(findings),
          text:
            "On the test part, \(Format.count(data.test.count)) lines; single nets as the mean and, in "
            + "brackets, the least and the greatest over seeds where there are several. Perplexity is that of "
            + "the first reference. Lines a second are on one thread, with other measurements beside it."
        )))
    let compared = comparisonRows(findings)
    if !compared.isEmpty {
      sections.append(
        .table(
          .init(
            title: "Is it certain?", columns: Self.comparisonColumns, firstNumber: 2,
            rows: compared,
            text:
              "The second's score less the first's, where 95 % of 1,000 resampled texts have it, and how "
              + "likely so large a difference is if neither is better (paired bootstrap; Koehn 2004)."
          )))
    }
    let lengths = lengthRows(findings)
    if !lengths.rows.isEmpty {
      if let chart = lengthChart(findings) {
        sections.append(
          .drawing(
            title: "Long and short sources",
            text:
              "Reading from the end brings the beginning of a source near to that of its target.",
            svg: chart.svg))
      }
      sections.append(
        .table(
          .init(
            title: "By the length of the source", columns: lengths.columns, firstNumber: 1,
            rows: lengths.rows)))
    }
    return ReportPage(
      title: "Sequence to sequence",
      summary:
        "Encoder-decoders with and without attention, read from either end, alone and as ensembles, by "
        + "beams of several widths.", sections: sections + [conditions(findings)])
  }

  private func tiles(_ findings: StudyFindings<Self>) -> [ReportPage.Figure] {
    guard let beam = beams.last else { return [] }
    return Net.allCases.compactMap { net in
      Spread(singles(net, beam, findings).map { $0.scores[measure] }).map {
        ReportPage.Figure(
          name: "Single \(net.title)", value: score($0.mean),
          note: "\(measure.title), beam \(beam)")
      }
    }
      + systems.filter(\.isEnsemble).compactMap { system in
        findings[.decode(system, beam: beam)]?.decoding.map {
          ReportPage.Figure(
            name: "\(system.seeds.count) \(system.net.title)", value: score($0.scores[measure]),
            note: "\(measure.title), beam \(beam)")
        }
      }
  }

  private func beamChart(_ findings: StudyFindings<Self>) -> LineChart? {
    guard beams.count > 1 else { return nil }
    var lines: [LineChart.Line] = []
    func add(_ name: String, _ score: (Int) -> Double?) {
      let points = beams.compactMap { beam in
        score(beam).map { LineChart.Point(x: Double(beam), y: $0) }
      }
      guard points.count > 1 else { return }
      lines.append(LineChart.Line(name: name, points: points, style: .number(lines.count)))
    }
    for net in Net.allCases {
      add("single \(net.title)") {
        Spread(singles(net, $0, findings).map { $0.scores[measure] })?.mean
      }
      for system in systems where system.net == net && system.isEnsemble {
        add("\(system.seeds.count) \(net.title)") {
          findings[.decode(system, beam: $0)]?.decoding?.scores[measure]
        }
      }
    }
    guard !lines.isEmpty else { return nil }
    return LineChart(
      title: "\(measure.title) by the width of the beam",
      x: ChartAxis("beam", .logarithmic, ticks: beams.map(Double.init)),
      y: ChartAxis(measure.title), lines: lines, height: 340)
  }

  private func lengthChart(_ findings: StudyFindings<Self>) -> LineChart? {
    guard let beam = beams.last else { return nil }
    var ticks: [Double] = []
    let lines = Net.allCases.enumerated().compactMap { index, net -> LineChart.Line? in
      guard (counts[net] ?? 0) > 0,
        let found = findings[.decode(System(net: net, seeds: [1]), beam: beam)]?.decoding
      else { return nil }
      // At the end of its range.
      let points = found.byLength.compactMap { bucket in
        bucket.name.split(separator: " ").last.flatMap { Double($0) }.map {
          LineChart.Point(x: $0, y: bucket.scores[measure])
        }
      }
      ticks = points.map(\.x)
      return LineChart.Line(name: net.title, points: points, style: .number(index))
    }
    guard lines.contains(where: { $0.points.count > 1 }) else { return nil }
    return LineChart(
      title: "\(measure.title) by units of the source",
      x: ChartAxis("units of the source, up to", ticks: ticks), y: ChartAxis(measure.title),
      lines: lines, height: 340)
  }

  private func conditions(_ findings: StudyFindings<Self>) -> ReportPage.Section {
    let trained = cells.compactMap { findings[$0]?.training }
    let cost =
      trained.isEmpty
      ? ""
      : " Training \(Format.plural(trained.count, "net")) took "
        + "\(Format.duration(trained.reduce(0) { $0 + $1.seconds })) of a core, all of them together."
    let length =
      lengthPenalty == 0
      ? "ln p" : lengthPenalty == 1 ? "ln p / length" : "ln p / length^\(lengthPenalty)"
    let agreement =
      mean == .probabilities
      ? "the mean of their probabilities" : "the mean of their log-probabilities"
    let units =
      recipe.units.source == recipe.units.target
      ? recipe.units.source.rawValue
      : "\(recipe.units.source.rawValue) to \(recipe.units.target.rawValue)"
    let rates = recipe.dropout
    let dropout =
      rates == NetworkDropout(rates.input)
      ? "Dropout \(rates.input)"
      : "Dropout "
        + rates.options.sorted { $0.key < $1.key }
        .map { "\($0.key.replacing("dropout-", with: "")) \($0.value)" }.joined(separator: ", ")
    return .text(
      title: "How it was measured",
      paragraphs: [
        "\(Format.count(data.training.count)) pairs to learn from, \(units). \(recipe.cell.title)s of "
          + "\(Format.plural(recipe.layers, "layer")) of \(Format.count(recipe.hidden)) units, vectors of "
          + "\(Format.count(recipe.embedding)); encoders with attention read from both ends with half as many "
          + "units each. \(dropout), label smoothing \(recipe.smoothing), Adam at a rate of "
          + "\(recipe.rate) that falls as a cosine over \(Format.plural(recipe.epochs, "epoch")), batches of "
          + "\(recipe.batch); the net of the epoch that did best on the validation part is kept."
          + cost,
        "A beam's hypotheses are compared by \(length); nets that vote agree on \(agreement).",
        "I. Sutskever, O. Vinyals, Q. V. Le: Sequence to sequence learning with neural networks, 2014. M.-T. "
          + "Luong, H. Pham, C. D. Manning: Effective approaches to attention-based neural machine translation, "
          + "2015. P. Koehn: Statistical significance tests for machine translation evaluation, 2004.",
      ])
  }
}
