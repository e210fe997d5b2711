import Foundation
import Learning
import Testing

@testable import unroll

@Suite("The gradient-flow study")
struct GradientFlowStudyTests {
  private let study = GradientFlowStudy(
    span: 20, sequences: 200, seeds: 2, pattern: CellPattern(patterns: []))

  @Test("an error passes a memory unchanged, and fades in a net of small weights")
  func measured() throws {
    let watch = StudyWatch(interrupt: InterruptFlag()) { _ in }
    func flow(_ net: String) throws -> GradientFlowStudy.Finding {
      try #require(try study.measure(.init(net: net, seed: 1), watch))
    }
    let memory = try flow("Memory cell").initial
    let plain = try flow("RNN").initial
    #expect(memory.count == 20 && plain.count == 20)
    // The memory hands its gradient on as it is.
    #expect(abs(memory[19] / memory[1] - 1) < 0.2)
    #expect(plain[19] < 0.1 * plain[0])
    let identity = try flow("IRNN")
    #expect(identity.initial != identity.trained)
    let gated = try flow("LSTM, bias 1").initial
    let half = try flow("LSTM, bias 0").initial
    // About 0.73 and 0.5 a step, so a long way apart after 19.
    #expect(gated[19] / gated[0] > 10 * half[19] / half[0])
    for net in ["LSTM, bias 1, gain 1.45", "LSTM, bias 5", "LSTM, spread"] {
      let kept = try flow(net).initial
      #expect(kept[19] / kept[0] > 0.1, "\(net)")
    }
  }

  @Test("the factor a step back is a geometric mean, and there is none of nothing")
  func factor() {
    #expect(abs((GradientFlowStudy.factor([8, 4, 2, 1]) ?? 0) - 0.5) < 1e-12)
    #expect(abs((GradientFlowStudy.factor([8, 4, 0]) ?? 0) - 0.5) < 1e-12)
    #expect(GradientFlowStudy.factor([0, 0]) == nil && GradientFlowStudy.factor([1]) == nil)
    #expect(GradientFlowStudy.factor([]) == nil)
  }

  @Test("table and page are made of whatever is there")
  func told() {
    var byID: [String: GradientFlowStudy.Finding] = [:]
    #expect(markupFault(in: study.page(StudyFindings(byID: byID)).html) == nil)
    for seed in 1...2 {
      byID["GRU/seed \(seed)"] = .init(
        initial: (0..<20).map { pow(0.8, Double($0)) }, trained: Array(repeating: 0, count: 20),
        ending: .solved, wrong: 0, sequences: 200)
    }
    let findings = StudyFindings<GradientFlowStudy>(byID: byID)
    let html = study.page(findings).html
    #expect(markupFault(in: html) == nil && html.contains("class=\"curve series-7\""))
    #expect(!html.contains("nan"))
    #expect(GradientFlowStudy.left([8, 4, 1]) == 0.125 && GradientFlowStudy.left([0, 1]) == nil)
    let row = study.table(findings).split(separator: "\n").last
    #expect(row?.split(separator: " ") == ["GRU", "0.8000", "0.0144", "-", "0\u{A0}%", "2/2"])
  }
}
