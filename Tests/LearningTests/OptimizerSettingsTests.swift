import Learning
import Testing

@Suite("The settings of optimisers")
struct OptimizerSettingsTests {
  @Test("the names on the command line make the optimisers")
  func names() {
    let expected = [
      "sgd": "SGD", "nt-asgd": "AveragedOptimizer", "adagrad": "Adagrad", "adadelta": "Adadelta",
      "rmsprop": "RMSProp", "adam": "Adam", "adamw": "AdamW", "shampoo": "Shampoo",
      "l-bfgs": "LBFGS", "hessian-free": "HessianFree",
    ]
    for (name, type) in expected {
      let optimizer = OptimizerKind(rawValue: name)?.make()
      #expect(optimizer.map { "\(Swift.type(of: $0))" } == type)
      #expect(optimizer?.kind.rawValue == name)
    }
    for kind in OptimizerKind.allCases { #expect(kind.usualRate > 0) }
    #expect(OptimizerKind.adamw.make().hyperparameters["weight decay"] == "0.01")
  }

  @Test("what is given arrives, and what is not is the optimiser's own default")
  func values() {
    func hyperparameters(_ kind: OptimizerKind, _ settings: OptimizerSettings) -> [String: String] {
      kind.make(settings).hyperparameters
    }
    #expect(
      hyperparameters(.sgd, OptimizerSettings(momentum: 0.9, nesterov: true, weightDecay: 0.5))
        == SGD(momentum: 0.9, nesterov: true, weightDecay: 0.5).hyperparameters)
    #expect(
      hyperparameters(.adagrad, OptimizerSettings(epsilon: 0.1, rateDecay: 0.2, initialSum: 0.3))
        == Adagrad(rateDecay: 0.2, epsilon: 0.1, initialSum: 0.3).hyperparameters)
    #expect(
      hyperparameters(.rmsprop, OptimizerSettings(momentum: 0.1, rho: 0.2, isCentred: true))
        == RMSProp(rho: 0.2, momentum: 0.1, isCentred: true).hyperparameters)
    let defaults: [OptimizerKind: any Optimizer] = [
      .sgd: SGD(), .ntASGD: AveragedOptimizer(), .adagrad: Adagrad(), .adadelta: Adadelta(),
      .rmsprop: RMSProp(), .adam: Adam(), .adamw: AdamW(), .shampoo: Shampoo(), .lbfgs: LBFGS(),
      .hessianFree: HessianFree(),
    ]
    for kind in OptimizerKind.allCases {
      #expect(hyperparameters(kind, OptimizerSettings()) == defaults[kind]?.hyperparameters)
    }
  }

  @Test("averaging can be added to any rule, and averaged SGD has a name of its own")
  func averaging() {
    let adam = OptimizerKind.adam.make(OptimizerSettings(averageAfter: 3))
    #expect(adam is AveragedOptimizer && adam.kind == .adam)
    #expect(adam.hyperparameters["average after"] == "3" && adam.hyperparameters["beta1"] == "0.9")
    #expect(OptimizerKind.sgd.make(OptimizerSettings(averageAfter: 3)).kind == .ntASGD)
  }

  @Test(
    "settings that a kind does not take, or that make no sense, are refused in words",
    arguments: [
      (
        .adam, OptimizerSettings(momentum: 0.9),
        "momentum is for sgd, nt-asgd, rmsprop and shampoo, not adam"
      ),
      (.sgd, OptimizerSettings(beta1: 0.9), "beta1 is for adam and adamw, not sgd"),
      (.sgd, OptimizerSettings(history: 3), "history is for l-bfgs, not sgd"),
      (.adam, OptimizerSettings(isCentred: false), "centred is for rmsprop, not adam"),
      (.sgd, OptimizerSettings(momentum: 1), "momentum is in [0, 1), not 1"),
      (.sgd, OptimizerSettings(nesterov: true), "nesterov needs a momentum above 0"),
      (.adam, OptimizerSettings(epsilon: 0), "epsilon is a number above 0, not 0"),
      (.adam, OptimizerSettings(beta2: .nan), "beta2 is in [0, 1), not nan"),
      (.rmsprop, OptimizerSettings(rho: 1), "rho is in [0, 1), not 1"),
      (.shampoo, OptimizerSettings(rho: 1.5), "rho is in [0, 1], not 1.5"),
      (.shampoo, OptimizerSettings(blockSize: 0), "block-size is at least 1, not 0"),
      (.sgd, OptimizerSettings(weightDecay: -1), "weight-decay is at least 0, not -1"),
      (.ntASGD, OptimizerSettings(averageAfter: -1), "average-after is at least 0, not -1"),
    ] as [(OptimizerKind, OptimizerSettings, String)])
  func faults(_ kind: OptimizerKind, _ settings: OptimizerSettings, _ words: String) {
    #expect(settings.fault(for: kind) == words)
  }

  @Test("every hyper-parameter has takers, and no settings have no fault")
  func complete() {
    for name in OptimizerSettings.Name.allCases {
      #expect(!OptimizerSettings.takers(of: name).isEmpty)
    }
    for kind in OptimizerKind.allCases { #expect(OptimizerSettings().fault(for: kind) == nil) }
    let shampoo = OptimizerSettings(rho: 1, grafting: .sgd)
    #expect(shampoo.fault(for: .shampoo) == nil && shampoo.given == [.rho, .grafting])
  }
}
