// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "CustomProcessor",
    dependencies: [
        // No traits: nothing is fetched but swift-nio, swift-log and what swift-nio needs itself.
        .package(name: "swift-guerrilla", path: "../..", traits: [])
    ],
    targets: [
        .executableTarget(
            name: "CustomProcessor",
            dependencies: [.product(name: "Guerrilla", package: "swift-guerrilla")]
        ),
        .testTarget(
            name: "CustomProcessorTests",
            dependencies: [
                "CustomProcessor",
                .product(name: "Guerrilla", package: "swift-guerrilla"),
                .product(name: "GuerrillaTesting", package: "swift-guerrilla"),
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)
