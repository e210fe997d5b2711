import ArgumentParser

/// `unroll train`: one subcommand for each kind of model.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model.",
    discussion: """
      EXAMPLES
        unroll train lm --train text.txt --output model.safetensors
        unroll train tagger --train train.conllu --output model.safetensors
        unroll train classifier --train train.tsv --valid valid.tsv --output model.safetensors
        unroll train forecaster --train series.csv --valid-share 0.2 --output model.safetensors
        unroll train ngram --train text.txt --output model.arpa
        unroll train trees --train trees.txt --output model.safetensors
        unroll train captioner --train train.tsv --valid valid.tsv --output model.safetensors
        unroll train lm --help
      """,
    subcommands: [
      TrainLM.self, TrainTagger.self, TrainClassifier.self, TrainForecaster.self, TrainNGram.self,
      TrainTrees.self, TrainTranslator.self, TrainCaptioner.self,
    ])
}
