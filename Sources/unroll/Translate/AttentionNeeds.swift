import Models

/// What is asked for and needs to know what translators attend to.
struct AttentionNeeds {
  /// The flags, each with whether it is on.
  let flags: [(name: String, isOn: Bool)]

  /// Refuses models that do not attend, and those that attend to what cannot be told together, for they cut
  /// sources into different units.
  ///
  /// - Parameter paths: of the ensemble's models.
  func check(_ ensemble: TranslatorEnsemble, _ paths: [String]) throws {
    guard let flag = flags.first(where: \.isOn)?.name else { return }
    let first = ensemble.models[0]
    for (path, model) in zip(paths, ensemble.models) {
      guard model.configuration.decoder.context.attends else {
        throw Failure("\(flag) needs models with attention, which \(path) is not")
      }
      guard model.sourceUnits == first.sourceUnits else {
        throw Failure(
          "\(flag) needs models that read a source in the same units, which \(paths[0]) and \(path) do "
            + "not")
      }
    }
  }
}
