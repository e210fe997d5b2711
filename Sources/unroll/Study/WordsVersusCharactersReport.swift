extension WordsVersusCharactersStudy {
  func page(_ findings: StudyFindings<Self>) -> ReportPage {
    var sections: [ReportPage.Section] = [.figures(tiles(findings))]
    if let chart = chart(findings) {
      sections.append(
        .drawing(
          title: "Along the way", text: "Each net with the dropout that suits it best.",
          svg: chart.svg))
    }
    sections.append(
      .table(
        .init(
          title: "Perplexity", columns: Self.columns, firstNumber: 2, rows: rows(findings),
          text:
            "Of what did not diverge, in brackets the least and the greatest over seeds, where there are "
            + "several. All nets predict the same words; their speed is of one thread, with other "
            + "measurements beside it."
        )))
    let similar = similarityRows(findings)
    if !similar.isEmpty {
      sections.append(
        .table(
          .init(
            title: "Similarity as people see it", columns: Self.similarityColumns, firstNumber: 2,
            rows: similar,
            text:
              "Spearman's rank correlation of cosines with people's ratings, over the pairs whose words "
              + "both have vectors, and over those whose words the vocabulary has.")))
    }
    for source in Self.sources {
      let rows = neighborRows(source, findings)
      guard !rows.isEmpty else { continue }
      sections.append(
        .table(
          .init(
            title: "Neighbours, words \(source.title)", columns: ["kind", "word", "nearest"],
            firstNumber: 3, rows: rows,
            text: Self.remark(source)
          )))
    }
    return ReportPage(
      title: "Words or characters?",
      summary:
        "Language models of one text whose words are looked up in a table, composed from their characters "
        + "by a bidirectional LSTM, or both.",
      sections: sections + [conditions])
  }

  private static func remark(_ source: WordSource) -> String {
    switch source {
    case .lookup: "By cosine, among the vocabulary. A word outside it has no vector."
    case .characters: "Rare and unseen words are near those that are spelled like them."
    case .both:
      "A word outside the vocabulary has <unk>'s vector of the table, and a composed one of its own."
    }
  }

  private func tiles(_ findings: StudyFindings<Self>) -> [ReportPage.Figure] {
    Self.sources.compactMap { source in
      guard let dropout = bestDropout(source, findings),
        let test = Spread(of(source, dropout, findings).map(\.outcome).sound.map(\.test))
      else { return nil }
      return .init(
        name: "Words \(source.title)", value: Format.number(test.mean),
        note:
          "test perplexity, \(Format.count(vectorParameters(source))) parameters for the vectors")
    }
  }

  private func chart(_ findings: StudyFindings<Self>) -> LineChart? {
    let lines = Self.sources.enumerated().compactMap { index, source -> LineChart.Line? in
      guard let found = chosen(source, findings), found.outcome.validation.count > 1 else {
        return nil
      }
      let points = found.outcome.validation.enumerated().map {
        LineChart.Point(x: Double($0 + 1), y: $1)
      }
      return LineChart.Line(name: source.title, points: points, style: .number(index))
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
        "\(Format.plural(sizes.layers, "layer")) of \(sizes.hidden) LSTM units, \(sizes.embedding) features a "
          + "word, half as many of a table beside composed ones; composed by 2 x \(sizes.characters.hiddenSize) units from "
          + "\(sizes.characters.embeddingSize) features a character. A vocabulary of "
          + "\(Format.count(corpus.vocabulary.count)) words. Dropout "
          + dropouts.map(\.text).joined(separator: "; ")
          + " was tried for all: of the features of the vectors, between layers and before the output, and "
          + "of whole words of the table. "
          + training.text,
        "W. Ling, T. Luís, L. Marujo, R. F. Astudillo, S. Amir, C. Dyer, A. W. Black, I. Trancoso: Finding "
          + "function in form: compositional character models for open vocabulary word "
          + "representation, 2015.",
      ])
  }
}
