import Corpora
import Foundation
import Learning
import ModelFiles
import Models
import Tensors

extension TranslationStudy {
  func measure(_ cell: Cell, _ watch: StudyWatch) throws -> Finding? {
    switch cell {
    case .train(let net, let seed):
      return try train(net, seed, watch).map { Finding(training: $0) }
    case .decode(let system, let beam):
      return Finding(decoding: try decode(system, beam, watch))
    case .compare: return Finding(comparisons: try comparisons())
    }
  }

  private func modelPath(_ net: Net, _ seed: Int) -> String {
    "\(folder)/\(net.rawValue)-\(seed).safetensors"
  }

  private func translationPath(_ system: System, _ beam: Int) -> String {
    let members = system.isEnsemble ? "ensemble-\(system.seeds.count)" : "\(system.seeds[0])"
    return "\(folder)/\(system.net.rawValue)-\(members)-beam-\(beam).txt"
  }

  /// Trains a net and keeps it; nil if it was interrupted, and then it is gone on with another time.
  private func train(_ net: Net, _ seed: Int, _ watch: StudyWatch) throws -> Training? {
    let model = try Translator(
      configuration(net), recipe.units, learningFrom: data.training.sources, data.training.targets,
      key: RandomKey(seed: UInt64(seed)).child(0))
    let task = try TranslatorTask(
      model, sources: data.training.sources, targets: data.training.targets,
      validation: TranslatorValidation(
        sources: data.validation.sources, references: data.validation.references,
        criterion: measure.criterion), batch: recipe.batch, longest: recipe.longest,
      smoothing: recipe.smoothing)
    let checkpoint = "\(folder)/\(net.rawValue)-\(seed).checkpoint"
    let plan = TrainingPlan(
      epochs: recipe.epochs, stepLimit: recipe.steps, seed: UInt64(seed),
      schedule: RateSchedule(
        base: recipe.rate, course: .cosine(floor: 0), warmupSteps: recipe.warmupSteps),
      clipNorm: recipe.clipNorm,
      checkpoints: CheckpointPolicy(directory: checkpoint, everySeconds: 120))
    var speed = 0.0
    let isResumed = Checkpoint.exists(in: checkpoint)
    let time = WorkTime(
      keptAt: "\(folder)/\(net.rawValue)-\(seed).seconds", goesOn: isResumed)
    let trainer = Trainer(task, Adam(), plan, interrupt: watch.interrupt) { event in
      guard case .step(let progress) = event else { return }
      speed = progress.tokensPerSecond
      watch.tell(
        "epoch \(progress.epoch)/\(progress.epochs), perplexity "
          + Format.number(exp(progress.recentLoss)))
    }
    guard case .finished(let summary) = try trainer.run(resuming: isResumed) else {
      try time.keep()
      return nil
    }
    let seconds = time.seconds
    try model.save(to: modelPath(net, seed))
    try? FileManager.default.removeItem(atPath: checkpoint)
    time.forget()
    let losses = summary.epochs.compactMap(\.validationLoss)
    return Training(
      parameters: model.parameterCount,
      validation: losses.map { measure == .bleu ? 100 * (1 - $0) : 100 * $0 },
      testPerplexity: exp(
        model.meanLoss(of: data.test.sources, targets: data.test.references.map { $0[0] })),
      tokensPerSecond: speed, seconds: seconds)
  }

  private func decode(_ system: System, _ beam: Int, _ watch: StudyWatch) throws -> Decoding {
    let ensemble = try TranslatorEnsemble(
      system.seeds.map { try Translator(contentsOf: modelPath(system.net, $0)) })
    let options = SearchOptions(
      beamSize: beam, lengthPenalty: .power(lengthPenalty), mean: mean)
    watch.tell("translating")
    let start = secondsNow()
    let found = try ensemble.translate(data.test.sources, options).map { $0.first?.text ?? "" }
    let seconds = max(secondsNow() - start, 1e-9)
    try AtomicFile.write(found.joined(separator: "\n") + "\n", to: translationPath(system, beam))
    let scores = TranslationScores(of: found, references: data.test.references)
    return Decoding(
      scores: Scores(scores), bleuText: scores.bleuScore.description,
      linesPerSecond: Double(found.count) / seconds,
      byLength: byLength(found, ensemble.models[0]))
  }

