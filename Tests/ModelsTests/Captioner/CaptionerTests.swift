import Corpora
import Foundation
import Images
import Learning
import ModelFiles
import Recurrent
import Tensors
import Testing

@testable import Models

/// Pictures of 8 by 8 pixels, a square of one colour somewhere on white, and what they show in two languages.
func squares(_ count: Int = 12) -> (images: [Image], captions: [[String?]]) {
  let colors: [(String, String, [UInt8])] = [
    ("red", "rouge", [220, 30, 30]), ("green", "vert", [30, 200, 30]),
    ("blue", "bleu", [20, 20, 230]),
  ]
  let places = [
    ("top left", "en haut", 0, 0), ("top right", "à droite", 4, 0), ("below", "en bas", 2, 4),
  ]
  var (images, captions) = ([Image](), [[String?]]())
  for number in 0..<count {
    let ((english, french, color), place) = (colors[number % 3], places[number / 3 % 3])
    var rgba = [UInt8](repeating: 255, count: 8 * 8 * 4)
    for y in 0..<4 {
      for x in 0..<4 {
        let start = 4 * ((place.3 + y) * 8 + place.2 + x)
        // Of several shades, so that no two pictures are alike.
        for part in 0..<3 { rgba[start + part] = color[part] &+ UInt8(number / 9 * 9) }
      }
    }
    images.append(Image(width: 8, height: 8, rgba: rgba))
    captions.append(["\(english), \(place.0)", number % 5 == 4 ? nil : "\(french) \(place.1)"])
  }
  return (images, captions)
}

/// Ways in which a captioner can see and write.
struct CaptionerForm: Sendable, CustomTestStringConvertible {
  var context = ContextUse.after
  var summary = ImageSummary.whole
  var features: (positions: Int, size: Int)?

  static let all = [
    CaptionerForm(), CaptionerForm(context: .before), CaptionerForm(context: .initial),
    CaptionerForm(context: .everyStep, summary: .mean),
    CaptionerForm(context: .after, features: (3, 5)),
    CaptionerForm(context: .initial, features: (1, 6)),
  ]

  /// One of each kind.
  static let each = [all[0], all[2], all[3], all[5]]

  var testDescription: String {
    "\(context.rawValue) \(features.map { "\($0)" } ?? summary.rawValue)"
  }

  func configuration(dropout: Float = 0) -> CaptionerConfiguration {
    CaptionerConfiguration(
      encoder: features.map {
        .features(
          FeatureEncoderConfiguration(
            positions: $0.positions, inputSize: $0.size, outputSize: 10, dropout: dropout))
      }
        ?? .pixels(
          ImageEncoderConfiguration(
            imageSize: 8, channels: [6, 10], summary: summary, dropout: dropout,
            outputDropout: dropout)),
      decoder: SequenceDecoderConfiguration(
        embeddingSize: 6, hiddenSize: 12, dropout: NetworkDropout(dropout), context: context,
        attention: context == .before ? .additive : .general))
  }

  func data(_ count: Int = 12) -> CaptionedPictures {
    let (images, captions) = squares(count)
    let set =
      features.map {
        PictureSet(
          features: RandomKey(seed: 3).uniform([count, $0.positions, $0.size], from: -1, to: 1))
      } ?? PictureSet(images, size: 8)
    return CaptionedPictures(set, languages: ["en", "fr"], captions: captions)
  }

  func captioner(_ data: CaptionedPictures, dropout: Float = 0) throws -> Captioner {
    try Captioner(
      configuration(dropout: dropout), CaptionUnits(), learningFrom: data, key: RandomKey(seed: 5))
  }
}

@Suite("Captioners")
struct CaptionerTests {
  /// Trains and writes.
  private func train(
    _ form: CaptionerForm, to path: String, epochs: Int = 2, rate: Double = 0.02,
    dropout: Float = 0,
    augmentation: ImageAugmentation = ImageAugmentation(), checkpoints: CheckpointPolicy? = nil,
    resuming: Bool = false, interruption: Int? = nil
  ) throws -> Bool {
    let data = form.data()
    let model = try form.captioner(data, dropout: dropout)
    let task = try CaptionerTask(model, data, batch: 5, augmentation: augmentation)
    let interrupt = InterruptFlag()
    let trainer = Trainer(
      task, Adam(),
      TrainingPlan(
        epochs: epochs, seed: 9, schedule: RateSchedule(base: rate), clipNorm: 1,
        checkpoints: checkpoints), interrupt: interrupt
    ) {
      if case .step(let progress) = $0, progress.step == interruption { interrupt.raise() }
    }
    guard case .finished = try trainer.run(resuming: resuming) else { return false }
    try model.save(to: path)
    return true
  }

