import GuerrillaBackend
import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Writes messages to Maildirs, many at a time.
///
/// A batch is written to `tmp` first, with the kernel told to begin with the disk; then all files are synced, by several threads; then all are renamed
/// into `new`, and each `new` that was touched is synced once. The files share what a sync costs: a commit of the file system's journal and a flush
/// of the disk's cache, which the kernel does once for all threads that wait for it.
///
/// A message of several recipients is published only when all its copies are on the disk. What fails, fails for the messages that it concerns:
/// their files are removed, the others of the batch go on.
struct MaildirStore: Sendable {
    /// Files open at once.
    private static let openFiles = 64

    /// Threads that wait for the disk at the same time. On a disk that takes milliseconds for a flush, 16 are five times as fast as one, and
    /// more bring little.
    static let syncThreads = 16

    private let path: MaildirPath
    private let users: MaildirUserMap
    private let names: MaildirNameGenerator
    private let system: MaildirSystem
    private let syncExecutor: BlockingThreadExecutor

    /// - Parameter syncExecutor: Has ``syncThreads`` threads.
    init(
        path: MaildirPath,
        users: MaildirUserMap,
        names: MaildirNameGenerator = MaildirNameGenerator(),
        system: MaildirSystem = MaildirSystem(),
        syncExecutor: BlockingThreadExecutor
    ) {
        self.path = path
        self.users = users
        self.names = names
        self.system = system
        self.syncExecutor = syncExecutor
    }

    /// One file on its way.
    private struct File {
        let message: Int
        let copy: MaildirMessage.Copy
        let maildir: String
        let owner: MaildirOwner
        /// In `tmp`.
        let name: String
        /// In `new`.
        let publishedName: String
    }

    /// Delivers the messages.
    /// - Returns: For each message nil, when all its copies are on the disk and in `new`, or why none of them is.
    func deliver(_ messages: [MaildirMessage]) async -> [MaildirError?] {
        var failures = [MaildirError?](repeating: nil, count: messages.count)
        var files: [File] = []
        for (index, message) in messages.enumerated() {
            for copy in message.copies {
                let name = self.names.next()
                files.append(
                    File(
                        message: index,
                        copy: copy,
                        maildir: self.path.maildir(of: copy.user),
                        owner: self.users.owners[copy.user] ?? MaildirOwner(),
                        name: name,
                        publishedName: MaildirNameGenerator.published(name, size: copy.form.size)
                    )
                )
            }
        }
        for start in stride(from: 0, to: files.count, by: Self.openFiles) {
            await self.prepare(files[start..<min(start + Self.openFiles, files.count)], &failures)
        }
        for file in files where failures[file.message] == nil {
            failures[file.message] = Self.failure { () throws(MaildirError) in try self.publish(file) }
        }
        await self.syncDirectories(of: files, &failures)
        for file in files where failures[file.message] != nil { self.remove(file) }
        return failures
    }

    // MARK: Steps

    /// Writes and syncs the files in `tmp`.
    private func prepare(_ files: ArraySlice<File>, _ failures: inout [MaildirError?]) async {
        var written: [(file: File, descriptor: Int32)] = []
        for file in files where failures[file.message] == nil {
            do throws(MaildirError) {
                written.append((file, try self.write(file)))
            } catch {
                failures[file.message] = error
            }
        }
        let codes = await self.syncToDisk(written.map(\.descriptor))
        for ((file, descriptor), code) in zip(written, codes) {
            close(descriptor)
            if code != 0, failures[file.message] == nil {
                failures[file.message] = MaildirError(
                    "cannot bring to the disk a message in",
                    at: file.maildir,
                    code: code
                )
            }
        }
    }

    /// - Returns: For each descriptor 0, or `errno`.
    private func syncToDisk(_ descriptors: [Int32]) async -> [Int32] {
        let system = self.system
        guard descriptors.count > 1 else { return descriptors.map(system.syncToDisk) }
        let threads = min(Self.syncThreads, descriptors.count)
        return await withTaskGroup(of: [(Int, Int32)].self) { group in
            for first in 0..<threads {
                group.addTask(executorPreference: self.syncExecutor) {
                    stride(from: first, to: descriptors.count, by: threads).map {
                        ($0, system.syncToDisk(descriptors[$0]))
                    }
                }
            }
            var codes = [Int32](repeating: 0, count: descriptors.count)
            for await results in group {
                for (index, code) in results { codes[index] = code }
            }
            return codes
        }
    }

