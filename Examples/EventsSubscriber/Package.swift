// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "EventsSubscriber",
    dependencies: [
        // No traits: nothing is fetched but swift-nio, swift-log and what swift-nio needs itself.
        .package(name: "swift-guerrilla", path: "../..", traits: [])
    ],
    targets: [
        .executableTarget(
            name: "EventsSubscriber",
            dependencies: [.product(name: "Guerrilla", package: "swift-guerrilla")]
        )
    ],
    swiftLanguageModes: [.v6]
)