  @Test(
    "a few pictures are learned by heart, and told in both languages", arguments: CaptionerForm.each
  )
  func overfitted(_ form: CaptionerForm) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/m"
      try #expect(
        train(form, to: path, epochs: 70, rate: 0.015))
      let model = try Captioner(contentsOf: path)
      let data = form.data()
      #expect(try model.meanLoss(of: data) < 0.05)
      for beam in [1, 4] {
        let scores = try CaptionScores(
          of: CaptionerEnsemble([model]), on: data,
          SearchOptions(beamSize: beam, lengthPenalty: .power(0)))
        #expect(scores.exactShare == 1 && scores.bleu(order: 1) > 99.999)
      }
      // A copy of itself changes nothing.
      let alone = try CaptionerEnsemble([model]).caption(data.pictures, language: "fr")
      let twice = try CaptionerEnsemble([model, model]).caption(data.pictures, language: "fr")
      #expect(alone.map { $0.map(\.text) } == twice.map { $0.map(\.text) })
    }
  }

  @Test("1, 2 and 3 threads write the same file, byte for byte")
  func threads() throws {
    try withTemporaryFolder { folder in
      let files = try [1, 2, 3].map { threads in
        try ThreadTeam.$current.withValue(ThreadTeam(threads: threads)) {
          try #expect(
            train(
              CaptionerForm(), to: "\(folder)/\(threads)", dropout: 0.2,
              augmentation: ImageAugmentation(
                shift: 0.1, zoom: 0.2, turn: 20, color: 0.1, flips: true)))
          return try contents("\(folder)/\(threads)")
        }
      }
      #expect(areEqual(files[1], files[0]) && areEqual(files[2], files[0]))
    }
  }

  @Test("a run that is interrupted and resumed ends as one that was not", arguments: [2, 3, 4])
  func resumed(step: Int) throws {
    let changes = ImageAugmentation(shift: 0.1, turn: 5)
    try withTemporaryFolder { folder in
      try #expect(
        train(CaptionerForm(), to: folder + "/whole", dropout: 0.2, augmentation: changes))
      let policy = CheckpointPolicy(directory: folder + "/c", everySteps: nil, everySeconds: 1e9)
      try #expect(
        !train(
          CaptionerForm(), to: folder + "/half", dropout: 0.2, augmentation: changes,
          checkpoints: policy, interruption: step))
      try #expect(
        train(
          CaptionerForm(), to: folder + "/resumed", dropout: 0.2, augmentation: changes,
          checkpoints: policy, resuming: true))
      #expect(try areEqual(contents(folder + "/resumed"), contents(folder + "/whole")))
    }
  }

  @Test(
    "a captioner that is saved and read is the same, bit for bit, and so is its file",
    arguments: CaptionerForm.all)
  func roundTrip(_ form: CaptionerForm) throws {
    try withTemporaryFolder { folder in
      let model = try form.captioner(form.data())
      try model.save(to: folder + "/a")
      #expect(try ModelTask(ofFile: folder + "/a") == .captioner)
      let read = try Captioner(contentsOf: folder + "/a")
      try read.save(to: folder + "/b")
      #expect(try areEqual(contents(folder + "/a"), contents(folder + "/b")))
      #expect(read.languages == ["en", "fr"] && read.vocabulary == model.vocabulary)
      #expect(read.configuration == model.configuration)
      let shapes = Captioner.tensorShapes(model.blueprint)
      #expect(shapes.map(\.name) == model.parameters.map(\.name))
      #expect(shapes.map(\.shape) == model.parameters.map(\.shape))
      for (a, b) in zip(model.parameters, read.parameters) { #expect(a.value == b.value) }
    }
  }

  @Test("what is said of a picture does not depend on the others")
  func alone() throws {
    let form = CaptionerForm()
    let data = form.data()
    let ensemble = try CaptionerEnsemble([form.captioner(data)])
    let together = try ensemble.caption(data.pictures, keepsAttention: true)
    for index in 0..<data.count {
      let alone = try ensemble.caption(data.pictures.subset([index]), keepsAttention: true)
      #expect(alone[0] == together[index])
      #expect(alone[0][0].hypothesis.attention.allSatisfy { $0.count == 4 })
    }
  }

  @Test(
    "no caption has in it what captions begin with, and none depends on the width of the beam's batch"
  )
  func unwritten() throws {
    let form = CaptionerForm()
    let data = form.data()
    let model = try form.captioner(data)
    let ensemble = try CaptionerEnsemble([model])
    let wide = SearchOptions(beamSize: 60, best: 60, maximumLength: 3)
    let found = try ensemble.caption(data.pictures, wide)
    #expect(try ensemble.caption(data.pictures.subset([11]), wide)[0] == found[11])
    guard let bias = model.parameters.first(where: { $0.name == "output.bias" }) else {
      Issue.record("there is no bias")
      return
    }
    let unwritten = model.specials.unwritten
    #expect(Set(unwritten).count == 3)
    for token in unwritten { bias.value[Int(token)] = 50 }
    for caption in try ensemble.caption(data.pictures, wide).joined() {
      #expect(caption.hypothesis.tokens.allSatisfy { !unwritten.contains($0) })
    }
  }

  @Test("the gradient of the loss is right in every parameter", arguments: CaptionerForm.all)
  func gradients(_ form: CaptionerForm) throws {
    let data = form.data(3)
    let model = try form.captioner(data)
    let tokens = CaptionTokens(model, data)
    let captions = tokens.captions.flatMap { $0 }
    let batch = CaptionTokens.batch(captions, model.specials)
    func loss() -> Double {
      let source = model.encode(
        data.pictures.tensor([0, 1, 2]), rows: captions.map { Int32($0.picture) },
        mode: .training(RandomKey(seed: 1)))
      let (loss, losses) = model.decoder.loss(
        batch.inputs, targets: batch.targets, steps: batch.steps, from: source, scale: 1,
        mode: .training(RandomKey(seed: 2)))
      loss.backward()
      return losses.reduce(0) { $0 + Double($1) }
    }
    // Paper is at the kink of the rectifier where a bias is zero.
    for (index, parameter) in model.parameters.enumerated() where parameter.name.hasSuffix("bias") {
      parameter.value = Tensor(
        shape: parameter.shape,
        scalars: zip(
          parameter.value.scalars,
          RandomKey(seed: 7).child(index).uniform(parameter.shape, from: -0.3, to: 0.3).scalars
        ).map(+))
    }
    for parameter in model.parameters { parameter.clearGradient() }
    _ = loss()
    let gradients = model.parameters.map(\.denseGradient)
    for (parameter, gradient) in zip(model.parameters, gradients) {
      let original = parameter.value
      // Along the gradient itself, where the slope is its norm.
      let norm = gradient.scalars.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      guard norm > 1e-3 else { continue }
      let step = 2e-3
      func value(_ sign: Double) -> Double {
        parameter.value = Tensor(
          shape: original.shape,
          scalars: zip(original.scalars, gradient.scalars).map {
            Float(Double($0) + sign * step * Double($1) / norm)
          })
        return loss()
      }
      let slope = (value(1) - value(-1)) / (2 * step)
      parameter.value = original
      #expect(abs(slope - norm) < 0.02 * norm + 2e-3, "\(parameter.name): \(slope), \(norm)")
    }
  }

  @Test("pictures and languages that are not the model's are refused")
  func refusals() throws {
    let form = CaptionerForm()
    let data = form.data()
    let ensemble = try CaptionerEnsemble([form.captioner(data)])
    func line(_ body: () throws -> Void) -> String? {
      do { try body() } catch { return "\(error)" }
      return nil
    }
    #expect(
      line { _ = try ensemble.caption(data.pictures, language: "de") }
        == "the captioner does not write \"de\", only en, fr")
    #expect(
      line { _ = try ensemble.caption(PictureSet(squares().images, size: 4)) }
        == "pictures of 4 pixels a side, expected 8 as the captioner takes them")
    #expect(
      line { _ = try ensemble.caption(PictureSet(features: Tensor(zeros: [2, 3]))) }
        == "the captioner takes pixels of pictures, not features of them")
    let strangers = CaptionedPictures(
      data.pictures, languages: ["en", "de"], captions: data.captions)
    #expect(
      line { _ = try CaptionerTask(form.captioner(data), data, validation: strangers, batch: 4) }
        == "the captioner does not write \"de\", only en, fr")
    #expect(
      line {
        let blind = try CaptionerEnsemble([CaptionerForm(context: .initial).captioner(data)])
        _ = try blind.caption(data.pictures, SearchOptions(coveragePenalty: 1))
      } == "a coverage penalty is for models that attend, and to the same places of a picture")
    var bad = form.configuration()
    bad.encoder = .pixels(ImageEncoderConfiguration(imageSize: 8, channels: [1, 1, 1, 1]))
    #expect(
      line { _ = try Captioner(bad, CaptionUnits(), learningFrom: data, key: RandomKey(seed: 1)) }
        == "4 stages halve 8 pixels to nothing")
  }

  @Test("a change of nothing is none, and one of something stays on paper")
  func augmentation() throws {
    let set = PictureSet(squares(3).images, size: 8)
    let plain = set.tensor([0, 1, 2])
    let still = ImageAugmentation(shift: 0, zoom: 0, turn: 0, color: 0)
    #expect(still.isNone)
    let tolerance: Float = 1e-6
    let moved = set.tensor([0, 1, 2], still, key: RandomKey(seed: 1))
    #expect(zip(moved.scalars, plain.scalars).allSatisfy { abs($0 - $1) < tolerance })
    // White, and nothing but white, stays white wherever it is moved.
    let white = PictureSet(
      [Image(width: 8, height: 8, rgba: [UInt8](repeating: 255, count: 256))], size: 8)
    let wild = ImageAugmentation(shift: 0.5, zoom: 0.5, turn: 90, color: 0.5, flips: true)
    #expect(white.tensor([0], wild, key: RandomKey(seed: 2)).scalars.allSatisfy { $0 == 0 })
    let drawn = (0..<4).map { set.tensor([0], wild, key: RandomKey(seed: 3).child($0)) }
    #expect(drawn[0] != drawn[1] && drawn[1] != drawn[2])
    #expect(drawn[0] == set.tensor([0], wild, key: RandomKey(seed: 3).child(0)))
    #expect(ImageAugmentation(shift: 2).fault == "a shift is in [0, 1.0], not 2.0")
  }

  @Test("the baselines are the most frequent caption and that of the nearest picture")
  func baselines() {
    let (images, captions) = squares(9)
    let baselines = CaptionBaselines(
      CaptionedPictures(
        PictureSet(images + [images[4]], size: CaptionBaselines.pictureSize),
        languages: ["en", "fr"], captions: captions + [["green, top right", nil]]))
    #expect(baselines.mostFrequent(language: "en") == "green, top right")
    #expect(baselines.mostFrequent(language: "de") == nil)
    let (others, expected) = squares(18)
    let asked = PictureSet(Array(others[9...]), size: CaptionBaselines.pictureSize)
    #expect(baselines.nearest(to: asked, language: "en") == expected[9...].map { $0[0] })
    #expect(baselines.nearest(to: asked, language: "de") == others[9...].map { _ in nil })
    let scores = CaptionScores(of: ["a b", "c"], references: ["a b", "d"])
    #expect(scores.exactShare == 0.5)
    #expect(abs(scores.bleu(order: 1) - 200.0 / 3) < 1e-9)
  }

  @Test("of features, the nearest picture is that of the least angle, by the mean of the places")
  func nearestFeatures() {
    // Two places of two features: means (2, 0), (0, 0.5) and (1, 1), of which the second has no caption in "fr".
    let known = PictureSet(
      features: Tensor(shape: [3, 2, 2], scalars: [4, 0, 0, 0, 0, 1, 0, 0, 1, 1, 1, 1]))
    let baselines = CaptionBaselines(
      CaptionedPictures(
        known, languages: ["en", "fr"],
        captions: [["right", "droite"], ["up", nil], ["between", "entre"]]))
    // By distance (0.1, 0.02) would be nearest to (0, 0.5), and (0, 9) to (1, 1).
    let asked = PictureSet(features: Tensor(shape: [3, 2], scalars: [0.1, 0.02, 0, 9, 0, 0]))
    #expect(
      baselines.nearest(
        to: PictureSet(
          features: Tensor(
            shape: [3, 2, 2], scalars: [0.1, 0.02, 0.1, 0.02, 0, 9, 0, 9, 0, 0, 0, 0])
        ), language: "en") == ["right", "up", "right"])
    #expect(baselines.nearest(to: asked, language: "fr") == ["droite", "entre", "droite"])
  }
}
