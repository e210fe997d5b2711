import ArgumentParser
import Recurrent

extension OutputKind: ExpressibleByArgument, SettingValue {}

/// What tokens are sampled by, by name; the power is a setting of its own.
enum ProposalKind: String, CaseIterable, ExpressibleByArgument, SettingValue {
  case logUniform = "log-uniform"
  case unigram
}

/// What becomes of ln Z in noise contrast, by name.
enum NormalizerKind: String, CaseIterable, ExpressibleByArgument, SettingValue {
  case learned, fixed
}

/// The flags of a language model's output layer. Each is also a key of a configuration file.
struct OutputOptions: ParsableArguments {
  @Option(
    help: """
      How tokens are predicted: full, sampled or nce (trained on samples: sampled softmax, noise \
      contrast), adaptive (Grave et al. 2017) or class (classes of tokens); the last four are for large \
      vocabularies (default: full).
      """)
  var softmax: OutputKind?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Tokens sampled a batch, for --softmax sampled or nce (default: 1024).", valueName: "n"))
  var samples: Int?
  @Option(
    help: """
      What they are sampled by: log-uniform (Zipf's law over the ranks) or unigram (the counts) \
      (default: log-uniform).
      """)
  var proposal: ProposalKind?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Power of the counts, for --proposal unigram (default: 1).", valueName: "x"))
  var proposalPower: Double?
  @Option(
    help: """
      What noise contrast takes for the logarithm of the sum of all weights: a number that is learned, \
      or fixed at that of equal weights (default: learned).
      """)
  var normalizer: NormalizerKind?
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Ranks at which the clusters of --softmax adaptive begin (default: V/20 V/4).",
      valueName: "n"))
  var cutoffs: [String] = []
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Classes of --softmax class (default: √V).", valueName: "n"))
  var classes: Int?
}

extension OutputOptions {
  /// The output layer that the flags and the configuration file make.
  ///
  /// - Throws: `Failure` for values that make no sense by themselves or together.
  func configuration(
    _ settings: inout Settings, isTied: Bool
  ) throws -> OutputConfiguration {
    let kind = try settings.value("softmax", softmax, default: .full)
    let samples = try settings.value("samples", samples, .upTo(1_000_000))
    let proposal = try settings.value("proposal", proposal)
    let power = try settings.value("proposal-power", proposalPower, .ofCounts)
    let normalizer = try settings.value("normalizer", normalizer)
    let cutoffs = try settings.list("cutoffs", cutoffs).map(Self.rank)
    let classes = try settings.value("classes", classes, .upTo(1_000_000))

    for (name, isGiven, kinds) in [
      ("samples", samples != nil, [OutputKind.sampled, .nce]),
      ("proposal", proposal != nil, [.sampled, .nce]),
      ("proposal-power", power != nil, [.sampled, .nce]),
      ("normalizer", normalizer != nil, [.nce]), ("cutoffs", !cutoffs.isEmpty, [.adaptive]),
      ("classes", classes != nil, [.classFactored]),
    ] where isGiven && !kinds.contains(kind) {
      throw Failure.usage(
        "--\(name) goes with --softmax \(kinds.map(\.rawValue).joined(separator: " or ")), not "
          + kind.rawValue)
    }
    guard power == nil || proposal == .unigram else {
      throw Failure.usage("--proposal-power goes with --proposal unigram")
    }
    guard !isTied || kind.canBeTied else {
      let kinds = OutputKind.allCases.filter(\.canBeTied).map(\.rawValue)
      throw Failure.usage(
        "--tie needs an output with one matrix for all tokens (--softmax "
          + "\(kinds.joined(separator: ", "))), not \(kind.rawValue)")
    }

    let count = samples ?? OutputConfiguration.standardSamples
    let drawnBy = proposal == .unigram ? Proposal.unigram(power: power ?? 1) : .logUniform
    let configuration: OutputConfiguration =
      switch kind {
      case .full: .full
      case .sampled: .sampled(samples: count, drawnBy)
      case .nce: .nce(samples: count, drawnBy, learnsNormalizer: normalizer != .fixed)
      case .adaptive: .adaptive(cutoffs: cutoffs.isEmpty ? nil : cutoffs)
      case .classFactored: .classFactored(classes: classes)
      }
    if let fault = configuration.fault() { throw Failure.usage(fault) }
    return configuration
  }

  private static func rank(_ text: String) throws -> Int {
    guard let rank = Int(text) else {
      throw Failure.usage("--cutoffs has \"\(text)\"; expected integers")
    }
    return rank
  }
}

extension Requirement where Value == Double {
  /// A power of counts: from none that differ to the counts themselves.
  fileprivate static var ofCounts: Requirement {
    Requirement(text: "a number from 0 to 1") { $0 >= 0 && $0 <= 1 }
  }
}

extension OutputConfiguration {
  /// The output layer of a kind with nothing else said.
  static func standard(_ kind: OutputKind) -> OutputConfiguration {
    switch kind {
    case .full: .full
    case .sampled: .sampled(samples: standardSamples, .logUniform)
    case .nce: .nce(samples: standardSamples, .logUniform, learnsNormalizer: true)
    case .adaptive: .adaptive(cutoffs: nil)
    case .classFactored: .classFactored(classes: nil)
    }
  }

  /// The output layer as options and their values on the command line; what is as usual is left out.
  var options: [String: String] {
    guard kind != .full else { return [:] }
    var options = ["softmax": kind.rawValue]
    func sample(_ samples: Int, _ proposal: Proposal) {
      options["samples"] = "\(samples)"
      guard case .unigram(let power) = proposal else { return }
      options["proposal"] = ProposalKind.unigram.rawValue
      options["proposal-power"] = "\(power)"
    }
    switch self {
    case .full: break
    case .sampled(let samples, let proposal): sample(samples, proposal)
    case .nce(let samples, let proposal, let learnsNormalizer):
      sample(samples, proposal)
      if !learnsNormalizer { options["normalizer"] = NormalizerKind.fixed.rawValue }
    case .adaptive(let cutoffs):
      options["cutoffs"] = cutoffs.map { $0.map(String.init).joined(separator: " ") }
    case .classFactored(let classes): options["classes"] = classes.map(String.init)
    }
    return options
  }
}
