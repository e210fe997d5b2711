import Corpora
import Foundation
import Learning
import Recurrent
import Tensors
import Testing

@testable import Models

@Suite("Classifier of trees")
struct TreeClassifierTests {
  @Test(
    "it learns labels that follow from the tree",
    arguments: [
      TreeKind(cell: .nary, targets: .nodes, hidden: 10, arity: 3),
      TreeKind(cell: .recursive, targets: .nodes, hidden: 10, arity: 3),
      TreeKind(cell: .childSum, targets: .nodes, hidden: 10),
    ])
  func learns(kind: TreeKind) throws {
    // Chains are all that a sum over children can know the first of.
    let widest = kind.cell == .childSum ? 1 : 3
    let (training, heldOut) = (
      treeBank(150, widest: widest), treeBank(60, seed: 5, widest: widest)
    )
    let model = try kind.make(training, range: 0.5)
    let before = try model.evaluate(heldOut)
    let task = try TreeClassifierTask(model, training, validation: heldOut, batch: 15)
    let trainer = Trainer(
      task, Adam(),
      TrainingPlan(
        epochs: 15, seed: 1, schedule: RateSchedule(base: 0.03, course: .cosine()), clipNorm: 5))
    let summary = try trainer.run().summary
    let after = try model.evaluate(heldOut)
    #expect(before.roots.share! < 0.75)
    #expect(after.roots.share! > 0.93 && after.nodes.share! > 0.93)
    #expect(after.roots.total == 60)
    #expect(
      after.nodes.total == (kind.targets == .root ? 60 : heldOut.trees.reduce(0) { $0 + $1.count }))
    #expect(after.confusion.total == 60)
    #expect(after.confusion.correct == after.roots.correct)
    #expect(abs(1 - summary.best!.loss - after.roots.share!) < 1e-12)
  }

  @Test(
    "the loss is that of the labels given, and falls along its gradient",
    arguments: TreeCellKind.allCases, TreeTargets.allCases)
  func gradient(cell: TreeCellKind, targets: TreeTargets) throws {
    let kind = TreeKind(cell: cell, targets: targets, characters: 3)
    let bank = treeBank(4)
    let model = try kind.make(bank, range: 0.5)
    let examples = try TreeExamples(bank, for: model, needsLabels: true)
    let batch = examples.batch(0..<4)
    let rows = examples.targets(0..<4, in: batch.forest)
    let labelled = targets == .root ? 4 : bank.trees.reduce(0) { $0 + $1.count }
    #expect(rows.labels.count == labelled)
    func loss(_ mode: Mode) -> (Variable, Double) {
      model.loss(batch, targets: rows, scale: 1, mode: mode)
    }
    let (variable, sum) = loss(.training(RandomKey(seed: 1)))
    #expect(abs(Double(variable.value.scalar) - sum) < 1e-5)
    // By hand: each tree alone, -ln p of its label.
    if targets == .root {
      let expected = try zip(bank.trees, model.probabilities(of: bank)).reduce(0.0) {
        $0 - log(Double($1.1[Int(model.labels.id(of: $1.0.labels[$1.0.root]!)!)]))
      }
      #expect(abs(expected - sum) < 1e-5)
    }
    variable.backward()
    for (index, parameter) in model.parameters.enumerated() {
      let gradient = parameter.denseGradient
      let direction = RandomKey(seed: 30 + UInt64(index)).uniform(parameter.shape, from: -1, to: 1)
      var (slope, squares) = (0.0, 0.0)
      for (gradient, direction) in zip(gradient.scalars, direction.scalars) {
        slope += Double(gradient) * Double(direction)
        squares += Double(gradient) * Double(gradient)
      }
      let norm = squares.squareRoot()
      #expect(norm > 0, "\(parameter.name)")
      let (value, step) = (parameter.value, Float(0.004))
      func moved(_ sign: Float) -> Double {
        parameter.value = Tensor(
          shape: value.shape,
          scalars: zip(value.scalars, direction.scalars).map { $0 + sign * step * $1 })
        return loss(.prediction).1
      }
      let difference = (moved(1) - moved(-1)) / Double(2 * step)
      parameter.value = value
      #expect(abs(difference - slope) < 2e-3 * (norm + 1), "\(parameter.name)")
    }
  }

  @Test(
    "a tree's probabilities are the same to the bit whatever it is read with",
    arguments: [
      TreeKind(), TreeKind(cell: .nary, characters: 3),
      TreeKind(cell: .recursive, lookUp: nil, characters: 3),
      TreeKind(cell: .nary, reading: .binary, arity: 2), TreeKind(reading: .sequence),
    ])
  func alone(kind: TreeKind) throws {
    let bank = treeBank(20).taken(kind.reading)
    let model = try kind.make(bank)
    let together = try model.probabilities(of: bank)
    for (index, tree) in bank.trees.enumerated() {
      let alone = TreeBank(name: "one", trees: [tree], lines: [1])
      #expect(try model.probabilities(of: alone) == [together[index]])
      #expect(abs(together[index].reduce(0, +) - 1) < 1e-5)
    }
    #expect(Set(together).count > 5)
  }

  @Test("a tree 10,000 deep is learned from and read")
  func deep() throws {
    let depth = 10_000
    let text =
      String(repeating: "(x not ", count: depth) + "(x a)" + String(repeating: ")", count: depth)
    let bank = try BracketReader.read(text + "\n(y b)", name: "deep")
    for cell in TreeCellKind.allCases {
      for reading in TreeReading.allCases {
        let kind = TreeKind(cell: cell, reading: reading, lookUp: 2, hidden: 2, arity: 2)
        let taken = bank.taken(reading)
        #expect(taken.trees[0].count == depth + 1)
        let model = try kind.make(bank, range: 0.1)
        let task = try TreeClassifierTask(model, taken, validation: taken, batch: 2)
        let loss = try task.loss(
          at: StepPosition(epoch: 1, index: 0, step: 0, key: RandomKey(seed: 1)))
        #expect(
          loss.sum.isFinite
            && model.parameters.allSatisfy { $0.denseGradient.scalars.allSatisfy(\.isFinite) })
        #expect(try task.validate() != nil)
      }
    }
  }

  @Test("trees without words, and words that did not occur")
  func words() throws {
    let bank = try BracketReader.read("(x (_ (_ a) (_ B)) (_ c))\n(y (_ a) (_ b))", name: "t")
    for kind in [
      TreeKind(lowercases: true), TreeKind(lookUp: nil, characters: 3), TreeKind(characters: 3),
      TreeKind(minimumCount: 2),
    ] {
      let model = try kind.make(bank)
      let bare = TreeBank(
        name: "bare",
        trees: [try Tree(parents: [-1, 0], labels: [nil, nil], tokens: [nil, nil])],
        lines: [1])
      #expect(try model.probabilities(of: bare)[0].allSatisfy(\.isFinite))
      let unseen = try BracketReader.read("(x (_ zzz) (_ B))\n(x (_ qq) (_ b))", name: "u")
      let found = try model.probabilities(of: unseen)
      // Unseen words are one where they are looked up, and two where they are spelled.
      #expect((found[0] == found[1]) == (kind.lowercases || kind.minimumCount == 2))
    }
  }

  @Test("what is wrong with a tree is said with its line")
  func faults() throws {
    let bank = treeBank(20)
    let model = try TreeKind(cell: .nary, targets: .nodes).make(bank)
    func fault(_ text: String) -> String {
      let error = #expect(throws: TreeError.self) {
        try model.evaluate(BracketReader.read(text, name: "t.txt"))
      }
      return error?.description ?? ""
    }
    #expect(
      fault("(x a)\n\n(x (z a) (y b))")
        == "t.txt:3: the label \"z\" does not occur in the training data, expected one of its 2")
    #expect(
      fault("(x (x a) (x a) (x a) (x a))")
        == "t.txt:1: a node with 4 children, expected at most 3, which the model has weights for")
    #expect(
      fault("((x a) (y b))")
        == "t.txt:1: a tree without a label at its root, expected one: (x …), # label = x, or "
        + "{\"label\": x, …}")
    let unseen = try BracketReader.read("(z (x a))\n(x a)", name: "t")
    #expect(try model.evaluate(unseen, refusesUnseen: false).roots.total == 2)
    #expect(throws: TreeError.self) {
      try TreeClassifierTask(model, bank, validation: unseen, batch: 2)
    }
    #expect(throws: TreeError.self) {
      try TreeClassifierTask(model, TreeBank(name: "t", trees: [], lines: []), batch: 2)
    }
    #expect(throws: CorpusError.self) {
      try TreeKind().make(BracketReader.read("((x a) (y b))", name: "t"))
    }
  }

  @Test(
    "configurations that make no classifier",
    arguments: [
      (TreeKind(lookUp: nil), "words need vectors"), (TreeKind(lookUp: 0), "embedding size"),
      (TreeKind(minimumCount: 0), "least count"), (TreeKind(wordDropout: 2), "word dropout"),
      (TreeKind(hidden: 0), "hidden units"), (TreeKind(cell: .nary, arity: 0), "1 to 1000"),
      (TreeKind(dropout: 1), "input dropout"),
    ])
  func configurations(kind: TreeKind, words: String) {
    let error = #expect(throws: ModelError.self) { try kind.make(treeBank(3)) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }
}
