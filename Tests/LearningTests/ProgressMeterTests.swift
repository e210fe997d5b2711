import Learning
import Testing

@Suite("The progress meter")
struct ProgressMeterTests {
  @Test("a steady pace is measured exactly from the first step on")
  func steady() {
    var meter = ProgressMeter()
    #expect(meter.tokensPerSecond == 0 && meter.seconds(forSteps: 10) == 0)
    for _ in 0..<50 {
      meter.record(tokens: 400, seconds: 0.5)
      #expect(abs(meter.tokensPerSecond - 800) < 1e-9)
      #expect(abs(meter.seconds(forSteps: 10) - 5) < 1e-9)
    }
  }

  @Test("a new pace has nearly replaced the old one after three times the memory")
  func change() {
    var meter = ProgressMeter(memory: 2)
    for _ in 0..<100 { meter.record(tokens: 100, seconds: 0.1) }
    for _ in 0..<30 { meter.record(tokens: 100, seconds: 0.2) }
    // e⁻³ of the weight is left to the old pace of 1000.
    #expect(abs(meter.tokensPerSecond - 500) < 60)
    #expect(meter.tokensPerSecond > 500)
  }

  @Test("steps that take no time are no division by zero")
  func instant() {
    var meter = ProgressMeter()
    meter.record(tokens: 10, seconds: 0)
    #expect(meter.tokensPerSecond == 0)
    #expect(meter.seconds(forSteps: 3) == 0)
  }
}
