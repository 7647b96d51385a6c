import Foundation
import GuerrillaBackend
import GuerrillaMail
import NIOCore

@testable import GuerrillaMaildir

/// A directory of one test with Maildirs in it, removed at the end.
final class MaildirFixture: Sendable {
    let directory: String
    private let syncer = BlockingThreadExecutor(threads: MaildirStore.syncThreads)

    init() throws {
        self.directory =
            FileManager.default.temporaryDirectory.appendingPathComponent("guerrilla-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: self.directory, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.directory)
    }

    /// `maildir_path`
    var path: String { self.directory + "/[user]" }

    /// A store whose users have their Maildirs.
    func store(
        users: String = "alice=-1:-1,bob=-1:-1,carol=-1:-1",
        system: MaildirSystem = MaildirSystem()
    ) throws -> MaildirStore {
        let path = try MaildirPath(self.path)
        let map = try MaildirUserMap(users)
        for (user, owner) in map.owners { try path.makeMaildir(of: user, owner: owner) }
        return MaildirStore(path: path, users: map, system: system, syncExecutor: self.syncer)
    }

    /// The names in a user's `tmp`, `new` or `cur`, sorted.
    func names(_ user: String, _ folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(self.directory)/\(user)/\(folder)")) ?? []).sorted()
    }

    /// The messages in a user's `new`, sorted.
    func messages(_ user: String) -> [String] {
        self.names(user, "new").map {
            String(
                decoding: FileManager.default.contents(atPath: "\(self.directory)/\(user)/new/\($0)") ?? Data(),
                as: UTF8.self
            )
        }.sorted()
    }

    /// Files anywhere in the users' Maildirs.
    var fileCount: Int {
        ["alice", "bob", "carol"].reduce(0) { $0 + self.names($1, "tmp").count + self.names($1, "new").count }
    }

    func attributes(_ name: String) throws -> [FileAttributeKey: Any] {
        try FileManager.default.attributesOfItem(atPath: "\(self.directory)/\(name)")
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(self.directory)/\(name)") }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(self.directory)/\(name)"))
    }
}

extension Envelope {
    /// A message to users of example.com; `postmaster` is the path without a domain.
    static func sample(_ text: String, to localParts: [String]) -> Envelope {
        Envelope(
            queuedID: QueuedID(text: "id"),
            client: ClientInfo(address: IPAddress("192.0.2.1"), serverName: "mx.example.com"),
            reversePath: .null,
            recipients: localParts.map { .sample($0) },
            data: MessageData(ByteBuffer(string: text)),
            receivedAt: 1_795_248_408_123_456
        )
    }
}

extension Recipient {
    static func sample(_ localPart: String) -> Recipient {
        if localPart == "postmaster" { return Recipient(.postmaster) }
        return Recipient(.mailbox(Mailbox(localPart: localPart, domain: .name("example.com"))))
    }
}

extension MaildirMessage {
    /// The text for each of the users, without any delivery header.
    static func sample(_ text: String, to users: String...) async throws -> MaildirMessage {
        let envelope = Envelope.sample(text, to: users)
        var copies: [Copy] = []
        for user in users { copies.append(Copy(user: user, form: try await StoredForm(of: envelope))) }
        return MaildirMessage(copies: copies)
    }
}
