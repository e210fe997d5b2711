import Corpora
import Learning
import Tensors

/// Training on a ``LongRangeProblem``: what a ``Trainer`` asks of it.
///
/// Every step sees new sequences. Now and then held-out ones are judged; when at most one in a hundred
/// of them is wrong, a full test follows, and if that says so too, the problem is solved (Martens &
/// Sutskever 2011 call it solved at 1 % of errors).
public final class LongRangeTask: TrainingTask {
  /// How long to train and how to judge.
  public struct Limits: Sendable, Equatable {
    /// Training ends unsolved after this many sequences.
    public var sequences: Int
    /// A check every so many sequences.
    public var checkInterval: Int
    /// Sequences of a check.
    public var checked: Int
    /// Sequences of a full test.
    public var tested: Int

    /// The given limits.
    public init(
      sequences: Int, checkInterval: Int = 2000, checked: Int = 500, tested: Int = 10_000
    ) {
      self.sequences = sequences
      self.checkInterval = checkInterval
      self.checked = checked
      self.tested = tested
    }
  }

  /// What held-out sequences say.
  public struct Check: Sendable, Equatable, Codable {
    /// Sequences learnt from so far.
    public var sequences: Int
    /// The mean loss.
    public var loss: Double
    /// The share that is wrong, of sequences or of the symbols to say again.
    public var wrong: Double
  }

  /// The share of wrong sequences at which a problem is solved.
  public static let solvedShare = 0.01

  /// The model in training.
  public let model: LongRangeModel
  /// The checks so far.
  public private(set) var checks: [Check] = []
  /// The full test that has found the problem solved.
  public private(set) var passed: Check?

  private let problem: any LongRangeProblem
  private let limits: Limits
  private let method: LongRangeMethod
  private let seed: UInt64
  /// Sequences learnt from so far.
  public private(set) var sequences = 0
  /// ``RecordedObjective/willWork`` of second-order rules, whose steps take long.
  public var willWork: () throws -> Void = {}

  /// The task of training `method` on `problem`. The seed decides the sequences and the start.
  public init(
    _ method: LongRangeMethod, _ problem: any LongRangeProblem, limits: Limits, seed: UInt64
  ) {
    model = LongRangeModel(method, for: problem, key: RandomKey(seed: seed).child(0))
    self.problem = problem
    self.limits = limits
    self.seed = seed
    self.method = method
  }

  public var parameters: [Parameter] { model.parameters }

  private var batch: Int { method.batch }

  public var stepsPerEpoch: Int { max(1, limits.sequences / batch) }

  /// Steps between two checks.
  var checkSteps: Int { max(1, limits.checkInterval / batch) }

  public func loss(at position: StepPosition) throws -> StepLoss {
    let sequences = problem.batch(position.step, of: batch, part: .training, seed: seed)
    let loss = model.loss(sequences, mode: .training(position.key))
    loss.backward()
    self.sequences = (position.step + 1) * batch
    return StepLoss(mean: Double(loss.value.scalars[0]), tokens: batch)
  }

  /// The loss of a step's batch, worked off in parts; nil for a rule that does not ask for one.
  public func objective(at position: StepPosition) -> (any CurvatureObjective)? {
    guard case .hessianFree(_, let curvature, _) = method.rule else { return nil }
    let (model, batch) = (model, batch)
    let size = min(Self.judgedAtOnce, batch)
    let parts = (batch + size - 1) / size
    let drawn = (0..<parts).map { part in
      problem.batch(
        position.step * parts + part, of: min(size, batch - part * size), part: .training,
        seed: seed)
    }
    sequences = (position.step + 1) * batch
    let objective = RecordedObjective(
      parameters: model.parameters, parts: parts, cases: batch,
      curvatureParts: 0..<min(parts, max(1, curvature / size))
    ) { part, mode, structuralDamping in
      let loss = model.loss(drawn[part], mode: mode, structuralDamping: structuralDamping)
      return .init(total: loss * Float(drawn[part].count), cases: drawn[part].count)
    }
    objective.willWork = willWork
    return objective
  }

  public func validate() throws -> Double? {
    let check = judge(limits.checked)
    checks.append(check)
    if check.wrong <= Self.solvedShare {
      let test = judge(limits.tested)
      if test.wrong <= Self.solvedShare { passed = test }
    }
    return check.loss
  }

  /// The full test of the model as it is.
  public func test() -> Check { judge(limits.tested) }

  /// Judges `count` held-out sequences, the same ones every time.
  private func judge(_ count: Int) -> Check {
    var (loss, wrong, done) = (0.0, 0.0, 0)
    while done < count {
      let size = min(Self.judgedAtOnce, count - done)
      let result = model.judge(
        problem.batch(done / Self.judgedAtOnce, of: size, part: .heldOut, seed: seed))
      loss += result.loss * Double(size)
      wrong += result.wrong * Double(size)
      done += size
    }
    return Check(
      sequences: sequences, loss: loss / Double(count), wrong: wrong / Double(count))
  }

  /// B of the judging batches and of the parts of a large step: enough to be fast, few enough for small memory.
  private static let judgedAtOnce = 100
}
