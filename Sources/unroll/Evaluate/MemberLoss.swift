import Foundation

/// -ln p of what is right, by one model, or the mean over the members of an ensemble, which is no loss of the
/// ensemble itself.
struct MemberLoss {
  private let losses: [Double]

  /// The loss of each member.
  init(_ losses: [Double]) { self.losses = losses }

  private var mean: Double { losses.reduce(0, +) / Double(losses.count) }

  /// The perplexity and what it is of.
  func text(of unit: String) -> String {
    "\(Format.number(exp(mean))) (\(Format.number(mean)) nats a \(unit)"
      + (losses.count > 1 ? ", the mean of \(losses.count) models)" : ")")
  }

  /// Members of a JSON object; those of an ensemble have names of their own.
  var members: [(key: String, value: JSON)] {
    losses.count > 1
      ? [
        ("models", .integer(losses.count)), ("members_mean_loss", .number(mean)),
        ("members_mean_perplexity", .number(exp(mean))),
      ] : [("loss", .number(mean)), ("perplexity", .number(exp(mean)))]
  }
}
