// swift-tools-version: 6.1
import PackageDescription

// A package of its own, so that users of the library never resolve or build it.
let package = Package(
  name: "UnrollBenchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "Unroll", path: "..")],
  targets: [
    .executableTarget(
      name: "kernel-benchmarks",
      dependencies: [
        .product(name: "Unroll", package: "Unroll"), .product(name: "CKernels", package: "Unroll"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
