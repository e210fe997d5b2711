import ModelFiles

/// What can be wrong with a model or its file; the description is one line.
public enum ModelError: Error, Sendable, Equatable {
  /// Sizes or rates that make no network.
  case invalidConfiguration(String)
  /// The file is a safetensors file but no model of the kind asked for.
  case notAModel(path: String, detail: String)
  /// A tensor is missing, superfluous or of another shape than the architecture says.
  case wrongTensor(path: String, tensor: String, detail: String)
  /// A text cannot be used with this model.
  case unusableText(String)
}

extension ModelError: CustomStringConvertible {
  /// One line, without control characters whatever the file holds.
  public var description: String {
    switch self {
    case .invalidConfiguration(let fault): fault
    case .notAModel(let path, let detail):
      "\(printable(path)) is not a usable model: \(printable(detail))"
    case .wrongTensor(let path, let tensor, let detail):
      "\(printable(path)): tensor \"\(printable(tensor))\": \(printable(detail))"
    case .unusableText(let fault): fault
    }
  }
}
