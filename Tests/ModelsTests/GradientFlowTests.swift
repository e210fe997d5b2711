import Corpora
import Foundation
import Learning
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("The flow of gradients through a language model")
struct LanguageModelGradientFlowTests {
  private let text = randomText(lines: 40, seed: 31)

  @Test(
    "is that of the mean loss of the windows' tokens, or of each window's last",
    arguments: [false, true])
  func streamLoss(lastOnly: Bool) throws {
    // The dropout must not act.
    let model = try makeModel(text, cell: .gru, layers: 2, dropout: 0.5, range: 0.7)
    let ids = try model.configuration.level.encode(text, with: model.vocabulary)
    let batch = try FlowBatch(text, for: model, steps: 6, batch: 3, lastOnly: lastOnly)
    #expect(batch.batch == 3 && batch.steps == 6 && batch.tokens == (lastOnly ? 3 : 18))
    let flow = model.gradientFlow(on: batch, distances: [2, 7])
    var losses: [Double] = []
    for stream in 0..<3 {
      let first = stream * (ids.count / 3)
      let probabilities = model.logProbabilitiesStepByStep(
        Array(ids[first + 1...first + 6]), after: ids[first])
      losses += lastOnly ? [-probabilities[5]] : probabilities.map(-)
    }
    #expect(abs(flow.loss - losses.reduce(0, +) / Double(losses.count)) < 1e-5)
    #expect(flow.steps == 6 && flow.layers.count == 2)
    #expect(flow.layers.allSatisfy { $0.parts[0].norms.allSatisfy { $0 > 0 } })
    #expect(flow.layers.allSatisfy { $0.jacobians.map(\.distance) == [2] && $0.gates.count == 2 })
  }

  @Test("of sentences begins with the longest, cut where the steps end")
  func sentences() throws {
    let text = "a b\n\na b c d e\na\n"
    let model = try makeModel(text, unit: .sentence)
    let (vocabulary, marks) = (model.vocabulary, model.sentenceMarks)
    let batch = try FlowBatch(text, for: model, steps: 4, batch: 3, lastOnly: false)
    #expect(batch.lengths == [4, 3, 1] && batch.steps == 4)
    func column(_ ids: [Int32], _ row: Int) -> [String] {
      (0..<4).map { ids[$0 * 3 + row] }.map { $0 < 0 ? "-" : vocabulary.token($0) }
    }
    let (start, end) = (vocabulary.token(marks.start), vocabulary.token(marks.end))
    #expect(column(batch.inputs, 0) == [start, "a", "b", "c"])
    #expect(column(batch.targets, 0) == ["a", "b", "c", "d"])
    #expect(column(batch.targets, 1) == ["a", "b", end, "-"])
    #expect(column(batch.targets, 2) == [end, "-", "-", "-"])
    let last = try FlowBatch(text, for: model, steps: 4, batch: 3, lastOnly: true)
    #expect((0..<3).map { column(last.targets, $0).filter { $0 != "-" } } == [["d"], [end], [end]])

    let flow = model.gradientFlow(on: batch)
    let h = flow.layers[0].parts[0]
    // One sentence alone is left at the last step.
    #expect(abs(h.norms[3] - h.sequenceMeans[3]) < 1e-12 && h.norms[3] > 0)
  }

  @Test("needs a text that is long enough")
  func tooShort() throws {
    let model = try makeModel("a b c\n")
    // Three words and a line's end.
    _ = try FlowBatch("a b c\n", for: model, steps: 3, batch: 1)
    #expect(
      throws: ModelError.unusableText(
        "the text has 4 tokens, too few for a batch of 1 sequences of 4 steps; expected 1 x 5 or more"
      )
    ) { try FlowBatch("a b c\n", for: model, steps: 4, batch: 1) }
    let sentences = try makeModel("a b c\n", unit: .sentence)
    #expect(throws: CorpusError.noSentences) {
      try FlowBatch("", for: sentences, steps: 4, batch: 1)
    }
  }

  @Test("is that of the task's own first step, and keeps the gradients that were there")
  func task() throws {
    for unit in TextUnit.allCases {
      let model = try makeModel(text, unit: unit, layers: 2, dropout: 0.3, range: 0.5)
      let task = try LanguageModelTask(model, text: text, batch: 4, window: 5)
      for parameter in model.parameters {
        parameter.setGradient(.dense(Tensor(repeating: 3, shape: parameter.shape)))
      }
      let flow = task.gradientFlow()
      #expect(flow == task.gradientFlow())
      #expect(flow.layers.count == 2 && flow.loss > 0)
      let kept = model.parameters.allSatisfy {
        $0.denseGradient == Tensor(repeating: 3, shape: $0.shape)
      }
      #expect(kept)
    }
  }

  @Test("measured at every step changes no bit of a run", arguments: TextUnit.allCases)
  func sameRun(unit: TextUnit) throws {
    let models = try [false, true].map { isMeasured in
      let model = try makeModel(text, unit: unit, layers: 2, dropout: 0.3, range: 0.3)
      let task = try LanguageModelTask(model, text: text, batch: 4, window: 5)
      let plan = TrainingPlan(epochs: 1, stepLimit: 6, seed: 2, schedule: RateSchedule(base: 0.01))
      _ = try Trainer(task, Adam(), plan) { event in
        if isMeasured, case .step = event { _ = task.gradientFlow() }
      }.run()
      return model
    }
    let areEqual = zip(models[0].parameters, models[1].parameters).allSatisfy {
      $0.value == $1.value
    }
    #expect(areEqual)
  }

  @Test("comes with the spectra of the recurrent matrices")
  func spectrum() throws {
    let model = try makeModel(text, cell: .lstm, hidden: 6, layers: 2)
    #expect(model.recurrentSpectrum.matrices.count == 8)
    #expect(model.largestStateSize == 12)
  }
}
