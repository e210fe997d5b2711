import Corpora
import Foundation
import Learning
import Models
import Recurrent
import Tensors

/// A training run of a captioner as the command line makes it.
struct CaptionerTraining: TrainingSetup {
  var recipe: CaptionerRecipe
  var data: CaptionData
  var files: RunFiles

  var inputs: [(role: String, path: String?)] {
    get throws {
      let tables = [data.train, data.valid].compactMap(\.self)
      let pictures =
        data.features == nil
        ? try tables.flatMap { table in
          try list(table).files(in: data.images).map { ("a picture of \(table)", $0) }
        } : []
      return [
        ("the file of --train", data.train), ("the file of --valid", data.valid),
        ("the file of --features", data.features),
        ("the file of --valid-features", data.validFeatures),
      ] + pictures
    }
  }

  var measure: LossMeasure {
    switch recipe.criterion {
    case .loss: recipe.decoder.output.lossMeasure
    case .bleu1: .unigramBLEU
    case .mismatch: .mismatch
    }
  }

  func run(_ console: Console) throws -> TrainingRun.Result<Captioner> {
    let training = try read(data.train, features: data.features)
    let heldOut = try data.valid.map { try read($0, features: data.validFeatures) }
    let configuration = recipe.configuration(features: training.pictures.featureShape)
    let model = try Captioner(
      configuration, recipe.units, learningFrom: training,
      initialization: recipe.start.initialization, key: RandomKey(seed: recipe.seed).child(0))
    let task = try CaptionerTask(
      model, training, validation: heldOut, criterion: recipe.criterion, batch: recipe.batch,
      smoothing: recipe.smoothing, augmentation: recipe.augmentation)
    var identity = recipe.identity
    identity["validation text"] = heldOut?.fingerprint
    let run = TrainingRun(
      files: files, learning: recipe.learning, seed: recipe.seed, identity: identity,
      record: recipe.record, opening: opening(model, task), measure: measure)
    return try run.run(model, task, console)
  }

  private func list(_ path: String) throws -> CaptionList {
    try CaptionList(
      reading: path, columns: data.columns.isEmpty ? nil : data.columns,
      imageColumn: data.imageColumn)
  }

  private func read(_ path: String, features: String?) throws -> CaptionedPictures {
    let list = try list(path)
    switch recipe.picture {
    case .features:
      return CaptionedPictures(
        try PictureSet(featuresAt: features ?? "", count: list.count), list)
    case .pixels(let encoder, _):
      return CaptionedPictures(
        try list.pictures(in: data.images ?? list.usualFolder, size: encoder.imageSize), list)
    }
  }

  private func opening(_ model: Captioner, _ task: CaptionerTask) -> String {
    "training a captioner, \(Format.count(model.parameterCount)) parameters, on "
      + "\(Format.plural(task.pictureCount, "picture")) with \(Format.count(task.trainingTokens)) units of "
      + "captions (\(model.languages.joined(separator: ", ")); vocabulary "
      + "\(Format.count(model.vocabulary.count)))"
  }
}

extension CaptionList {
  /// The files of its pictures.
  ///
  /// - Parameter folder: nil for the usual one.
  fileprivate func files(in folder: String?) -> [String] {
    let folder = URL(fileURLWithPath: folder ?? usualFolder)
    return entries.map { folder.appendingPathComponent($0.image).path }
  }
}
