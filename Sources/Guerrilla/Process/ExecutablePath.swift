#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Where the running program was found.
package enum ExecutablePath {
    /// The path by which the program was started, made absolute: whatever stands there later is its new version. Links stay links, so
    /// one that is made to point at another version counts.
    ///
    /// To be asked at the start, while the file is still the running one.
    /// - Parameters:
    ///   - name: The first word of the command line.
    ///   - searchPath: `PATH` of the environment.
    package static func find(_ name: String, searchPath: String?) -> String? {
        let running = FileStamp(path: Self.running)
        return Self.candidates(name, searchPath: searchPath).first { candidate in
            running == nil || FileStamp(path: candidate) == running
        } ?? Self.target(of: Self.running)
    }

    private static func candidates(_ name: String, searchPath: String?) -> [String] {
        if name.hasPrefix("/") { return [name] }
        guard let directory = Self.workingDirectory else { return [] }
        if name.utf8.contains(UInt8(ascii: "/")) { return ["\(directory)/\(name)"] }
        // An empty entry is the working directory.
        return (searchPath ?? "").split(separator: ":", omittingEmptySubsequences: false).map { entry in
            switch entry {
            case "": "\(directory)/\(name)"
            case _ where entry.hasPrefix("/"): "\(entry)/\(name)"
            default: "\(directory)/\(entry)/\(name)"
            }
        }
    }

    private static let running = "/proc/self/exe"

    private static var workingDirectory: String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        guard getcwd(&buffer, buffer.count) != nil else { return nil }
        return Self.text(buffer)
    }

    private static func target(of link: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        guard readlink(link, &buffer, buffer.count - 1) > 0 else { return nil }
        return Self.text(buffer)
    }

    private static func text(_ buffer: [CChar]) -> String {
        String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
