import ArgumentParser
import Corpora
import Learning
import Models
import Recurrent

// What the library chooses among, chosen by name on the command line and in configuration files.

extension Tokenizer: ExpressibleByArgument, SettingValue {}
extension TextUnit: ExpressibleByArgument, SettingValue {}
extension CellKind: ExpressibleByArgument, SettingValue {}
extension SkipConnections: ExpressibleByArgument, SettingValue {}
extension OptimizerKind: ExpressibleByArgument, SettingValue {}
extension WeightPrecision: ExpressibleByArgument, SettingValue {}
extension LanguageModelTask.LossUnit: ExpressibleByArgument, SettingValue {}

/// Where the vectors of words come from, by name.
enum WordSource: String, CaseIterable, ExpressibleByArgument, SettingValue {
  case lookup, characters, both
}

/// How the learning rate goes on, by name; the numbers are settings of their own.
enum ScheduleKind: String, CaseIterable, ExpressibleByArgument, SettingValue {
  case constant, exponential, plateau, cosine
}

extension TreeFormat: ExpressibleByArgument, SettingValue {}
extension TreeReading: ExpressibleByArgument, SettingValue {}
extension TreeTargets: ExpressibleByArgument, SettingValue {}
extension TreeCellKind: ExpressibleByArgument, SettingValue {}
