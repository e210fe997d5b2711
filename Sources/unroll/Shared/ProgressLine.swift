/// How far a training run is, and the one line that says so.
struct ProgressLine: Equatable {
  var epoch: Int
  var epochs: Int
  /// Steps done and in all, over all epochs.
  var step: Int
  var steps: Int
  /// Of late; nats a token where there is a perplexity.
  var loss: Double
  var hasPerplexity = true
  var tokensPerSecond: Double
  var secondsLeft: Double?

  /// The share of the run that is done, in [0, 1].
  var share: Double { steps > 0 ? min(1, max(0, Double(step) / Double(steps))) : 0 }

  private var perplexity: String { hasPerplexity ? "perplexity \(Format.number(exp(loss)))" : "" }

  /// A live line for a terminal: at most `width - 1` columns, so that it never wraps. Where there
  /// is little room the least telling figures go first, then the bar.
  func live(width: Int) -> String {
    let room = max(width - 1, 0)
    let roomForFigures = width >= 60 ? room - 13 : room
    let percent = "\(Int(share * 100))%"
    let figures = [
      percent, "loss \(Format.number(loss))", perplexity,
      "\(Format.short(tokensPerSecond)) tokens/s",
      secondsLeft.map { "\(Format.duration($0)) left" } ?? "",
      epochs > 1 ? "epoch \(epoch)/\(epochs)" : "",
    ].filter { !$0.isEmpty }
    var line = ""
    for figure in figures {
      let longer = line.isEmpty ? figure : line + "  " + figure
      if longer.count > roomForFigures { break }
      line = longer
    }
    let barWidth = min(room - line.count - 3, 30)
    return barWidth >= 8 ? "[" + bar(barWidth) + "] " + line : line
  }

  /// A line for a file or a pipe.
  var plain: String {
    let left = secondsLeft.map { "  \(Format.duration($0)) left" } ?? ""
    return "epoch \(epoch)/\(epochs)  step \(Format.count(step))/\(Format.count(steps))"
      + "  loss \(Format.number(loss))\(perplexity.isEmpty ? "" : "  \(perplexity)")"
      + "  \(Format.short(tokensPerSecond)) tokens/s" + left
  }

  private func bar(_ width: Int) -> String {
    let full = Int(share * Double(width))
    return String(repeating: "=", count: full)
      + (full < width ? ">" + String(repeating: " ", count: width - full - 1) : "")
  }
}
