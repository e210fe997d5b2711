// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Unroll",
  // Mutex, Atomic and typed throws in the library need these systems' run-time.
  platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
  products: [
    .library(
      name: "Unroll",
      targets: [
        "Tensors", "Recurrent", "Corpora", "Images", "Learning", "ModelFiles", "Models",
      ]),
    // The kernels by themselves, for benchmarks.
    .library(name: "CKernels", targets: ["CKernels"]),
    .executable(name: "unroll", targets: ["unroll"]),
  ],
  dependencies: [
    // The verbs, flags and help of the command line.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    // Reads the YAML of `--config`.
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
  ],
  targets: [
    .target(name: "CKernels"),
    .target(name: "Tensors", dependencies: ["CKernels"]),
    .target(name: "Recurrent", dependencies: ["Tensors", "CKernels"]),
    .target(name: "Corpora"),
    // PNG and JPEG read by our own code: libpng, libjpeg and zlib are not on every machine that has a Swift
    // toolchain, and no package of Swift alone reads both and is kept up.
    .target(name: "Images"),
    .target(name: "ModelFiles"),
    .target(name: "Learning", dependencies: ["Recurrent", "Tensors", "CKernels", "ModelFiles"]),
    .target(
      name: "Models",
      dependencies: [
        "Recurrent", "Tensors", "CKernels", "Corpora", "Images", "Learning", "ModelFiles",
      ]),
    .executableTarget(
      name: "unroll",
      dependencies: [
        "Models", "Learning", "Corpora", "Images", "ModelFiles", "Recurrent", "Tensors", "CKernels",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Yams", package: "Yams"),
      ]),

    .target(
      name: "TestSupport", dependencies: ["Tensors", "ModelFiles"], path: "Tests/Support"),
    .testTarget(name: "CKernelsTests", dependencies: ["CKernels", "TestSupport"]),
    .testTarget(
      name: "TensorsTests", dependencies: ["Tensors", "CKernels", "TestSupport"],
      resources: [.copy("Golden")]),
    .testTarget(
      name: "RecurrentTests", dependencies: ["Recurrent", "Tensors", "TestSupport"],
      resources: [.copy("Golden")]),
    .testTarget(name: "CorporaTests", dependencies: ["Corpora"]),
    .testTarget(
      name: "ImagesTests", dependencies: ["Images"], resources: [.copy("Golden")]),
    .testTarget(name: "ModelFilesTests", dependencies: ["ModelFiles"]),
    .testTarget(
      name: "LearningTests", dependencies: ["Learning", "Recurrent", "Tensors", "TestSupport"]),
    .testTarget(
      name: "ModelsTests",
      dependencies: [
        "Models", "Learning", "Recurrent", "Corpora", "Images", "ModelFiles", "Tensors",
        "CKernels", "TestSupport",
      ],
      resources: [.copy("Golden")]),
    .testTarget(name: "CommandLineTests", dependencies: ["unroll"]),
  ],
  swiftLanguageModes: [.v6]
)
