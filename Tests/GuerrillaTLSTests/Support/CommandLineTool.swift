#if TLS
import Foundation
import GuerrillaTestSupport
import Testing

/// A program that is run once, with everything it says.
struct CommandLineTool {
    struct Result: Sendable {
        let status: Int32
        /// Both of its outputs.
        let output: String
    }

    /// How many run at once: Foundation has been seen to crash with hundreds.
    private static let places = DispatchSemaphore(value: 8)

    /// Runs `openssl`, which gets nothing to read and is stopped when ``patience`` is at its end. Blocks.
    static func openssl(_ arguments: [String], in directory: String? = nil) throws -> Result {
        self.places.wait()
        defer { self.places.signal() }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["timeout", "\(patience.components.seconds)", "openssl"] + arguments
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Result(status: process.terminationStatus, output: text)
    }

    /// The same on a thread of its own.
    static func run(_ arguments: [String], in directory: String? = nil) async throws -> Result {
        try await self.onThread { try openssl(arguments, in: directory) }
    }

    /// Runs something that blocks, where it stops nobody else.
    static func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Swift.Result { try body() })
            }
        }
    }
}
#endif
