import Models

/// The model in a file, if it is of a kind that has vectors for words.
///
/// - Parameter verb: what needs one, for the error where it is not.
func loadWordVectors(_ path: String, for verb: String) throws -> any WordVectorModel {
  try loadLanguageModel(path, for: verb)
}
