import Models

/// The model in a file, if it is of a kind that has vectors for words.
///
/// - Parameter verb: what needs one, for the error where it is not.
func loadWordVectors(_ path: String, for verb: String) throws -> any WordVectorModel {
  try loadLanguageModel(path, for: verb)
}

/// The vectors of words; `Failure` for one that has none.
///
/// - Parameter path: the file that `model` is from.
func knownVectors(
  of words: [String], in model: any WordVectorModel, from path: String
) throws -> [[Float]] {
  try zip(words, model.vectors(of: words)).map { word, vector in
    guard let vector else {
      throw Failure(
        "\(word.debugDescription) is not in the vocabulary of \(path), which looks words up")
    }
    return vector
  }
}
