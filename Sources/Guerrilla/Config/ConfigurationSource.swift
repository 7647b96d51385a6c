#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Where a configuration comes from.
public enum ConfigurationSource: Sendable, Hashable, CustomStringConvertible {
    /// The file at a path.
    case file(String)
    /// ``DaemonConfiguration/embeddedDefault(hostName:)``, because there is no file.
    case embeddedDefault
    /// Text that is no file. It is handed to ``ConfigurationLoader/load(_:source:)``; to ``ConfigurationLoader/load(from:)`` this is `{}`.
    case text

    /// The names looked for in the working directory, in this order. The first is go-guerrilla's old one.
    public static let fileNames = ["goguerrilla.conf", "goguerrilla.conf.json"]

    /// Decides where to read from: the path that was asked for, else the first of ``fileNames`` that exists, else the embedded default.
    ///
    /// A path that was asked for is returned whether or not there is a file: that it is missing is for the loader to say. So is that a
    /// file cannot be looked at: only one that is not there lets the next stand in for it.
    ///
    /// - Parameters:
    ///   - explicitPath: The path from the command line, nil or empty when there is none.
    ///   - directory: Where to look, nil for the working directory.
    public static func lookUp(explicitPath: String?, in directory: String? = nil) -> ConfigurationSource {
        if let explicitPath, !explicitPath.isEmpty {
            return .file(explicitPath)
        }
        for name in fileNames {
            let path = directory.map { "\($0)/\(name)" } ?? name
            if access(path, F_OK) == 0 || errno != ENOENT {
                return .file(path)
            }
        }
        return .embeddedDefault
    }

    /// The path, `the embedded default`, or `text`.
    public var description: String {
        switch self {
        case .file(let path): path
        case .embeddedDefault: "the embedded default"
        case .text: "text"
        }
    }
}
