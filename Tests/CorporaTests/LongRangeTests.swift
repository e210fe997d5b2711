import Testing

@testable import Corpora

@Suite("Long-range problems")
struct LongRangeTests {
  private static let problems: [any LongRangeProblem] = [
    AddingProblem(span: 30), TemporalOrderProblem(span: 30), CopyMemoryProblem(span: 30),
    RandomPermutationProblem(span: 30),
  ]

  @Test("a batch is a function of part, seed and number alone", arguments: problems.indices)
  func reproducible(index: Int) {
    let problem = Self.problems[index]
    let batch = problem.batch(3, of: 5, part: .training, seed: 7)
    #expect(problem.batch(3, of: 5, part: .training, seed: 7) == batch)
    for other in [
      problem.batch(4, of: 5, part: .training, seed: 7),
      problem.batch(3, of: 5, part: .training, seed: 8),
      problem.batch(3, of: 5, part: .heldOut, seed: 7),
    ] { #expect(other != batch) }
  }

  @Test("two marked numbers make the sum, each sequence ends with a mark of -1")
  func adding() throws {
    for span in [10, 50, 200] {
      let batch = AddingProblem(span: span).batch(0, of: 400, part: .training, seed: 1)
      guard case .values(let values) = batch.inputs, case .value(let targets) = batch.targets,
        let lengths = batch.lengths
      else {
        Issue.record("numbers and lengths were expected")
        return
      }
      var (firsts, seconds) = (Set<Int>(), Set<Int>())
      for row in 0..<400 {
        let pairs = (0..<batch.steps).map { t in
          (value: values[(t * 400 + row) * 2], mark: values[(t * 400 + row) * 2 + 1])
        }
        let length = Int(lengths[row])
        #expect((span...span + span / 10).contains(length))
        #expect(pairs[0].mark == -1 && pairs[length - 1].mark == -1)
        #expect(pairs[length...].allSatisfy { $0.value == 0 && $0.mark == 0 })
        #expect(pairs[..<length].allSatisfy { -1 <= $0.value && $0.value < 1 })
        let marked = pairs.indices.filter { pairs[$0].mark == 1 }
        // One fewer where the first pair was chosen.
        #expect(marked.count == 2 || marked.count == 1)
        #expect(marked.allSatisfy { $0 < span / 2 - 1 })
        #expect(marked.count == 1 || marked[0] < 10)
        #expect(targets[row] == 0.5 + marked.reduce(0) { $0 + pairs[$1].value } / 4)
        if marked.count == 2 {
          firsts.insert(marked[0])
          seconds.insert(marked[1])
        }
      }
      #expect(Set(lengths).count == span / 10 + 1)
      #expect(firsts.isSuperset(of: 1..<min(10, span / 2 - 2)))
      #expect(seconds.max() == span / 2 - 2)
    }
  }

  @Test("two telling symbols at their places make the class, and all four are as frequent")
  func temporalOrder() {
    let (span, count) = (100, 2000)
    let batch = TemporalOrderProblem(span: span).batch(0, of: count, part: .training, seed: 1)
    guard case .symbols(let symbols) = batch.inputs, case .class(let classes) = batch.targets
    else {
      Issue.record("symbols and classes were expected")
      return
    }
    var (firsts, seconds) = (Set<Int>(), Set<Int>())
    for row in 0..<count {
      let telling = (0..<span).filter { symbols[$0 * count + row] < 2 }
      #expect(telling.count == 2)
      firsts.insert(telling[0])
      seconds.insert(telling[1])
      #expect(
        classes[row] == symbols[telling[0] * count + row] + 2 * symbols[telling[1] * count + row])
    }
    #expect(firsts == Set(10..<20) && seconds == Set(50..<60))
    // 500 expected, standard deviation 19.
    for kind in 0..<4 { #expect((400...600).contains(classes.count { $0 == kind })) }
  }

  @Test("ten symbols come again after T steps, announced by the delimiter")
  func copyMemory() {
    let (span, count) = (25, 30)
    let batch = CopyMemoryProblem(span: span).batch(0, of: count, part: .training, seed: 1)
    guard case .symbols(let symbols) = batch.inputs,
      case .classes(let targets, let judged) = batch.targets
    else {
      Issue.record("symbols and a class a step were expected")
      return
    }
    #expect(batch.steps == span + 20 && judged == span + 10)
    for row in 0..<count {
      let read = (0..<batch.steps).map { symbols[$0 * count + row] }
      let said = (0..<batch.steps).map { targets[$0 * count + row] }
      #expect(read[..<10].allSatisfy { 0 <= $0 && $0 < 8 })
      #expect(read.firstIndex(of: 9) == span + 9 && read.lastIndex(of: 9) == span + 9)
      #expect(read.indices.allSatisfy { $0 < 10 || $0 == span + 9 || read[$0] == 8 })
      #expect(said[..<judged].allSatisfy { $0 == 8 } && said[judged...] == read[..<10])
    }
    #expect(Set(symbols) == Set(0..<10))
    // Ten symbols at 1 in 8 among 45 that are to be said.
    let loss = CopyMemoryProblem(span: span).lossWithoutMemory
    #expect(abs(loss - 10 * 2.0794415416798357 / 45) < 1e-15)
  }

  @Test("the first symbol is the one to say, and comes nowhere else")
  func randomPermutation() {
    let count = 500
    let batch = RandomPermutationProblem(span: 12).batch(0, of: count, part: .training, seed: 1)
    guard case .symbols(let symbols) = batch.inputs, case .class(let classes) = batch.targets
    else {
      Issue.record("symbols and classes were expected")
      return
    }
    #expect(Array(symbols[..<count]) == classes)
    #expect(Set(classes) == [0, 1])
    #expect(Set(symbols[count...]) == Set(2..<100))
  }
}
