import ArgumentParser
import Learning
import Models

/// `unroll train captioner`
struct TrainCaptioner: Verb {
  static let configuration = CommandConfiguration(
    commandName: "captioner",
    abstract: "Train a captioner: from pictures to what they show.",
    discussion: """
      Learns from a table with a heading, columns between tabs: one names a picture, each of the others has a \
      caption. Captions of several columns, such as languages, are of one model, which is told the column by \
      the first token it reads. Pictures are PNG or JPEG files in the folder images beside the table, or that of \
      --images; they are put in front of white and resized to --image-size, each axis by itself. A small \
      convolutional net is trained with the rest; with attention, the decoder looks at a place of the picture \
      for each word (Vinyals et al. 2015; Xu et al. 2015). With --features another model's vectors take the \
      place of pixels. The model that does best on held-out pictures is the one that is kept.

      EXAMPLES
        unroll train captioner --train train.tsv --valid valid.tsv --output model.safetensors
        unroll train captioner --train train.tsv --valid valid.tsv --captions en fr de --shift 0.1 --zoom 0.15 \
      --output model.safetensors
        unroll train captioner --train train.tsv --features train.npy --valid valid.tsv --valid-features \
      valid.npy --output model.safetensors
      """)

  @OptionGroup var data: CaptionDataOptions
  @Option(
    help: ArgumentHelp("Where the model goes.", valueName: "file"),
    completion: .file(extensions: ["safetensors"]))
  var output: String?

  @OptionGroup(title: "RECIPE") var units: CaptionUnitOptions
  @OptionGroup(title: "RECIPE") var picture: PictureOptions
  @OptionGroup(title: "RECIPE") var architecture: DecoderOptions
  @OptionGroup(title: "RECIPE") var layers: LayerOptions<UsualCaptioner>
  @OptionGroup(title: "RECIPE") var dropout: DropoutOptions<UsualCaptioner>
  @OptionGroup(title: "RECIPE") var outputLayer: OutputOptions
  @OptionGroup(title: "RECIPE") var smoothing: SmoothingOptions
  @OptionGroup(title: "RECIPE") var own: CaptionerLearningOptions
  @OptionGroup(title: "RECIPE") var learning: LearningOptions<UsualCaptioner>
  @OptionGroup(title: "RECIPE") var optimizer: OptimizerOptions
  @OptionGroup(title: "RECIPE") var schedule: ScheduleOptions<UsualCaptioner>
  @OptionGroup(title: "RECIPE") var start: StartOptions

  @OptionGroup var keeping: KeepingOptions
  @OptionGroup var seed: SeedOption
  @OptionGroup var common: CommonOptions

  func run(_ console: Console) throws {
    var settings = try common.settings()
    let threads = try common.threadCount(&settings)
    let data = try data.choice(&settings)
    let output = try settings.value("output", output, .notEmpty)
    let seed = try seed.value(&settings)
    let run = CaptionerTraining(
      recipe: try recipe(&settings, seed: seed, seesPixels: data.features == nil), data: data,
      files: try keeping.files(&settings, output: output ?? ""))
    try settings.finish()
    guard !data.train.isEmpty else {
      throw Failure.usage("no pictures to learn from: --train FILE")
    }
    guard output != nil else { throw Failure.usage("nowhere to put the model: --output FILE") }
    if data.valid == nil {
      let criterion = run.recipe.criterion
      try run.recipe.learning.refuseWithoutValidation(
        judge: criterion == .loss ? nil : criterion.rawValue)
    }
    try common.train(run, threads: threads, console)
  }

  func recipe(
    _ settings: inout Settings, seed: UInt64, seesPixels: Bool
  ) throws -> CaptionerRecipe {
    let units = try units.choice(&settings)
    let picture = try picture.choice(&settings, seesPixels: seesPixels)
    let decoder = try architecture.configuration(
      &settings, try layers.choice(&settings), try dropout.rates(&settings), output: outputLayer,
      for: "captioners")
    let learning = try learning.recipe(&settings, optimizer, schedule)
    try learning.refuseObjectives(for: "captioners")
    return try own.recipe(
      &settings, picture, decoder, units,
      smoothing: try smoothing.value(&settings, for: decoder.output), learning: learning,
      start: try start.recipe(&settings, for: decoder.cell), seed: seed)
  }
}
