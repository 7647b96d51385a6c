#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The file form of a configuration: a JSON tree with the place of every value.
public struct ConfigurationFile: Sendable, Equatable {
    /// The largest file read, in octets.
    public static let maximumSize = 1_048_576

    /// The file's one value, an object in every usable configuration.
    public var root: ConfigurationNode

    /// Parses JSON.
    ///
    /// - Parameter octets: The file's content, UTF-8.
    /// - Throws: ``ConfigurationSyntaxError`` for the first place that is not JSON.
    public static func parse(_ octets: some Sequence<UInt8>) throws(ConfigurationSyntaxError) -> ConfigurationFile {
        let octets = Array(octets.prefix(maximumSize + 1))
        guard octets.count <= maximumSize else {
            throw ConfigurationSyntaxError(
                position: ConfigurationNode.Position(line: 1, column: 1),
                message: "the file is larger than \(maximumSize) octets"
            )
        }
        return ConfigurationFile(root: try JSONReader.read(octets))
    }

    /// The content of the file at `path`, at most one octet more than ``maximumSize``.
    ///
    /// - Throws: ``ConfigurationFileError`` with the operating system's text.
    static func contents(of path: String) throws(ConfigurationFileError) -> [UInt8] {
        guard let file = fopen(path, "rb") else {
            throw ConfigurationFileError(message: String(cString: strerror(errno)))
        }
        defer { fclose(file) }
        var octets = [UInt8](repeating: 0, count: maximumSize + 1)
        let count = fread(&octets, 1, octets.count, file)
        guard ferror(file) == 0 else {
            throw ConfigurationFileError(message: String(cString: strerror(errno)))
        }
        return Array(octets.prefix(count))
    }
}

/// A configuration file that cannot be read.
struct ConfigurationFileError: Error, Equatable {
    /// The operating system's text.
    var message: String
}
