import Testing

@testable import Recurrent

@Suite("Classes and clusters of tokens")
struct TokenClassesTests {
  @Test("ranks are by falling count, equal ones by id")
  func ranks() {
    let ranks = FrequencyRanks(counts: [0, 5, 9, 5, 0])
    #expect(ranks.ids == [2, 1, 3, 0, 4])
    #expect(ranks.ranks == [3, 1, 0, 2, 4])
    #expect(ranks.ranks(of: [2, -1, 4]) == [0, -1, 4])
  }

  @Test("each class has its share of all occurrences")
  func shares() {
    // After one more for each 9, 4, 4, 2, 2, 2 and 1: the first is above a third, half of the rest is 7.5.
    let classes = TokenClasses(counts: [1, 8, 3, 0, 3, 1, 1], classCount: 3)
    #expect(classes.starts == [0, 1, 3, 7] && classes.count == 3)
    #expect(classes.classes == [0, 1, 1, 2, 2, 2, 2])
    #expect(classes.members(1) == 1..<3)
  }

  @Test("there are as many classes as were asked for, and none is empty")
  func anyCount() {
    let texts = [
      [Int](repeating: 0, count: 9), [1_000_000, 0, 0, 0, 0, 0, 0, 0, 0],
      [1, 1, 1, 1, 1, 1, 1, 1, 1_000_000], Array(1...9), [5, 5, 5, 5, 5, 0, 0, 0, 0],
    ]
    for counts in texts {
      for classCount in 1...9 {
        let classes = TokenClasses(counts: counts, classCount: classCount)
        #expect(classes.count == classCount && classes.starts.first == 0)
        #expect(classes.starts.last == 9)
        #expect(zip(classes.starts, classes.starts.dropFirst()).allSatisfy { $0 < $1 })
      }
    }
  }

  @Test("an adaptive softmax is a head and clusters that see fewer and fewer features")
  func layout() {
    let layout = AdaptiveLayout(40, 100, cutoffs: [5, 25, 60])
    #expect(layout.headTokens == 5 && layout.headOutputs == 8)
    #expect(layout.clusters.map(\.ranks) == [5..<25, 25..<60, 60..<100])
    #expect(layout.clusters.map(\.features) == [10, 2, 1])
    let headAlone = AdaptiveLayout(40, 100, cutoffs: [])
    #expect(headAlone.headOutputs == 100 && headAlone.clusters.isEmpty)
  }
}
