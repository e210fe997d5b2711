import Foundation
import ModelFiles
import Tensors

/// Values that another implementation computed, from a safetensors file that
/// `Benchmarks/peers/make_golden.py` wrote.
///
/// ```swift
/// let golden = try GoldenFile(url)
/// #expect(relativeError(output, try golden["output"]) < 1e-6)
/// ```
public struct GoldenFile: Sendable {
  /// All tensors by name.
  public let tensors: [String: Tensor]
  private let path: String

  /// Reads the file at `url`.
  public init(_ url: URL) throws {
    let file = try SafetensorsFile(path: url.path)
    var tensors: [String: Tensor] = [:]
    for name in file.names {
      let (shape, scalars) = try file.floats(name, requireFinite: true)
      tensors[name] = Tensor(shape: shape, scalars: scalars)
    }
    self.tensors = tensors
    path = url.path
  }

  /// The tensor `name`.
  public subscript(name: String) -> Tensor {
    get throws {
      guard let tensor = tensors[name] else { throw Missing(name: name, path: path) }
      return tensor
    }
  }

  /// The tensor `name`, whose elements are whole numbers.
  public func integers(_ name: String) throws -> [Int32] { try self[name].scalars.map(Int32.init) }

  private struct Missing: Error, CustomStringConvertible {
    let name: String
    let path: String
    var description: String { "\(path) has no tensor \(name)" }
  }
}
