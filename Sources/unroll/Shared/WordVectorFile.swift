import Models

/// The model in a file, if it is of a kind that has vectors for words.
func loadWordVectors(_ path: String) throws -> any WordVectorModel {
  try LanguageModel(contentsOf: path)
}
