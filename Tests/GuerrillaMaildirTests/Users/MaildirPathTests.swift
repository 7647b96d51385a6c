import Testing

@testable import GuerrillaMaildir

struct MaildirPathTests {
    @Test(arguments: [
        ("/home/[user]/Maildir", "/home", ["/home/alice", "/home/alice/Maildir"]),
        ("/var/mail/[user]", "/var/mail", ["/var/mail/alice"]),
        ("/[user]", "/", ["/alice"]),
        ("mail/[user]/", "mail", ["mail/alice"]),
        ("[user]", ".", ["./alice"]),
        ("~/Maildir", "/home/me", ["/home/me/Maildir"]),
        ("~/[user]/x-[user]-[user]", "/home/me", ["/home/me/alice", "/home/me/alice/x-alice-alice"]),
        ("/srv//drop/box", "/srv/drop", ["/srv/drop/box"]),
        ("~", "/home", ["/home/me"]),
    ])
    func theUsersDirectoriesStandBelowTheBase(_ text: String, _ base: String, _ directories: [String]) throws {
        let path = try MaildirPath(text, home: "/home/me")
        #expect(path.base == base)
        #expect(path.directories(of: "alice") == directories)
        #expect(path.maildir(of: "alice") == directories.last)
    }

    @Test func aPlaceholderInAUsersNameIsLeftAlone() throws {
        #expect(try MaildirPath("/m/[user]", home: nil).maildir(of: "a[user]b") == "/m/a[user]b")
    }

    @Test(arguments: ["", "/", "//", "~bob/Maildir", "a\0b", "/var/../mail/[user]", ".."])
    func whatCannotBeIsRefused(_ text: String) {
        #expect(throws: MaildirSettingError.self) { try MaildirPath(text, home: "/home/me") }
    }

    @Test func withoutAHomeThereIsNone() {
        #expect(throws: MaildirSettingError.self) { try MaildirPath("~/Maildir", home: nil) }
    }
}
