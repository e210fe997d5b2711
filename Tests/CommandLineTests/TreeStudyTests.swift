import Learning
import Testing

@testable import unroll

@Suite("Study of trees")
struct TreeStudyTests {
  private let study = TreeStudy(
    training: {
      var training = TreeStudy.Training()
      (training.trees, training.epochs, training.longest) = (70, 2, 20)
      (training.tested, training.embedding, training.parameters) = (60, 4, 400)
      return training
    }(), nets: TreeStudy.Net.allCases, seeds: 1, pattern: CellPattern(patterns: []))

  @Test("all nets have about the parameters wanted, and a sequence is told its value alone")
  func cells() {
    #expect(
      study.cells.map(\.id) == [
        "child-sum/told the value/seed 1", "child-sum/told all lists/seed 1",
        "n-ary/told the value/seed 1", "n-ary/told all lists/seed 1",
        "recursive/told the value/seed 1", "recursive/told all lists/seed 1",
        "sequence/told the value/seed 1",
      ])
    for net in TreeStudy.Net.allCases {
      let shapes = study.configuration(net).tree.parameterShapes()
      let count = shapes.reduce(0) { $0 + $1.shape.reduce(1, *) }
      #expect((320...480).contains(count), "\(net): \(count)")
    }
    #expect(study.cells.contains { $0.id == TreeStudy.cellExample })
  }

  @Test("nets are trained, tested part by part, and shown")
  func findings() throws {
    let watch = StudyWatch(interrupt: InterruptFlag()) { _ in }
    var found: [String: TreeStudy.Finding] = [:]
    for cell in study.cells where cell.net != .recursive {
      let finding = try #require(try study.measure(cell, watch))
      #expect(finding.validation.count == 2 && !finding.hasDiverged)
      let correct = Int((finding.test * 60).rounded())
      for parts in [finding.byDepth, finding.byLength, finding.byOperator] {
        #expect(parts.reduce(0) { $0 + $1.total } == 60)
        #expect(parts.reduce(0) { $0 + $1.correct } == correct)
      }
      found[cell.id] = finding
    }
    let findings = StudyFindings<TreeStudy>(byID: found)
    let table = study.table(findings)
    #expect(table.contains("N-ary Tree-LSTM, binary trees") && !table.contains("recursive net"))
    #expect(table.contains("by lists within lists") && table.contains("MED"))
    let page = study.page(findings).html
    #expect(markupFault(in: page) == nil)
    #expect(page.contains("What is a tree worth?") && page.contains("LSTM, from left to right"))
  }
}
