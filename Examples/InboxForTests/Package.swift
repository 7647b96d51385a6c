// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "InboxForTests",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        // For the tests only.
        .package(name: "swift-guerrilla", path: "../..", traits: []),
    ],
    targets: [
        .target(
            name: "SignUp",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "SignUpTests",
            dependencies: [
                "SignUp",
                .product(name: "Guerrilla", package: "swift-guerrilla"),
                .product(name: "GuerrillaTesting", package: "swift-guerrilla"),
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)
