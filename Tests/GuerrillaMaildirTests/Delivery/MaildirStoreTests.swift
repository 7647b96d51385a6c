import Foundation
import Synchronization
import Testing

@testable import GuerrillaMaildir

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

struct MaildirStoreTests {
    private let fixture: MaildirFixture

    init() throws {
        self.fixture = try MaildirFixture()
    }

    @Test func aBatchIsDeliveredToEachRecipient() async throws {
        var batch: [MaildirMessage] = []
        for number in 0..<200 { batch.append(try await .sample("message \(number)", to: "alice", "bob")) }
        let failures = try await self.fixture.store().deliver(batch)
        #expect(failures.count == 200)
        #expect(failures.allSatisfy { $0 == nil })
        #expect(self.fixture.messages("alice") == (0..<200).map { "message \($0)" }.sorted())
        #expect(self.fixture.messages("bob") == self.fixture.messages("alice"))
        #expect(self.fixture.fileCount == 400)
        #expect(self.fixture.names("alice", "tmp").isEmpty)
    }

    @Test func filesAndDirectoriesAreTheirOwnersAlone() async throws {
        let store = try self.fixture.store()
        let failures = try await store.deliver([.sample("12345", to: "alice")])
        #expect(failures.allSatisfy { $0 == nil })
        let name = try #require(self.fixture.names("alice", "new").first)
        #expect(name.hasSuffix(",S=5"))
        #expect(try self.fixture.attributes("alice/new/\(name)")[.posixPermissions] as? Int == 0o600)
        for directory in ["alice", "alice/tmp", "alice/new", "alice/cur"] {
            #expect(try self.fixture.attributes(directory)[.posixPermissions] as? Int == 0o700)
        }
    }

    @Test(.enabled(if: geteuid() == 0))
    func everythingBelongsToTheUser() async throws {
        let store = try self.fixture.store(users: "alice=1234:5678,bob=1234:-1,carol=0:0")
        let failures = try await store.deliver([.sample("x", to: "alice", "bob", "carol")])
        #expect(failures.allSatisfy { $0 == nil })
        for (user, uid, gid) in [("alice", 1234, 5678), ("bob", 1234, Int(getegid())), ("carol", 0, 0)] {
            let name = try #require(self.fixture.names(user, "new").first)
            for path in [user, user + "/tmp", user + "/new", user + "/cur", user + "/new/" + name] {
                let attributes = try self.fixture.attributes(path)
                #expect(attributes[.ownerAccountID] as? Int == uid, "\(path)")
                #expect(attributes[.groupOwnerAccountID] as? Int == gid, "\(path)")
            }
        }
    }

    @Test(.enabled(if: geteuid() == 0))
    func aLinkToSomebodyElsesDirectoryIsNotFollowed() async throws {
        let store = try self.fixture.store(users: "alice=1234:1234,bob=-1:-1")
        for folder in ["tmp", "new"] {
            try self.fixture.remove("alice/\(folder)")
            try FileManager.default.createDirectory(
                atPath: self.fixture.directory + "/\(folder)",
                withIntermediateDirectories: true
            )
            try FileManager.default.createSymbolicLink(
                atPath: self.fixture.directory + "/alice/\(folder)",
                withDestinationPath: self.fixture.directory + "/\(folder)"
            )
        }
        let refused = try await store.deliver([.sample("x", to: "alice")])
        #expect(refused.allSatisfy { $0 != nil })
        // Over a link further up, the owner gives it away.
        try self.fixture.remove("alice")
        try FileManager.default.createSymbolicLink(
            atPath: self.fixture.directory + "/alice",
            withDestinationPath: self.fixture.directory
        )
        let failure = try await store.deliver([.sample("x", to: "alice")])[0]
        #expect(failure?.description.contains("belongs to uid 0, not to 1234") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: self.fixture.directory + "/tmp").isEmpty)
    }

    /// Bob owns the directory that his Maildir is in, and the daemon runs as root.
    @Test(.enabled(if: geteuid() == 0))
    func nothingIsGivenAwayOverALink() throws {
        let path = try MaildirPath(self.fixture.directory + "/[user]/Maildir")
        let (alice, bob) = (MaildirOwner(uid: 1234, gid: 1234), MaildirOwner(uid: 4321, gid: 4321))
        let home = self.fixture.directory + "/bob"
        try path.makeMaildir(of: "alice", owner: alice)
        try path.makeMaildir(of: "bob", owner: bob)
        func linkMaildir(to target: String) throws {
            try self.fixture.remove("bob/Maildir")
            try FileManager.default.createSymbolicLink(atPath: home + "/Maildir", withDestinationPath: target)
        }
        try linkMaildir(to: "../alice/Maildir")
        let error = #expect(throws: MaildirError.self) { try path.makeMaildir(of: "bob", owner: bob) }
        #expect(error?.description == "the link '\(home)/Maildir' leads to what belongs to uid 1234, not to 4321")
        for folder in ["", "/tmp", "/new", "/cur"] {
            let owner = try self.fixture.attributes("alice/Maildir" + folder)[.ownerAccountID] as? Int
            #expect(owner == 1234, "\(folder)")
        }
        // What is his own may be elsewhere.
        let elsewhere = home + "/elsewhere"
        try FileManager.default.createDirectory(
            atPath: elsewhere,
            withIntermediateDirectories: false,
            attributes: [.ownerAccountID: 4321]
        )
        try linkMaildir(to: elsewhere)
        try path.makeMaildir(of: "bob", owner: bob)
        #expect(try self.fixture.attributes("bob/elsewhere/new")[.ownerAccountID] as? Int == 4321)
    }

