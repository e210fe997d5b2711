/// The look of a series of values, the same in every chart of a page: a colour for light and dark
/// pages, and a mark, so that the colour is not needed to tell it from others.
struct SeriesStyle: Equatable {
  /// The name of its class in the page's style.
  let name: String
  private let shape: Int

  private init(name: String, shape: Int) {
    self.name = name
    self.shape = shape
  }

  /// Number `index` of ten.
  static func number(_ index: Int) -> SeriesStyle {
    let place = index % colors.count
    return SeriesStyle(name: "series-\(place)", shape: place % 4)
  }
  /// What is only measured against, such as the loss of the training windows.
  static let training = SeriesStyle(name: "training", shape: 0)
  /// The loss on held-out data.
  static let heldOut = SeriesStyle(name: "held-out", shape: 0)

  /// Colours on light and on dark pages: told apart with the common colour blindnesses, at least
  /// 3 to 1 against the page.
  static let colors: [(light: String, dark: String)] = [
    ("#0b62c4", "#6cb0ff"), ("#c2410c", "#ff9b66"), ("#0a7f57", "#4fd1a0"),
    ("#8b3fc4", "#c79bff"), ("#977100", "#e8c04a"), ("#c2337f", "#ff8ac0"),
    ("#0b7f9c", "#4fc6dd"), ("#5d6470", "#b3bac5"), ("#86532b", "#d8a77a"), ("#5b7a12", "#a9c95c"),
  ]

  /// The mark with its middle at a place.
  func mark(_ x: Double, _ y: Double) -> String {
    func polygon(_ corners: [(Double, Double)]) -> String {
      let points = corners.map { "\(coordinate(x + $0)),\(coordinate(y + $1))" }
      return "<polygon points=\"\(points.joined(separator: " "))\"/>"
    }
    return switch shape {
    case 1: polygon([(-3.5, -3.5), (3.5, -3.5), (3.5, 3.5), (-3.5, 3.5)])
    case 2: polygon([(0, -4.5), (4.4, 3.3), (-4.4, 3.3)])
    case 3: polygon([(0, -5), (5, 0), (0, 5), (-5, 0)])
    default: "<circle cx=\"\(coordinate(x))\" cy=\"\(coordinate(y))\" r=\"3.5\"/>"
    }
  }
}
