/// The users who have a Maildir (`maildir_user_map`): `name=uid:gid,name2=uid:gid`.
///
/// Only a name of the map ever becomes a part of a path, never an address, so the names are what has to be safe: not empty, not `.` or
/// `..`, without `/` and control characters. They are compared without regard to case.
struct MaildirUserMap: Sendable {
    /// Owners by name in lower case.
    let owners: [String: MaildirOwner]

    /// Reads the text. An empty record (a comma at the end) is passed over.
    /// - Throws: ``MaildirSettingError`` naming the record and what is wrong with it.
    init(_ text: String) throws(MaildirSettingError) {
        var owners: [String: MaildirOwner] = [:]
        // Scalar by scalar: a combining mark after a comma must not hide it.
        for record in text.unicodeScalars.split(separator: ",", omittingEmptySubsequences: false) {
            let record = String(record).trimmed
            guard !record.isEmpty else { continue }
            let (name, owner) = try Self.parse(record)
            guard owners.updateValue(owner, forKey: name) == nil else {
                throw MaildirSettingError("\"\(name)\" stands in it twice; names are compared without regard to case")
            }
        }
        guard !owners.isEmpty else { throw MaildirSettingError("there is no user in it; write name=uid:gid") }
        self.owners = owners
    }

    /// The name in the map that an address means, if any.
    ///
    /// The local-part in lower case is looked up as a whole; if it is not there, what stands before its first `+`. (RFC 5233 § 1)
    func name(of localPart: String) -> String? {
        let whole = localPart.lowercased()
        if let index = self.owners.index(forKey: whole) { return self.owners[index].key }
        let scalars = whole.unicodeScalars
        guard let plus = scalars.firstIndex(of: "+") else { return nil }
        guard let index = self.owners.index(forKey: String(scalars[..<plus])) else { return nil }
        return self.owners[index].key
    }

    private static func parse(_ record: String) throws(MaildirSettingError) -> (String, MaildirOwner) {
        let scalars = record.unicodeScalars
        guard let equals = scalars.firstIndex(of: "=") else {
            throw MaildirSettingError("\"\(record)\" has no `=`; write name=uid:gid")
        }
        let name = String(scalars[..<equals]).trimmed.lowercased()
        let ids = scalars[scalars.index(after: equals)...].split(separator: ":", omittingEmptySubsequences: false)
        guard ids.count == 2 else {
            throw MaildirSettingError("\"\(record)\" has not two ids; write name=uid:gid, −1 to leave one")
        }
        guard Self.isSafe(name) else {
            throw MaildirSettingError("\"\(name)\" cannot be the name of a directory; name the user differently")
        }
        return (
            name,
            MaildirOwner(
                uid: try Self.id(String(ids[0]).trimmed, "uid", of: record),
                gid: try Self.id(String(ids[1]).trimmed, "gid", of: record)
            )
        )
    }

    private static func id(_ text: String, _ kind: String, of record: String) throws(MaildirSettingError) -> UInt32? {
        if text == "-1" { return nil }
        // 4294967295 is how the system writes −1.
        guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let id = UInt32(text), id < .max
        else { throw MaildirSettingError("\"\(text)\" in \"\(record)\" is no \(kind); write a number, −1 to leave it") }
        return id
    }

    private static func isSafe(_ name: String) -> Bool {
        guard !name.isEmpty, name != ".", name != "..", name.utf8.count <= 255 else { return false }
        return name.unicodeScalars.allSatisfy { $0 != "/" && $0.value >= 0x20 && !(0x7f...0x9f ~= $0.value) }
    }
}

extension String {
    /// Without spaces and tabs at both ends.
    fileprivate var trimmed: String {
        let isBlank: (Unicode.Scalar) -> Bool = { $0 == " " || $0 == "\t" }
        let scalars = self.unicodeScalars.drop(while: isBlank)
        guard let last = scalars.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(scalars[...last])
    }
}