  /// Fifths of the test lines by the length of their sources, the last one of the longest twentieth.
  private func byLength(_ found: [String], _ model: Translator) -> [Bucket] {
    let lengths = data.test.sources.map { model.sourceTokens($0).count }
    let sorted = lengths.sorted()
    guard let longest = sorted.last else { return [] }
    let edges = [0.2, 0.4, 0.6, 0.8, 0.95].map { sorted[Int($0 * Double(sorted.count - 1))] }
    var low = sorted[0]
    return (Set(edges).sorted() + [longest]).compactMap { high in
      defer { low = high + 1 }
      let lines = lengths.indices.filter { (low...max(low, high)).contains(lengths[$0]) }
      guard !lines.isEmpty, low <= high else { return nil }
      return Bucket(
        name: low == high ? "\(high)" : "\(low) to \(high)",
        scores: Scores(
          TranslationScores(
            of: lines.map { found[$0] }, references: lines.map { data.test.references[$0] })))
    }
  }

  /// What the lecture claims, each as a pair of systems: reading from the end against reading from the
  /// beginning, ensembles against single nets, wide beams against narrow ones, attention against its lack.
  private func comparisons() throws -> [Comparison] {
    var scores: [String: TranslationScores] = [:]
    func of(_ system: System, _ beam: Int) throws -> TranslationScores? {
      let path = translationPath(system, beam)
      if let known = scores[path] { return known }
      guard FileManager.default.fileExists(atPath: path) else { return nil }
      let read = TranslationScores(
        of: try LinesFile.read(path), references: data.test.references)
      scores[path] = read
      return read
    }
    return try pairs.compactMap { pair in
      guard let first = try of(pair.first.0, pair.first.1),
        let second = try of(pair.second.0, pair.second.1)
      else { return nil }
      let compared = compare(first, second)
      let factor = measure == .bleu ? 1.0 : 100
      return Comparison(
        first: Self.name(pair.first), second: Self.name(pair.second),
        difference: factor * compared.difference.score,
        low: factor * compared.difference.interval.lowerBound,
        high: factor * compared.difference.interval.upperBound, p: compared.pValue)
    }
  }

  private static func name(_ system: (System, Int)) -> String {
    "\(system.0.id), beam \(system.1)"
  }

  private var pairs: [(first: (System, Int), second: (System, Int))] {
    guard let wide = beams.last, let narrow = beams.first else { return [] }
    func single(_ net: Net) -> System? {
      (counts[net] ?? 0) > 0 ? System(net: net, seeds: [1]) : nil
    }
    var pairs: [((System, Int), (System, Int))] = []
    if let forward = single(.forward), let reversed = single(.reversed) {
      pairs.append(((forward, wide), (reversed, wide)))
    }
    for net in Net.allCases {
      let own = systems.filter { $0.net == net && $0.isEnsemble }
      if let single = single(net) {
        if wide != narrow { pairs.append(((single, narrow), (single, wide))) }
        for ensemble in own { pairs.append(((single, wide), (ensemble, wide))) }
      }
      for (small, large) in zip(own, own.dropFirst()) {
        pairs.append(((small, wide), (large, wide)))
      }
      if wide != narrow, let largest = own.last {
        pairs.append(((largest, narrow), (largest, wide)))
      }
    }
    if let attention = single(.attention) {
      for other in [single(.forward), single(.reversed)].compactMap(\.self) {
        pairs.append(((other, wide), (attention, wide)))
      }
    }
    return pairs.map { (first: $0.0, second: $0.1) }
  }

  private func compare(
    _ first: TranslationScores, _ second: TranslationScores
  ) -> BootstrapComparison {
    let bootstrap = Bootstrap()
    return switch measure {
    case .bleu: bootstrap.compare(first.bleu, with: second.bleu, by: TranslationScores.bleuMetric)
    case .errors: bootstrap.compare(first.errors, with: second.errors, by: ErrorRate.tokens)
    case .mismatch:
      bootstrap.compare(first.errors, with: second.errors, by: ErrorRate.sentences)
    }
  }
}
