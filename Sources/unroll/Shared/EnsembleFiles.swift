import ModelFiles
import Models

/// The translators in some files, as one.
func loadTranslators(_ paths: [String], weights: [Double]? = nil) throws -> TranslatorEnsemble {
  let models = try loadTogether(paths, loadTranslator) { _ = try TranslatorEnsemble($0) }
  return try TranslatorEnsemble(models, weights: weights)
}

/// The captioners in some files, as one.
func loadCaptioners(_ paths: [String], weights: [Double]? = nil) throws -> CaptionerEnsemble {
  let models: [Captioner] = try loadTogether(
    paths, { try load($0, .captioner, "captions are of a captioner") },
    { _ = try CaptionerEnsemble($0) })
  return try CaptionerEnsemble(models, weights: weights)
}

/// The translator in a file.
func loadTranslator(_ path: String) throws -> Translator {
  try load(path, .translator, "translations are of a translator")
}

/// - Parameter rule: what needs such a model, for the error where the file holds another kind.
private func load<Model: StoredModel>(
  _ path: String, _ task: ModelTask, _ rule: String
) throws -> Model {
  let kind = try ModelKind(ofFile: path)
  guard kind == .neural(task) else { throw Failure("\(rule); \(path) is \(kind)") }
  return try Model(contentsOf: path)
}

/// The models in some files, each of which `check` has found to go together with the first: two by two, so that
/// an error has the paths of those that do not.
private func loadTogether<Model>(
  _ paths: [String], _ load: (String) throws -> Model, _ check: ([Model]) throws -> Void
) throws -> [Model] {
  var models: [Model] = []
  for path in paths {
    models.append(try load(path))
    guard let first = models.first, let latest = models.last, models.count > 1 else { continue }
    do { try check([first, latest]) } catch {
      throw Failure("\(paths[0]) and \(path): \(error)")
    }
  }
  return models
}
