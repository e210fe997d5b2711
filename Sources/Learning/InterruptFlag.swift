import Synchronization

/// A request to stop a run at the next step, safe to raise from a signal handler or any thread.
public final class InterruptFlag: Sendable {
  private let raised = Atomic<Bool>(false)

  /// A flag that is not raised.
  public init() {}

  /// Asks the run to save a checkpoint and return.
  public func raise() { raised.store(true, ordering: .relaxed) }

  /// Whether somebody has asked.
  public var isRaised: Bool { raised.load(ordering: .relaxed) }
}
