import Testing

@testable import GuerrillaMaildir

struct MaildirUserMapTests {
    @Test func recordsAreReadWithTheirIds() throws {
        let map = try MaildirUserMap("alice=1000:100, Bob = -1:-1 ,carol=0:0,dave=-1:5,")
        #expect(
            map.owners == [
                "alice": MaildirOwner(uid: 1000, gid: 100),
                "bob": MaildirOwner(),
                "carol": MaildirOwner(uid: 0, gid: 0),
                "dave": MaildirOwner(uid: nil, gid: 5),
            ]
        )
    }

    @Test(arguments: [
        ("", "there is no user"), (" , ,", "there is no user"), ("alice", "has no `=`"), ("alice=1", "has not two ids"),
        ("alice=1:2:3", "has not two ids"), ("alice=1000;bob=2:2", "is no uid"), ("alice=mail:1", "\"mail\" in"),
        ("alice=1:users", "\"users\" in"), ("alice=:1", "is no uid"), ("alice=1:", "is no gid"),
        ("alice=-2:1", "is no uid"),
        ("alice=+1:1", "is no uid"), ("alice=4294967295:1", "is no uid"), ("alice=99999999999:1", "is no uid"),
        ("alice=1:1,Alice=2:2", "twice"), ("=1:1", "cannot be the name of a directory"),
    ])
    func malformedTextIsAnErrorThatNamesIt(_ text: String, _ reason: String) {
        let error = #expect(throws: MaildirSettingError.self) { try MaildirUserMap(text) }
        #expect(error?.description.contains(reason) == true)
    }

    @Test(arguments: [".", "..", "a/b", "../a", "/", "a\0b", "a\nb", "a\u{7f}", "a\u{85}"])
    func unsafeNamesAreRefused(_ name: String) {
        #expect(throws: MaildirSettingError.self) { try MaildirUserMap("\(name)=1:1") }
    }

    @Test func aNameIsNoLongerThanAFileNameMayBe() throws {
        #expect(throws: MaildirSettingError.self) { try MaildirUserMap(String(repeating: "a", count: 256) + "=1:1") }
        #expect(try MaildirUserMap(String(repeating: "a", count: 255) + "=1:1").owners.count == 1)
    }

    @Test(arguments: [
        ("alice", "alice"), ("ALICE", "alice"), ("Alice+news", "alice"), ("alice+", "alice"), ("bob+x", "bob+x"),
        ("BOB+X", "bob+x"), ("ünï", "ünï"), ("ÜNÏ", "ünï"),
    ])
    func localPartsAreFoundInAnyCaseAndWithDetail(_ localPart: String, _ name: String) throws {
        #expect(try MaildirUserMap("alice=1:1,bob+x=1:1,Ünï=1:1").name(of: localPart) == name)
    }

    @Test(arguments: [
        "", "+", "+alice", "bob", "bob+y", "../alice", "alice/", "alice\0", ".", "..", "~", "alice ", "a/../alice",
    ])
    func otherLocalPartsAreNobodys(_ localPart: String) throws {
        #expect(try MaildirUserMap("alice=1:1,bob+x=1:1").name(of: localPart) == nil)
    }
}
