/// How an adaptive softmax divides H features and V tokens.
struct AdaptiveLayout: Sendable {
  /// A cluster of tokens.
  struct Cluster: Sendable {
    /// The ranks of its tokens.
    let ranks: Range<Int>
    /// The features that it sees, H/4, H/16, … but at least one.
    let features: Int
  }
  /// H.
  let inputs: Int
  /// The tokens that the head predicts by themselves, the most frequent ones.
  let headTokens: Int
  /// The clusters, one after the other.
  let clusters: [Cluster]

  init(_ inputs: Int, _ vocabularySize: Int, cutoffs: [Int]) {
    self.inputs = inputs
    headTokens = cutoffs.first ?? vocabularySize
    let ends = cutoffs.dropFirst() + [vocabularySize]
    var features = inputs
    clusters = zip(cutoffs, ends).map { start, end in
      features = max(1, features / OutputConfiguration.reduction)
      return Cluster(ranks: start..<end, features: features)
    }
  }

  /// The outputs of the head: its tokens, then one for each cluster.
  var headOutputs: Int { headTokens + clusters.count }

  /// PyTorch's names and order.
  func tensorShapes(_ name: String) -> [(name: String, shape: [Int])] {
    var shapes = [
      (name: "\(name).head.weight", shape: [headOutputs, inputs]),
      (name: "\(name).head.bias", shape: [headOutputs]),
    ]
    for (index, cluster) in clusters.enumerated() {
      shapes.append(("\(name).tail.\(index).0.weight", [cluster.features, inputs]))
      shapes.append(("\(name).tail.\(index).1.weight", [cluster.ranks.count, cluster.features]))
    }
    return shapes
  }
}
