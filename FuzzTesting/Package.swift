// swift-tools-version: 6.2
import PackageDescription

// A package of its own: a fuzzer's entry point is no `main`, so these programs cannot be linked without
// `--sanitize=fuzzer`, and a plain `swift build` of the main package would fail. Use run.sh.

func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name,
        dependencies: dependencies,
        swiftSettings: [.unsafeFlags(["-parse-as-library"])]
    )
}

let smtp: Target.Dependency = .product(name: "GuerrillaSMTP", package: "swift-guerrilla")
let mail: Target.Dependency = .product(name: "GuerrillaMail", package: "swift-guerrilla")
let fastCGI: Target.Dependency = .product(name: "GuerrillaFastCGI", package: "swift-guerrilla")
let redis: Target.Dependency = .product(name: "GuerrillaRedis", package: "swift-guerrilla")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")

let package = Package(
    name: "FuzzTesting",
    dependencies: [
        .package(name: "swift-guerrilla", path: "..", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        fuzzer("FuzzSession", [smtp, mail, nioCore]),
        fuzzer("FuzzPaths", [mail]),
        fuzzer("FuzzProxy", [smtp, nioCore]),
        fuzzer("FuzzFastCGI", [fastCGI, nioCore]),
        fuzzer("FuzzXCLIENT", [smtp, mail, nioCore]),
        fuzzer("FuzzHelo", [mail]),
        fuzzer("FuzzAllowedHosts", [mail]),
        fuzzer("FuzzHeaders", [mail]),
        fuzzer("FuzzEncodedWords", [mail]),
        fuzzer("FuzzDates", [mail]),
        fuzzer("FuzzRESP", [redis, nioCore]),
    ],
    swiftLanguageModes: [.v6]
)
