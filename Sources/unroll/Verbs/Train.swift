import ArgumentParser

/// `unroll train`: one subcommand for each kind of model.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model.",
    discussion: """
      EXAMPLES
        unroll train lm --train text.txt --output model.safetensors
        unroll train tagger --train train.conllu --output model.safetensors
        unroll train ngram --train text.txt --output model.arpa
        unroll train lm --help
      """,
    subcommands: [TrainLM.self, TrainTagger.self, TrainNGram.self])
}
