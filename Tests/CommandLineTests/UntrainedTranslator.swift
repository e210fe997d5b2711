import Corpora
import Models
import Recurrent
import Tensors

/// A translator of a, b and c that has learned nothing, in `folder`; its path.
func untrainedTranslator(
  _ folder: String, _ name: String = "untrained", context: ContextUse = .after,
  sources: UnitKind = .characters, targets: String = "xyz", seed: UInt64 = 3
) throws -> String {
  let model = try Translator(
    TranslatorConfiguration(
      encoder: EncoderConfiguration(embeddingSize: 3, hiddenSize: 4),
      decoder: SequenceDecoderConfiguration(embeddingSize: 3, hiddenSize: 4, context: context)),
    TranslatorUnits(source: sources, target: .characters), learningFrom: ["abc"], [targets],
    initialization: .uniform(1), key: RandomKey(seed: seed))
  let path = "\(folder)/\(name).safetensors"
  try model.save(to: path)
  return path
}