    // MARK: Failures

    /// Whose directory a descriptor is in, by its path.
    private static func path(of descriptor: Int32) -> String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")) ?? ""
    }

    private enum Step: CaseIterable { case write, syncFile, rename, syncDirectory }

    private func system(failing step: Step, at user: String) -> MaildirSystem {
        let part = "/\(user)/"
        let usual = MaildirSystem()
        var system = usual
        @Sendable func fails(_ descriptor: Int32, in folder: String) -> Bool {
            let path = Self.path(of: descriptor)
            guard path.contains(part), path.contains(folder) else { return false }
            errno = ENOSPC
            return true
        }
        switch step {
        case .write: system.write = { fails($0, in: "/tmp/") ? -1 : usual.write($0, $1, $2) }
        case .syncFile: system.sync = { fails($0, in: "/tmp/") ? -1 : usual.sync($0) }
        case .syncDirectory:
            system.sync = { Self.path(of: $0).hasSuffix("/new") && fails($0, in: "/new") ? -1 : usual.sync($0) }
        case .rename: system.rename = { fails($2, in: "/new") ? -1 : usual.rename($0, $1, $2, $3) }
        }
        return system
    }

    @Test(arguments: Step.allCases)
    private func whatFailsLeavesNothingBehindAndTheOthersGoOn(_ step: Step) async throws {
        let store = try self.fixture.store(system: self.system(failing: step, at: "bob"))
        let failures = try await store.deliver([
            .sample("one", to: "alice"), .sample("two", to: "alice", "bob", "carol"), .sample("three", to: "bob"),
            .sample("four", to: "carol"),
        ])
        #expect(failures.map { $0 == nil } == [true, false, false, true])
        #expect(failures[1]?.code == ENOSPC)
        #expect(failures[1]?.description.contains("No space left on device") == true)
        #expect(self.fixture.messages("alice") == ["one"])
        #expect(self.fixture.messages("carol") == ["four"])
        #expect(self.fixture.fileCount == 2)
    }

    @Test func missingDirectoriesFailTheMessagesForThem() async throws {
        let store = try self.fixture.store()
        try self.fixture.remove("bob/new")
        try self.fixture.remove("carol")
        let failures = try await store.deliver([
            .sample("one", to: "alice", "bob"), .sample("two", to: "carol"), .sample("three", to: "alice"),
        ])
        #expect(failures.map { $0 == nil } == [false, false, true])
        #expect(self.fixture.messages("alice") == ["three"])
        #expect(self.fixture.fileCount == 1)
    }

    @Test func interruptedAndPartialWritesGoOn() async throws {
        let usual = MaildirSystem()
        let calls = Atomic<Int>(0)
        var system = usual
        system.write = { descriptor, octets, count in
            guard calls.wrappingAdd(1, ordering: .relaxed).newValue % 2 == 0 else {
                errno = EINTR
                return -1
            }
            return usual.write(descriptor, octets, min(count, 3))
        }
        system.sync = { descriptor in
            guard calls.wrappingAdd(1, ordering: .relaxed).newValue % 2 == 0 else {
                errno = EINTR
                return -1
            }
            return usual.sync(descriptor)
        }
        let failures = try await self.fixture.store(system: system).deliver([.sample("0123456789", to: "alice")])
        #expect(failures.allSatisfy { $0 == nil })
        #expect(self.fixture.messages("alice") == ["0123456789"])
    }

    @Test func descriptorsAreClosedWhateverFails() async throws {
        func openFiles() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
                .filter { Self.path(of: Int32($0) ?? -1).contains(self.fixture.directory) }.count
        }
        for step in Step.allCases {
            let store = try self.fixture.store(system: self.system(failing: step, at: "bob"))
            _ = try await store.deliver([.sample("one", to: "alice", "bob"), .sample("two", to: "bob")])
        }
        let open = try openFiles()
        #expect(open == 0)
    }

    // MARK: Leftovers

    @Test func onlyFilesOlderThan36HoursAreSweptFromTmp() throws {
        _ = try self.fixture.store()
        for name in ["old", "young", "readLately"] { try self.fixture.write("x", to: "alice/tmp/\(name)") }
        try FileManager.default.createDirectory(
            atPath: self.fixture.directory + "/alice/tmp/directory",
            withIntermediateDirectories: false
        )
        try self.fixture.write("x", to: "alice/new/old")
        let now = Int(Date().timeIntervalSince1970)
        let age = MaildirSweep.maximumAge + 60
        func touch(_ name: String, read: Int, written: Int) {
            let times = [timespec(tv_sec: now - read, tv_nsec: 0), timespec(tv_sec: now - written, tv_nsec: 0)]
            _ = utimensat(AT_FDCWD, self.fixture.directory + "/alice/" + name, times, 0)
        }
        touch("tmp/old", read: age, written: age)
        touch("tmp/young", read: age - 120, written: age - 120)
        touch("tmp/readLately", read: 60, written: age)
        touch("tmp/directory", read: age, written: age)
        touch("new/old", read: age, written: age)
        let tmp = try MaildirDirectory(self.fixture.directory + "/alice/tmp", owner: MaildirOwner())
        #expect(MaildirSweep.clear(tmp, now: now) == 1)
        #expect(self.fixture.names("alice", "tmp") == ["directory", "readLately", "young"])
        #expect(self.fixture.names("alice", "new") == ["old"])
    }
}
