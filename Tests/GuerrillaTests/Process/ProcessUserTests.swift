import Testing

@testable import Guerrilla

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What a process can try without giving up its rights for good.
struct ProcessUserTests {
    private func user(_ user: String?, _ group: String? = nil) throws(DaemonError) -> ProcessUser? {
        var configuration = DaemonConfiguration(hostName: "mx.example.com")
        configuration.user = user
        configuration.group = group
        return try ProcessUser(configuration)
    }

    @Test func withoutTheKeyThereIsNobodyToBecome() throws {
        #expect(try self.user(nil) == nil)
    }

    @Test func groupIsTheUsersOwnUnlessItIsNamed() throws {
        let root = try #require(try self.user("root"))
        #expect(root.userID == 0)
        #expect(root.groupID == 0)
        #expect(!root.isToBeBecome)
        #expect(try self.user("root", "nogroup")?.groupID == 65_534)
    }

    @Test(arguments: [
        ("no-such-user", "", "user: this system has no user `no-such-user`"),
        ("root", "no-such-group", "group: this system has no group `no-such-group`"),
        ("", "root", "group: has no meaning without `user`"),
    ])
    func strangersAreToldWithTheirKey(user: String, group: String, sentence: String) {
        let error = #expect(throws: DaemonError.self) {
            _ = try self.user(user.isEmpty ? nil : user, group.isEmpty ? nil : group)
        }
        #expect(error?.description == sentence)
    }

    @Test func whoIsThatUserAlreadyHasNothingToDo() throws {
        let entry = try #require(getpwuid(geteuid()))
        try self.user(String(cString: entry.pointee.pw_name))?.become(environment: [:], arguments: [], handover: nil) {
            []
        }
    }

    @Test func whoIsNotRootCannotBecomeAnother() throws {
        guard geteuid() != 0 else { return }
        let root = try #require(try self.user("root"))
        let error = #expect(throws: DaemonError.self) {
            try root.become(environment: [:], arguments: [], handover: nil) { [] }
        }
        #expect(error?.description.hasPrefix("user: only root can become `root`") == true)
    }
}
