#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A directory of one test, removed with everything in it when the last reference goes.
public final class TemporaryDirectory: Sendable {
    /// Where it is.
    public let path: String

    /// Creates it.
    public init() {
        self.path = FileManager.default.temporaryDirectory.appendingPathComponent("guerrilla-\(UUID().uuidString)").path
        try? FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.path)
    }

    /// The path of a file in it.
    public func path(_ name: String) -> String { "\(self.path)/\(name)" }

    /// The names of the files in it, sorted.
    public var contents: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: self.path)) ?? []).sorted()
    }

    /// A file as text; nil when there is none or when it is not UTF-8.
    public func text(_ name: String) -> String? {
        try? String(contentsOfFile: self.path(name), encoding: .utf8)
    }

    /// The lines of a file, each of which must be ended.
    public func lines(_ name: String) -> [String]? {
        guard let text = self.text(name) else { return nil }
        guard text.isEmpty || text.hasSuffix("\n") else { return nil }
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    /// Writes a file.
    public func write(_ text: String, to name: String) throws {
        try text.write(toFile: self.path(name), atomically: false, encoding: .utf8)
    }

    public func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: self.path(name))
    }

    /// Makes a symbolic link, or lets one point elsewhere.
    public func link(_ name: String, to target: String) throws {
        try? self.remove(name)
        try FileManager.default.createSymbolicLink(atPath: self.path(name), withDestinationPath: self.path(target))
    }
}
