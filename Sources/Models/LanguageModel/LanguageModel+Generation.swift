import Corpora
import Tensors

extension LanguageModel {
  /// Continues `prompt` by `length` tokens, drawn one after the other.
  ///
  /// `<unk>` and `<s>` are never drawn. A model of sentences starts a new one after each `</s>`, and
  /// of the prompt it continues the last line. The same key gives the same text.
  ///
  /// - Parameter emit: gets the text of each token as it is drawn (the prompt is not repeated);
  ///   returning false ends the generation.
  /// - Throws: ``CorpusError`` if the prompt cannot be encoded, ``ModelError`` if the vocabulary has
  ///   nothing that could be drawn.
  public func generate(
    prompt: String = "", length: Int, sampling: Sampling = Sampling(), key: RandomKey,
    emit: (String) -> Bool
  ) throws {
    let excluded = [vocabulary.unknown, vocabulary.start].compactMap(\.self)
    guard vocabulary.count > excluded.count else {
      throw ModelError.unusableText("the vocabulary has no token that could be generated")
    }
    let level = configuration.level
    let isSentences = configuration.unit == .sentence
    let start = isSentences ? sentenceMarks.start : streamStart
    var words = lexicon
    let given = try encode(prompt: prompt, &words)
    var state = initialState(batch: 1)
    var logits = Tensor(zeros: [1, vocabulary.count])
    for token in [start] + given { (logits, state) = step([token], state, words: words) }

    var decoder = TextDecoder(
      tokenizer: level, vocabulary: vocabulary,
      afterWord: prompt.last.map { !$0.isWhitespace } ?? false)
    for index in 0..<length {
      let uniform = Double(key.child(index).words(1)[0]) * 0x1p-32
      let token = logits.withUnsafeBufferPointer {
        sampling.draw(from: $0, excluding: excluded, uniform: uniform)
      }
      guard emit(decoder.text(of: token)) else { return }
      if isSentences, token == vocabulary.end { state = initialState(batch: 1) }
      let read = isSentences && token == vocabulary.end ? start : token
      if index + 1 < length { (logits, state) = step([read], state) }
    }
  }

  private func encode(prompt: String, _ words: inout Lexicon?) throws -> [Int32] {
    switch configuration.unit {
    case .stream:
      return try encode(prompt, &words, closingLastLine: false)
    case .sentence:
      // A sentence depends on none before it.
      let scalars = prompt.unicodeScalars
      let start = scalars.lastIndex(of: "\n").map(scalars.index(after:)) ?? scalars.startIndex
      return try encodeLines(String(scalars[start...]), &words).first ?? []
    }
  }
}
