// swift-tools-version: 6.2
import PackageDescription

// What a module may import is decided here: arrows go down only (Docs/ARCHITECTURE.md).
// Every dependency beyond swift-nio and swift-log stands behind a trait, so that an embedder with `traits: []`
// fetches neither it nor what it pulls in.

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let inMemoryLogging: Target.Dependency = .product(name: "InMemoryLogging", package: "swift-log")

let package = Package(
    name: "swift-guerrilla",
    products: [
        .library(name: "Guerrilla", targets: ["Guerrilla"]),
        .library(name: "GuerrillaMail", targets: ["GuerrillaMail"]),
        .library(name: "GuerrillaSMTP", targets: ["GuerrillaSMTP"]),
        .library(name: "GuerrillaBackend", targets: ["GuerrillaBackend"]),
        .library(name: "GuerrillaServer", targets: ["GuerrillaServer"]),
        .library(name: "GuerrillaProcessors", targets: ["GuerrillaProcessors"]),
        .library(name: "GuerrillaMaildir", targets: ["GuerrillaMaildir"]),
        .library(name: "GuerrillaHashing", targets: ["GuerrillaHashing"]),
        .library(name: "GuerrillaCompression", targets: ["GuerrillaCompression"]),
        .library(name: "GuerrillaSQLite", targets: ["GuerrillaSQLite"]),
        .library(name: "GuerrillaFastCGI", targets: ["GuerrillaFastCGI"]),
        .library(name: "GuerrillaRedis", targets: ["GuerrillaRedis"]),
        .library(name: "GuerrillaSQL", targets: ["GuerrillaSQL"]),
        .library(name: "GuerrillaMySQL", targets: ["GuerrillaMySQL"]),
        .library(name: "GuerrillaPostgres", targets: ["GuerrillaPostgres"]),
        .library(name: "GuerrillaTLS", targets: ["GuerrillaTLS"]),
        .library(name: "GuerrillaTesting", targets: ["GuerrillaTesting"]),
        .executable(name: "guerrillad", targets: ["guerrillad"]),
    ],
    traits: [
        .trait(name: "SQLite", description: "The embedded mail store: the `sqlite` processor, on GRDB."),
        .trait(name: "Hashing", description: "The `Hasher` processor, on libb2 and swift-crypto."),
        .trait(name: "Compression", description: "The `Compressor` processor, on zlib and libzstd."),
        .trait(name: "MySQL", description: "MySQL and MariaDB for the `sql` processor, on libmariadb."),
        .trait(name: "Postgres", description: "PostgreSQL for the `sql` processor, on libpq."),
        .trait(name: "TLS", description: "STARTTLS and TLS from the start, on swift-nio-ssl."),
        .trait(name: "ServiceLifecycle", description: "`Daemon` as a `Service` of swift-service-lifecycle."),
        .trait(name: "CommandLine", description: "The daemon's command line, `guerrillad`."),
        .default(
            enabledTraits: [
                "SQLite", "Hashing", "Compression", "MySQL", "Postgres", "TLS", "ServiceLifecycle", "CommandLine",
            ]
        ),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Pure: values, parsers, state machines. NIOCore for ByteBuffer only; no I/O, no Foundation.
        .target(name: "GuerrillaMail", dependencies: [nioCore], swiftSettings: settings),
        .target(name: "GuerrillaSMTP", dependencies: ["GuerrillaMail", nioCore], swiftSettings: settings),

        // The processor chain and what it stands on.
        .target(
            name: "GuerrillaBackend",
            dependencies: ["GuerrillaSMTP", "GuerrillaMail", nioCore, nioPosix, logging],
            swiftSettings: settings
        ),
        .target(
            name: "GuerrillaProcessors",
            dependencies: ["GuerrillaBackend", "GuerrillaSMTP", "GuerrillaMail", nioCore, logging],
            exclude: ["ProcessorTemplate.swift.example"],
            swiftSettings: settings
        ),
        .target(
            name: "GuerrillaHashing",
            dependencies: [
                "GuerrillaBackend", "GuerrillaMail",
                .target(name: "CBLAKE2", condition: .when(traits: ["Hashing"])),
                .product(name: "Crypto", package: "swift-crypto", condition: .when(traits: ["Hashing"])),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GuerrillaCompression",
            dependencies: [
                "GuerrillaBackend", "GuerrillaSMTP", "GuerrillaMail", nioCore,
                .target(name: "CZlib", condition: .when(traits: ["Compression"])),
                .target(name: "CZstd", condition: .when(traits: ["Compression"])),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GuerrillaMaildir",
            dependencies: ["GuerrillaBackend", "GuerrillaSMTP", "GuerrillaMail", nioCore, logging],
            swiftSettings: settings
        ),
        .target(
            name: "GuerrillaSQLite",
            dependencies: [
                "GuerrillaSQL", "GuerrillaBackend", "GuerrillaSMTP", "GuerrillaMail", nioCore, nioPosix, logging,
                .target(name: "CSQLite", condition: .when(traits: ["SQLite"])),
                .product(name: "GRDB", package: "GRDB.swift", condition: .when(traits: ["SQLite"])),
                .product(name: "GRDBSQLite", package: "GRDB.swift", condition: .when(traits: ["SQLite"])),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GuerrillaFastCGI",
            dependencies: ["GuerrillaBackend", "GuerrillaSMTP", "GuerrillaMail", nioCore, nioPosix, logging],
            swiftSettings: settings
        ),
        .target(
            name: "GuerrillaRedis",
            dependencies: [
                "GuerrillaBackend", "GuerrillaSMTP", "GuerrillaMail", nioCore, nioPosix, logging,
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: .when(traits: ["TLS"])),
            ],
            swiftSettings: settings
        ),

        // A table in an SQL database, and each kind of database in a module of its own.
        .target(
            name: "GuerrillaSQL",
            dependencies: ["GuerrillaBackend", "GuerrillaSMTP", "GuerrillaMail", nioCore, logging],
            swiftSettings: settings
        ),
        .target(
            name: "GuerrillaMySQL",
            dependencies: [
                "GuerrillaSQL", "GuerrillaBackend",
                .target(name: "CMariaDB", condition: .when(traits: ["MySQL"])),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GuerrillaPostgres",
            dependencies: [
                "GuerrillaSQL", "GuerrillaBackend",
                .target(name: "CPostgres", condition: .when(traits: ["Postgres"])),
            ],
            swiftSettings: settings
        ),

        // C libraries of the system: a module map and a header each.
        .systemLibrary(name: "CBLAKE2", providers: [.apt(["libb2-dev"])]),
        .systemLibrary(name: "CMariaDB", providers: [.apt(["libmariadb-dev"])]),
        .systemLibrary(name: "CPostgres", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),

        // Listeners and connections.
        .target(
            name: "GuerrillaServer",
            dependencies: ["GuerrillaSMTP", "GuerrillaMail", "GuerrillaBackend", nioCore, nioPosix, nioTLS, logging],
            swiftSettings: settings
        ),
        .target(
            name: "GuerrillaTLS",
            dependencies: [
                "GuerrillaServer", "GuerrillaMail", nioCore, nioTLS,
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: .when(traits: ["TLS"])),
                .product(name: "Crypto", package: "swift-crypto", condition: .when(traits: ["TLS"])),
            ],
            swiftSettings: settings
        ),

        // The package's API and the daemon.
        .target(
            name: "Guerrilla",
            dependencies: [
                "GuerrillaServer", "GuerrillaProcessors", "GuerrillaMaildir", "GuerrillaFastCGI", "GuerrillaRedis",
                "GuerrillaSQL", "GuerrillaBackend", "GuerrillaSMTP",
                "GuerrillaMail",
                .target(name: "GuerrillaSQLite", condition: .when(traits: ["SQLite"])),
                .target(name: "GuerrillaMySQL", condition: .when(traits: ["MySQL"])),
                .target(name: "GuerrillaPostgres", condition: .when(traits: ["Postgres"])),
                .target(name: "GuerrillaHashing", condition: .when(traits: ["Hashing"])),
                .target(name: "GuerrillaCompression", condition: .when(traits: ["Compression"])),
                .target(name: "GuerrillaTLS", condition: .when(traits: ["TLS"])),
                .product(
                    name: "ServiceLifecycle",
                    package: "swift-service-lifecycle",
                    condition: .when(traits: ["ServiceLifecycle"])
                ),
                nioCore, nioPosix, logging,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "guerrillad",
            dependencies: [
                "Guerrilla", "GuerrillaServer", "GuerrillaBackend", "GuerrillaSQL", "GuerrillaMail",
                .target(name: "GuerrillaSQLite", condition: .when(traits: ["SQLite"])),
                nioCore, logging,
                .product(
                    name: "ArgumentParser",
                    package: "swift-argument-parser",
                    condition: .when(traits: ["CommandLine"])
                ),
            ],
            swiftSettings: settings
        ),

        // For tests of those who use the package.
        .target(
            name: "GuerrillaTesting",
            dependencies: [
                "Guerrilla", "GuerrillaBackend", "GuerrillaSMTP", "GuerrillaMail", nioCore, nioPosix, logging,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GuerrillaTestingTests",
            dependencies: [
                "GuerrillaTesting", "Guerrilla", "GuerrillaProcessors", "GuerrillaBackend", "GuerrillaSMTP",
                "GuerrillaMail", "GuerrillaTestSupport", nioCore, nioPosix, logging,
                .target(name: "GuerrillaSQLite", condition: .when(traits: ["SQLite"])),
            ],
            swiftSettings: settings
        ),

        // What tests of several modules use: transcripts, a client, random numbers.
        .target(
            name: "GuerrillaTestSupport",
            dependencies: ["GuerrillaSMTP"],
            path: "Tests/GuerrillaTestSupport",
            swiftSettings: settings
        ),
        .testTarget(
            name: "GuerrillaMailTests",
            dependencies: ["GuerrillaMail", "GuerrillaTestSupport", nioCore],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GuerrillaSMTPTests",
            dependencies: ["GuerrillaSMTP", "GuerrillaMail", "GuerrillaTestSupport", nioCore],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GuerrillaBackendTests",
            dependencies: [
                "GuerrillaBackend", "GuerrillaSMTP", "GuerrillaMail", nioCore, nioPosix, nioEmbedded, logging,
                inMemoryLogging,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GuerrillaProcessorsTests",
            dependencies: [
                "GuerrillaProcessors", "GuerrillaBackend", "GuerrillaSMTP", "GuerrillaMail", "GuerrillaTestSupport",
                nioCore,
                nioPosix, logging, inMemoryLogging,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GuerrillaMaildirTests",
            dependencies: [
                "GuerrillaMaildir", "GuerrillaProcessors", "GuerrillaBackend", "GuerrillaSMTP", "GuerrillaMail",
                nioCore, logging, inMemoryLogging,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GuerrillaHashingTests",
            dependencies: [
                "GuerrillaHashing", "GuerrillaBackend", "GuerrillaMail", "GuerrillaTestSupport", nioCore, logging,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GuerrillaCompressionTests",
            dependencies: [
                "GuerrillaCompression", "GuerrillaProcessors", "GuerrillaBackend", "GuerrillaSMTP", "GuerrillaMail",
                "GuerrillaTestSupport", nioCore, nioPosix, logging,
                .target(name: "CZlib", condition: .when(traits: ["Compression"])),
                .target(name: "CZstd", condition: .when(traits: ["Compression"])),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GuerrillaSQLiteTests",
            dependencies: [
                "GuerrillaSQLite", "GuerrillaProcessors", "GuerrillaBackend", "GuerrillaSMTP", "GuerrillaMail",
                "GuerrillaTestSupport", nioCore, nioPosix, logging, inMemoryLogging,
                .product(name: "GRDB", package: "GRDB.swift", condition: .when(traits: ["SQLite"])),
                .product(name: "GRDBSQLite", package: "GRDB.swift", condition: .when(traits: ["SQLite"])),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GuerrillaFastCGITests",
            dependencies: [
                "GuerrillaFastCGI", "GuerrillaTesting", "GuerrillaBackend", "GuerrillaSMTP", "GuerrillaMail",
                "GuerrillaTestSupport", nioCore, nioPosix, logging, inMemoryLogging,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GuerrillaRedisTests",
            dependencies: [
                "GuerrillaRedis", "GuerrillaTesting", "GuerrillaBackend", "GuerrillaSMTP", "GuerrillaMail",
                "GuerrillaTestSupport", nioCore, nioPosix, logging, inMemoryLogging,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GuerrillaSQLTests",
            dependencies: [
                "GuerrillaSQL", "GuerrillaTesting", "GuerrillaTestSupport", "GuerrillaBackend",
                "GuerrillaSMTP", "GuerrillaMail", nioCore, logging, inMemoryLogging,
                .target(name: "GuerrillaMySQL", condition: .when(traits: ["MySQL"])),
                .target(name: "GuerrillaPostgres", condition: .when(traits: ["Postgres"])),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GuerrillaServerTests",
            dependencies: [
                "GuerrillaServer", "GuerrillaSMTP", "GuerrillaBackend", "GuerrillaMail", "GuerrillaTestSupport",
                nioCore, nioTLS,
                nioPosix, nioEmbedded, logging, inMemoryLogging,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GuerrillaTLSTests",
            dependencies: [
                "GuerrillaTLS", "GuerrillaServer", "GuerrillaMail", "GuerrillaTestSupport", nioCore, nioPosix,
                nioEmbedded, nioTLS,
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: .when(traits: ["TLS"])),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GuerrillaTests",
            dependencies: [
                "Guerrilla", "GuerrillaServer", "GuerrillaProcessors", "GuerrillaBackend", "GuerrillaSMTP",
                "GuerrillaMail",
                "GuerrillaTestSupport", nioCore, nioPosix, logging, inMemoryLogging,
                .target(name: "GuerrillaSQLite", condition: .when(traits: ["SQLite"])),
                .product(
                    name: "ServiceLifecycle",
                    package: "swift-service-lifecycle",
                    condition: .when(traits: ["ServiceLifecycle"])
                ),
            ],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)
