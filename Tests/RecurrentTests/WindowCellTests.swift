import Recurrent
import Tensors
import TestSupport
import Testing

@Suite("A window of inputs")
struct WindowCellTests {
  @Test("what is further back has no influence")
  func reach() {
    let cell = WindowCell(inputSize: 2, hiddenSize: 4, window: 3, key: RandomKey(seed: 1))
    let inputs = Tensor.random([6, 1, 2], seed: 2)
    var other = inputs
    other[1, 0, 0] += 1
    let (one, two) = (
      cell.run(Variable(inputs), lengths: nil, from: nil, mode: .prediction).outputs.value,
      cell.run(Variable(other), lengths: nil, from: nil, mode: .prediction).outputs.value
    )
    let differs = (0..<6).map { step in (0..<4).contains { one[step, 0, $0] != two[step, 0, $0] } }
    #expect(differs == [false, true, true, true, false, false])
  }

  @Test("what does not go with a window is said")
  func faults() {
    func fault(
      window: Int = 3, dropout: RecurrentDropout = RecurrentDropout(), learns: Bool = false
    ) -> String? {
      StackConfiguration(
        .window, inputSize: 2, hiddenSize: 3, window: window, learnsInitialState: learns,
        recurrentDropout: dropout
      ).fault
    }
    #expect(fault() == nil)
    #expect(fault(window: 0)?.contains("1 to 1000") == true)
    #expect(fault(learns: true)?.contains("initial state") == true)
    for dropout in [RecurrentDropout(weights: 0.1), .init(state: 0.1), .init(zoneout: 0.1)] {
      #expect(fault(dropout: dropout)?.contains("window has not") == true)
    }
  }
}
