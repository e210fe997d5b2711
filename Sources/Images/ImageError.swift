/// What can go wrong between a file and its picture; ``description`` is one line.
public enum ImageError: Error, Equatable, Sendable {
  /// The file cannot be read: it is missing, a directory, or closed to us.
  case unreadable(path: String, reason: String)
  /// The bytes begin as neither PNG nor JPEG; `found` says as what.
  case unknownFormat(path: String?, found: String)
  /// The bytes contradict the format's standard, or end too early.
  case corrupt(Place, found: String, expected: String)
  /// A file that may well be right, but of a kind that is not read here.
  case unsupported(Place, found: String, expected: String)

  /// Where in which file.
  public struct Place: Equatable, Sendable {
    /// The file, where the bytes came from one.
    public var path: String?
    /// PNG or JPEG.
    public var format: ImageFormat
    /// In bytes from the start of the file, which is 0.
    public var offset: Int

    /// The byte at `offset` of a picture of this format.
    public init(path: String? = nil, format: ImageFormat, offset: Int) {
      (self.path, self.format, self.offset) = (path, format, offset)
    }
  }

  /// The same error, of the file at `path`.
  func located(at path: String?) -> ImageError {
    switch self {
    case .unreadable: return self
    case .unknownFormat(_, let found): return .unknownFormat(path: path, found: found)
    case .corrupt(var place, let found, let expected):
      place.path = path
      return .corrupt(place, found: found, expected: expected)
    case .unsupported(var place, let found, let expected):
      place.path = path
      return .unsupported(place, found: found, expected: expected)
    }
  }
}

/// The formats that ``Image`` reads.
public enum ImageFormat: String, Equatable, Sendable {
  /// Portable Network Graphics: ISO/IEC 15948.
  case png = "PNG"
  /// The Joint Photographic Experts Group's: ITU-T T.81.
  case jpeg = "JPEG"
}

extension ImageError: CustomStringConvertible {
  /// What was found, where, and what was expected.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason):
      "cannot read \(path): \(reason)"
    case .unknownFormat(let path, let found):
      "\(path ?? "the picture"): it is \(found), expected PNG or JPEG"
    case .corrupt(let place, let found, let expected):
      "\(place): found \(found), expected \(expected)"
    case .unsupported(let place, let found, let expected):
      "\(place): \(found) cannot be read here, expected \(expected)"
    }
  }
}

extension ImageError.Place: CustomStringConvertible {
  /// File, format and offset.
  public var description: String {
    (path.map { "\($0): " } ?? "") + "\(format.rawValue), byte \(offset)"
  }
}
