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

    /// Runs `openssl`, which gets nothing to read. Blocks.
    static func openssl(_ arguments: [String], in directory: String? = nil) throws -> Result {
        let run = try ProgramRun(["openssl"] + arguments, in: directory)
        return Result(status: run.status, output: run.text)
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
