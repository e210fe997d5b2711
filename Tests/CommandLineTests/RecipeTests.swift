import ArgumentParser
import Foundation
import Learning
import Models
import Recurrent
import Testing

@testable import unroll

@Suite("The recipe")
struct RecipeTests {
  private func recipe(_ arguments: [String], yaml: String = "") throws -> LanguageModelRecipe {
    var settings = Settings(file: try ConfigFile(yaml, path: "run.yaml"))
    let recipe = try TrainLM.parse(arguments).recipe(&settings, seed: 1)
    try settings.finish()
    return recipe
  }

  @Test("defaults depend on what a token is and on the optimiser")
  func defaults() throws {
    let words = try recipe([])
    #expect(
      words.configuration.level == .words && words.bptt == 35
        && words.configuration.embeddingSize == 256)
    #expect(
      words.learning.optimizer.kind == .adam && words.learning.optimizer.rate == 0.002
        && words.learning.optimizer.clip == 5)
    #expect(words.learning.schedule.course == .constant)
    let characters = try recipe(["--level", "character", "--optimizer", "sgd", "--hidden", "64"])
    #expect(
      characters.bptt == 100 && characters.learning.optimizer.rate == 1
        && characters.configuration.embeddingSize == 64
    )
  }

  @Test("the recipes of Zaremba et al. (2014) can be written down")
  func zaremba() throws {
    let medium = try recipe(
      [],
      yaml: """
        level: word
        cell: lstm
        hidden: 650
        embedding: 650
        layers: 2
        dropout: 0.5
        vocabulary-size: 10000
        batch: 20
        bptt: 35
        loss-unit: sequence
        optimizer: sgd
        learning-rate: 1
        decay: 0.8333333333333334
        decay-after: 6
        epochs: 39
        clip: 5
        init-range: 0.05
        forget-bias: 0
        """)
    #expect(medium.learning.schedule.course == .exponential(decay: 1 / 1.2, afterEpoch: 6))
    #expect(
      medium.lossUnit == .sequence && medium.start.range == 0.05 && medium.start.forgetBias == 0)
    #expect(medium.configuration.hiddenSize == 650 && medium.configuration.dropout == 0.5)
    #expect(medium.record["decay-after"] == "6" && medium.record["vocabulary-size"] == "10000")
  }

  @Test("the recipes in the repository are recipes of ours")
  func shipped() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Recipes").standardizedFileURL.path
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".yaml") }
    #expect(names.count >= 5)
    for name in names {
      let file = try ConfigFile(path: folder + "/" + name)
      var settings = Settings(file: file)
      switch name {
      case "emoji-captions.yaml", "emoji-vectors.yaml":
        let verb = try TrainCaptioner.parse([])
        let data = try verb.data.choice(&settings)
        let seesPixels = name == "emoji-captions.yaml"
        let recipe = try verb.recipe(&settings, seed: 1, seesPixels: seesPixels)
        try settings.finish()
        #expect(data.columns == ["en", "fr", "de", "keywords_en"])
        #expect(recipe.learning.epochs == (seesPixels ? 150 : 60))
      case "phonemes.yaml":
        let recipe = try TrainTranslator.parse([]).recipe(&settings, seed: 1)
        try settings.finish()
        #expect(recipe.configuration.encoder.isBidirectional && recipe.learning.epochs == 19)
      default:
        let recipe = try TrainLM.parse([]).recipe(&settings, seed: 1)
        try settings.finish()
        #expect(file.entries.count >= 10 && recipe.configuration.layers == 2, "\(name)")
      }
    }
  }

  @Test("outputs for large vocabularies, and what is refused for want of effect")
  func outputs() throws {
    let flags: [([String], OutputConfiguration)] = [
      ([], .full),
      (["--softmax", "sampled", "--samples", "64"], .sampled(samples: 64)),
      (
        ["--softmax", "nce", "--proposal", "unigram", "--proposal-power", "0.75"],
        .nce(samples: 1024, .unigram(power: 0.75))
      ),
      (["--softmax", "nce", "--normalizer", "fixed"], .nce(learnsNormalizer: false)),
      (["--softmax", "adaptive", "--cutoffs", "200", "5000"], .adaptive(cutoffs: [200, 5000])),
      (["--softmax", "adaptive"], .adaptive()),
      (["--softmax", "class", "--classes", "300"], .classFactored(classes: 300)),
    ]
    var records: [[String: String]] = []
    for (arguments, output) in flags {
      // Parsing all flags of a recipe takes its time.
      let options = try OutputOptions.parse(arguments)
      var settings = Settings(file: nil)
      #expect(try options.configuration(&settings, isTied: false) == output)
      records.append(output.options)
      // What is recorded makes the same again.
      let again = output.options.sorted { $0.key < $1.key }.flatMap { name, value in
        ["--\(name)"] + value.split(separator: " ").map(String.init)
      }
      #expect(try OutputOptions.parse(again).configuration(&settings, isTied: false) == output)
    }
    #expect(records[0].isEmpty && records[4]["cutoffs"] == "200 5000")
    let fromFile = try recipe([], yaml: "softmax: adaptive\ncutoffs: [20, 50]\n")
    #expect(fromFile.configuration.output == .adaptive(cutoffs: [20, 50]))
    #expect(fromFile.record["softmax"] == "adaptive" && fromFile.record["cutoffs"] == "20 50")

    func refused(_ arguments: [String], isTied: Bool = false) -> String? {
      failureLine {
        var settings = Settings(file: nil)
        _ = try OutputOptions.parse(arguments).configuration(&settings, isTied: isTied)
      }
    }
    for (arguments, line) in [
      (["--samples", "5"], "--samples goes with --softmax sampled or nce, not full"),
      (
        ["--softmax", "adaptive", "--classes", "5"],
        "--classes goes with --softmax class, not adaptive"
      ),
      (
        ["--softmax", "sampled", "--cutoffs", "5"],
        "--cutoffs goes with --softmax adaptive, not sampled"
      ),
      (
        ["--softmax", "sampled", "--normalizer", "fixed"],
        "--normalizer goes with --softmax nce, not sampled"
      ),
      (
        ["--softmax", "nce", "--proposal-power", "0.5"],
        "--proposal-power goes with --proposal unigram"
      ),
      (
        ["--softmax", "nce", "--proposal", "unigram", "--proposal-power", "2"],
        "--proposal-power is 2.0; expected a number from 0 to 1"
      ),
      (
        ["--softmax", "adaptive", "--cutoffs", "50", "20"],
        "the cut-offs of an adaptive softmax rise from 1 or more, not 50, 20"
      ),
      (
        ["--softmax", "adaptive", "--cutoffs", "5%"], "--cutoffs has \"5%\"; expected integers"
      ),
      (
        ["--softmax", "nce", "--samples", "0"],
        "--samples is 0; expected an integer from 1 to 1000000"
      ),
    ] {
      #expect(refused(arguments) == line)
    }
    #expect(
      refused(["--softmax", "class"], isTied: true)
        == "--tie needs an output with one matrix for all tokens (--softmax full, sampled, nce), not "
        + "class")
    #expect(
      failureLine { _ = try recipe(["--optimizer", "l-bfgs", "--softmax", "adaptive"]) }
        == "--optimizer l-bfgs goes with --softmax full")
  }

  @Test("a clip of 0 is none")
  func noClip() throws {
    #expect(try recipe(["--clip", "0"]).learning.optimizer.clip == nil)
  }

  @Test(
    "values out of range and at odds are refused in one line",
    arguments: [
      (["--hidden", "0"], "--hidden is 0; expected an integer from 1 to 1000000"),
      (["--layers", "0"], "--layers is 0; expected an integer from 1 to 1000"),
      (["--dropout", "1.5"], "--dropout is 1.5; expected a number from 0 to below 1"),
      (["--dropout", "1"], "--dropout is 1.0; expected a number from 0 to below 1"),
      (["--dropout", "nan"], "--dropout is nan; expected a number from 0 to below 1"),
      (["--learning-rate", "0"], "--learning-rate is 0.0; expected a number above 0"),
      (["--learning-rate", "inf"], "--learning-rate is inf; expected a number above 0"),
      (["--batch", "0"], "--batch is 0; expected an integer from 1 to 1000000"),
      (["--bptt=-3"], "--bptt is -3; expected an integer from 1 to 1000000"),
      (["--epochs", "0"], "--epochs is 0; expected an integer from 1 to 1000000"),
      (["--clip=-1"], "--clip is -1.0; expected a number of at least 0"),
      (["--init-range", "0"], "--init-range is 0.0; expected a number above 0"),
      (["--patience", "0"], "--patience is 0; expected an integer of at least 1"),
      (["--decay", "1.2"], "--decay is 1.2; expected a number above 0 and at most 1"),
      (
        ["--min-count", "2", "--vocabulary-size", "10"],
        "--min-count 2 and --vocabulary-size 10 both say which words are rare; expected one of them"
      ),
      (
        ["--tie", "--hidden", "8", "--embedding", "4"],
        "--tie shares one matrix between the embedding and the output, so both must be equally wide; "
          + "found --embedding 4 and --hidden 8"
      ),
      (
        ["--momentum", "0.9"], "--momentum is for sgd, nt-asgd, rmsprop and shampoo, not adam"
      ),
      (["--nesterov", "--optimizer", "sgd"], "--nesterov needs a momentum above 0"),
      (["--damping", "3"], "--damping is for hessian-free, not adam"),
      (
        ["--projection", "300"],
        "a projection has at most as many features as the layer has units, so 1 to 256, not 300"
      ),
      (
        ["--projection", "3", "--cell", "gru"],
        "a projection is for the LSTM and its variants, not for gru"
      ),
      (
        ["--tie", "--projection", "8", "--embedding", "4"],
        "--tie shares one matrix between the embedding and the output, so both must be equally wide; "
          + "found --embedding 4 and --projection 8"
      ),
      (
        ["--skip", "residual", "--layers", "1"],
        "residual skip connections need at least 2 layers, not 1"
      ),
      (
        ["--dropout-candidate", "0.3", "--cell", "gru"],
        "candidate dropout is for the LSTM and its variants, not for gru"
      ),
      (
        ["--dropout-weights", "0.3", "--cell", "memory"],
        "weight drop is for cells with a recurrent matrix, which memory has not"
      ),
      (["--zoneout", "1"], "--zoneout is 1.0; expected a number from 0 to below 1"),
      (
        ["--optimizer", "hessian-free", "--dropout", "0.2"],
        "--optimizer hessian-free looks at a loss more than once, so nothing may be dropped; found "
          + "dropout in the recipe"
      ),
      (
        ["--optimizer", "hessian-free", "--cell", "lstm-norm"],
        "--optimizer hessian-free goes with the cells rnn, rnn-relu, irnn, memory, memory-recurrent, "
          + "memory-gated, lstm, gru, gru-reset-before, window, without a projection"
      ),
      (
        ["--optimizer", "l-bfgs", "--temporal-penalty", "1"],
        "--optimizer l-bfgs goes with no --activation- or --temporal-penalty"
      ),
      (
        ["--optimizer", "l-bfgs", "--accumulate", "2"],
        "--accumulate is for optimisers that add gradients up; l-bfgs looks at one batch a step"
      ),
      (
        ["--optimizer", "l-bfgs", "--clip", "1"],
        "--clip and --clip-value are for optimisers that follow the gradient; l-bfgs chooses the "
          + "length of its steps by the loss"
      ),
      (
        ["--vanishing-penalty", "1"],
        "the penalty on vanishing gradients is for rnn, rnn-relu and irnn, not for lstm"
      ),
      (
        ["--vanishing-penalty", "1", "--cell", "rnn", "--zoneout", "0.1"],
        "the penalty on vanishing gradients goes with no dropout of the state and no zoneout"
      ),
      (
        ["--vanishing-penalty=-1", "--cell", "rnn"],
        "--vanishing-penalty is -1.0; expected a number of at least 0"
      ),
      (
        ["--vanishing-penalty", "1", "--cell", "rnn", "--optimizer", "hessian-free"],
        "--optimizer hessian-free goes with no --vanishing-penalty"
      ),
      (
        ["--recurrent-init", "identity", "--init-range", "0.1"],
        "--init-range starts all matrices alike, so --recurrent-init cannot be beside it"
      ),
      (
        ["--input-init", "sparse", "--cell", "irnn"],
        "--cell irnn has a start of its own, so --input-init cannot be beside it"
      ),
      (
        ["--init-range", "0.1", "--cell", "irnn"],
        "--cell irnn has a start of its own, so --init-range cannot be beside it"
      ),
      (
        ["--forget-bias", "1", "--cell", "gru"],
        "--forget-bias is for cells with a forget gate (memory-gated, lstm, lstm-peephole, "
          + "lstm-coupled, lstm-norm), not for gru"
      ),
      (
        ["--variational", "--dropout-state", "0.1"],
        "--variational is for --dropout, --dropout-input, --dropout-hidden and --dropout-output; "
          + "found none of them above 0"
      ),
      (
        ["--unit", "sentence", "--bptt", "20"],
        "--bptt is for --unit stream; gradients flow through all of a sentence"
      ),
      (
        ["--unit", "sentence", "--vary-bptt"],
        "--vary-bptt is for --unit stream; gradients flow through all of a sentence"
      ),
      (
        ["--optimizer", "l-bfgs", "--vary-bptt"], "--optimizer l-bfgs goes with no --vary-bptt"
      ),
      (
        ["--optimizer", "hessian-free", "--vary-bptt"],
        "--optimizer hessian-free goes with no --vary-bptt"
      ),
      (
        ["--recurrent-init", "identity", "--recurrent-gain", "1.2"],
        "--recurrent-gain is for --recurrent-init orthogonal"
      ),
      (
        ["--recurrent-gain", "0"],
        "--recurrent-gain is 0.0; expected a number above 0"
      ),
      (
        ["--input-init", "identity"],
        "--input-init is identity, which is for recurrent matrices"
      ),
      (
        ["--schedule", "exponential"],
        "--schedule exponential needs --decay, the factor of each epoch"
      ),
      (
        ["--schedule", "cosine", "--decay", "0.5"],
        "--decay is for --schedule exponential and plateau, not cosine"
      ),
      (
        ["--decay-after", "3"],
        "--decay-after is for --schedule exponential, which --decay asks for"
      ),
    ])
  func mistakes(arguments: [String], expected: String) {
    #expect(failureLine { _ = try recipe(arguments) } == expected)
  }

  @Test("a checkpoint's identity tells recipes apart that give other results")
  func identity() throws {
    let base = try recipe([]).identity
    for change in [
      ["--hidden", "8"], ["--layers", "1"], ["--cell", "gru"], ["--dropout", "0.1"],
      ["--bptt", "7"], ["--batch", "7"], ["--level", "character"], ["--unit", "sentence"],
      ["--init-range", "0.1"], ["--min-count", "2"], ["--vocabulary-size", "9"],
      ["--loss-unit", "sequence"], ["--forget-bias", "0"], ["--tie"], ["--projection", "8"],
      ["--skip", "input"], ["--learn-initial-state"], ["--zoneout", "0.1"],
      ["--dropout-input", "0.1"], ["--dropout-embedding", "0.1"], ["--dropout-weights", "0.1"],
      ["--dropout-state", "0.1"], ["--dropout-candidate", "0.1"], ["--vary-bptt"],
      ["--activation-penalty", "1"], ["--temporal-penalty", "1"],
      ["--recurrent-init", "identity"], ["--recurrent-gain", "1.3"], ["--input-init", "sparse"],
    ] {
      #expect(try recipe(change).identity != base, "\(change)")
    }
    let dropping = try recipe(["--dropout", "0.1"]).identity
    #expect(try recipe(["--dropout", "0.1", "--variational"]).identity != dropping)
    let plain = try recipe(["--cell", "rnn"]).identity
    #expect(try recipe(["--cell", "rnn", "--vanishing-penalty", "2"]).identity != plain)
  }

  @Test("matrices start as they are asked to")
  func start() throws {
    let usual = try recipe([]).start.initialization
    #expect(usual.gates == .init(input: .glorot, recurrent: .orthogonal(), forgetBias: 1))
    let other = try recipe(
      ["--forget-bias", "2"], yaml: "recurrent-init: identity\ninput-init: sparse"
    ).start.initialization
    #expect(
      other.gates
        == .init(input: .sparse(connections: 15), recurrent: .identity, forgetBias: 2))
    let sparse = try recipe(["--recurrent-init", "sparse"]).start.initialization
    #expect(sparse.gates.recurrent == .sparse(connections: 15, radius: 1.1))
    for cell in CellKind.allCases {
      let isForgetful = cell == .memoryGated || cell.lstmVariant != nil
      let record = try recipe(["--cell", cell.rawValue]).record
      #expect(record["forget-bias"] == (isForgetful ? "1.0" : nil), "\(cell)")
    }
    let wider = try recipe(["--recurrent-gain", "1.3"]).start.initialization
    #expect(wider.gates.recurrent == .orthogonal(gain: 1.3))
  }
}