    /// - Returns: The open file.
    private func write(_ file: File) throws(MaildirError) -> Int32 {
        let directory = try MaildirDirectory(file.maildir + "/tmp", owner: file.owner)
        let descriptor = openat(
            directory.descriptor,
            file.name,
            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
            0o600
        )
        guard descriptor >= 0 else {
            throw MaildirError("cannot make a file in", at: file.maildir + "/tmp", code: errno)
        }
        do throws(MaildirError) {
            try self.give(descriptor, to: file.owner, in: file.maildir)
            for piece in file.copy.form {
                let code = piece.withUnsafeReadableBytes { self.system.writeAll($0, to: descriptor) }
                guard code == 0 else { throw MaildirError("cannot write a message to", at: file.maildir, code: code) }
            }
        } catch {
            close(descriptor)
            throw error
        }
        #if os(Linux)
        // Only a hint, and a side effect of Linux: the disk begins with this file while the next ones are written. What counts is the sync.
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
        #endif
        return descriptor
    }

    private func give(_ descriptor: Int32, to owner: MaildirOwner, in maildir: String) throws(MaildirError) {
        guard owner.uid != nil || owner.gid != nil else { return }
        // (uid_t)-1 leaves the id as it is.
        guard fchown(descriptor, owner.uid ?? .max, owner.gid ?? .max) == 0 else {
            throw MaildirError("cannot give a message to its owner in", at: maildir, code: errno)
        }
    }

    private func publish(_ file: File) throws(MaildirError) {
        let tmp = try MaildirDirectory(file.maildir + "/tmp", owner: file.owner)
        let new = try MaildirDirectory(file.maildir + "/new", owner: file.owner)
        guard self.system.rename(tmp.descriptor, file.name, new.descriptor, file.publishedName) == 0 else {
            throw MaildirError("cannot move a message to", at: file.maildir + "/new", code: errno)
        }
    }

    /// Syncs each `new` once that messages were moved to.
    private func syncDirectories(of files: [File], _ failures: inout [MaildirError?]) async {
        var owners: [String: MaildirOwner] = [:]
        for file in files where failures[file.message] == nil { owners[file.maildir] = file.owner }
        var results: [String: MaildirError] = [:]
        var rest = Array(owners)[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.openFiles)
            rest = rest.dropFirst(part.count)
            var opened: [(path: String, descriptor: Int32)] = []
            for (maildir, owner) in part {
                do throws(MaildirError) {
                    opened.append((maildir, try MaildirDirectory(maildir + "/new", owner: owner).release()))
                } catch {
                    results[maildir] = error
                }
            }
            for ((maildir, descriptor), code) in zip(opened, await self.syncToDisk(opened.map(\.descriptor))) {
                close(descriptor)
                if code != 0 {
                    results[maildir] = MaildirError("cannot bring to the disk", at: maildir + "/new", code: code)
                }
            }
        }
        for file in files where failures[file.message] == nil { failures[file.message] = results[file.maildir] }
    }

    /// Takes back what there is of a file: its sender will send it again.
    private func remove(_ file: File) {
        for (directory, name) in [("/tmp", file.name), ("/new", file.publishedName)] {
            guard let directory = try? MaildirDirectory(file.maildir + directory, owner: file.owner) else { continue }
            _ = unlinkat(directory.descriptor, name, 0)
        }
    }

    private static func failure(_ body: () throws(MaildirError) -> Void) -> MaildirError? {
        do throws(MaildirError) {
            try body()
            return nil
        } catch {
            return error
        }
    }
}

/// Lets a ``GroupCommitter`` drive the store. It never fails as a whole: each message has its own outcome.
struct MaildirGroupCommit: GroupCommit {
    let store: MaildirStore

    /// - Returns: For each message nil, or why it was not delivered.
    func commit(_ items: [MaildirMessage]) async throws -> [MaildirError?] {
        await self.store.deliver(items)
    }

    func committedCount(of outcomes: [MaildirError?]) -> Int { outcomes.count { $0 == nil } }
}
