#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Where users' Maildirs are (`maildir_path`): `[user]` stands for the user's name, `~/` in front for the home directory of the user
/// that the daemon runs as.
struct MaildirPath: Sendable {
    /// What has to be there already: the path up to the component with the first `[user]`, or up to the last one without it.
    let base: String
    /// The components below it, which are made for each user.
    private let components: [String]

    static let placeholder = "[user]"

    /// - Parameter home: The home directory.
    /// - Throws: ``MaildirSettingError`` with the end of a sentence about the path.
    init(_ text: String, home: String? = Self.homeDirectory) throws(MaildirSettingError) {
        guard !text.isEmpty, !text.utf8.contains(0) else {
            throw MaildirSettingError("it is empty; name a directory, such as ~/Maildir")
        }
        var path = text
        if text == "~" || text.hasPrefix("~/") {
            guard let home else {
                throw MaildirSettingError(
                    "the user that the daemon runs as has no home directory; write it in place of `~`"
                )
            }
            path = home + text.dropFirst()
        } else if text.hasPrefix("~") {
            throw MaildirSettingError("only `~/` stands for a home directory, of the user that the daemon runs as")
        }
        var all = path.split(separator: "/").map(String.init)
        guard let last = all.indices.last else {
            throw MaildirSettingError("messages cannot be kept in `/`; name a directory below it")
        }
        guard !all.contains("..") else {
            throw MaildirSettingError("`..` is not understood; write the path without it")
        }
        let first = all.firstIndex { $0.contains(Self.placeholder) } ?? last
        self.components = Array(all[first...])
        all.removeSubrange(first...)
        let joined = all.joined(separator: "/")
        self.base = path.hasPrefix("/") ? "/" + joined : joined.isEmpty ? "." : joined
    }

    /// The directories of a user from the first one below ``base`` down to the Maildir itself, each a whole path.
    /// - Parameter user: A name of the map.
    func directories(of user: String) -> [String] {
        var path = self.base == "/" ? "" : self.base
        return self.components.map { component in
            path += "/" + Self.replacing(in: component, by: user)
            return path
        }
    }

    /// The Maildir of a user.
    func maildir(of user: String) -> String { self.directories(of: user).last ?? self.base }

    private static func replacing(in component: String, by user: String) -> String {
        var text = ""
        var rest = component[...]
        while let range = rest.firstRange(of: Self.placeholder) {
            text += rest[..<range.lowerBound] + user
            rest = rest[range.upperBound...]
        }
        return text + rest
    }

    /// The home directory of the user that the process runs as; nil if the system knows none.
    static var homeDirectory: String? {
        var entry = passwd()
        var result: UnsafeMutablePointer<passwd>?
        var memory = [CChar](repeating: 0, count: 16_384)
        guard getpwuid_r(geteuid(), &entry, &memory, memory.count, &result) == 0, let found = result,
            let directory = found.pointee.pw_dir
        else { return nil }
        let home = String(cString: directory)
        return home.hasPrefix("/") ? home : nil
    }
}
