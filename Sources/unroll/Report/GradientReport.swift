import Foundation
import Learning
import Models

/// How gradients flow through a model, to be told as text, as JSON and as a page.
struct GradientReport {
  /// The files.
  var model: String
  var file: String
  /// "a character-level LSTM, 2 layers of 128 units"
  var architecture: String
  var batch: FlowBatch
  /// Whether the loss is that of the last step alone.
  var isLastOnly: Bool
  var flow: GradientFlow
  var spectrum: RecurrentSpectrum

  /// 1, 2, 5, 10, 20, 50, … below a limit.
  static func distances(below limit: Int) -> [Int] {
    var (distances, power) = ([Int](), 1)
    while power < limit {
      distances += [1, 2, 5].map { $0 * power }.filter { $0 < limit }
      power *= 10
    }
    return distances
  }

  /// "8 sequences of 50 steps, loss of the last step 1.654 nats a token"
  var measured: String {
    let (sequences, steps) = (batch.batch, batch.steps)
    return "\(Format.plural(sequences, "sequence")) of "
      + "\(batch.lengths == nil ? "" : "up to ")\(Format.plural(steps, "step")), "
      + "loss of \(isLastOnly ? "the last step" : "all steps") \(Format.number(flow.loss)) "
      + "nats a token"
  }

  /// The layer and part that a line or a row is about, from the lowest layer to the highest.
  var parts: [(layer: String, part: GradientFlow.Part)] {
    flow.layers.flatMap { layer in layer.parts.map { (layer.name, $0) } }
  }

  /// A norm or another number that may be very small.
  static func small(_ value: Double) -> String {
    value == 0 ? "0" : value.isFinite ? String(format: "%.2e", value) : Format.number(value)
  }

  /// 12.3 %, in one piece: a table does not break it.
  static func share(_ value: Double) -> String { String(format: "%.1f", 100 * value) + "\u{A0}%" }
}

extension GradientReport {
  /// Tables for a terminal.
  var text: String {
    var blocks = [["\(model) on \(file): \(measured)", architecture]]
    blocks.append(normLines)
    if flow.layers.contains(where: { !$0.jacobians.isEmpty }) { blocks.append(jacobianLines) }
    if flow.layers.contains(where: { !$0.gates.isEmpty }) {
      blocks.append(
        ["gate activations             below 0.1  above 0.9"]
          + flow.layers.flatMap { measured in
            measured.gates.map { gate in
              Self.row(
                "\(measured.name)  \(gate.gate)", [Self.share(gate.shut), Self.share(gate.open)])
            }
          })
    }
    if !spectrum.matrices.isEmpty {
      blocks.append(
        ["recurrent matrices              radius    largest   smallest singular value"]
          + spectrum.matrices.map { matrix in
            Self.row(
              "\(matrix.shortName)",
              [
                matrix.spectralRadius.map(Format.number) ?? "-", Format.number(matrix.largest),
                Self.small(matrix.smallest),
              ])
          })
    }
    return blocks.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
  }

  private var normLines: [String] {
    let distances = ([0] + Self.distances(below: flow.steps - 1) + [flow.steps - 1])
      .filter { 0..<flow.steps ~= $0 }
    let shown = distances.indices.filter { $0 == 0 || distances[$0] != distances[$0 - 1] }
      .map { distances[$0] }
    return [
      "norm of the gradient of each layer's state, by steps back from the last one",
      Self.row("layer", shown.map { Format.count($0) } + ["a step back"]),
    ]
      + parts.reversed().map { layer, part in
        Self.row(
          "\(layer)  \(part.name)",
          shown.map { Self.small(part.norms[flow.steps - 1 - $0]) }
            + [part.factorPerStepBack.map { "x " + String(format: "%.3f", $0) } ?? "-"])
      }
  }

  private var jacobianLines: [String] {
    let distances = flow.layers.map(\.jacobians).max { $0.count < $1.count }?.map(\.distance) ?? []
    return [
      "greatest singular value of the Jacobian of a state by the one so many steps before",
      Self.row("layer", distances.map { Format.count($0) }),
    ]
      + flow.layers.reversed().flatMap { measured in
        var lines = [
          Self.row(
            "\(measured.name)  h",
            measured.jacobians.map { Self.small($0.outputValues.first ?? .nan) })
        ]
        if measured.parts.count > 1 {
          lines.append(
            Self.row(
              "\(measured.name)  whole state",
              measured.jacobians.map { Self.small($0.stateValues.first ?? .nan) }))
        }
        return lines
      }
  }

  /// A name and numbers in columns.
  private static func row(_ name: String, _ cells: [String]) -> String {
    let name = "  " + name
    return name + String(repeating: " ", count: max(1, 26 - name.count))
      + cells.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }.joined()
  }

  /// Everything, all steps included.
  var json: JSON {
    func numbers(_ values: [Double]) -> JSON { .array(values.map { .number($0) }) }
    return JSON.members([
      "loss": .number(flow.loss), "loss_of": isLastOnly ? "last" : "all",
      "sequences": .integer(batch.batch), "steps": .integer(batch.steps),
      "layers": .array(
        flow.layers.map { layer in
          JSON.members([
            "layer": .integer(layer.layer), "reverse": layer.isReverse ? .bool(true) : nil,
            "parts": .array(
              layer.parts.map { part in
                JSON.members([
                  "name": .string(part.name), "norms": numbers(part.norms),
                  "sequence_means": numbers(part.sequenceMeans),
                  "factor_per_step_back": part.factorPerStepBack.map { .number($0) },
                ])
              }),
            "gates": .array(
              layer.gates.map { gate in
                JSON.members([
                  "name": .string(gate.gate), "below_0.1": .number(gate.shut),
                  "above_0.9": .number(gate.open),
                ])
              }),
            "jacobians": .array(
              layer.jacobians.map { jacobian in
                JSON.members([
                  "distance": .integer(jacobian.distance), "h": numbers(jacobian.outputValues),
                  "state": numbers(jacobian.stateValues),
                ])
              }),
          ])
        }),
      "recurrent_matrices": .array(
        spectrum.matrices.map { matrix in
          JSON.members([
            "parameter": .string(matrix.parameter),
            "block": matrix.block.isEmpty ? nil : .string(matrix.block),
            "spectral_radius": matrix.spectralRadius.map { .number($0) },
            "singular_values": numbers(matrix.singularValues),
            "eigenvalues": .array(
              matrix.eigenvalues.map { numbers([$0.real, $0.imaginary]) }),
          ])
        }),
    ])
  }
}

extension GradientFlow.Layer {
  /// 1, or "1 reverse".
  var name: String { "\(layer + 1)\(isReverse ? " reverse" : "")" }
}

extension RecurrentSpectrum.Matrix {
  /// "weight_hh_l0 forget"
  var shortName: String {
    let name = parameter.split(separator: ".").last.map(String.init) ?? parameter
    return block.isEmpty ? name : "\(name) \(block)"
  }
}
