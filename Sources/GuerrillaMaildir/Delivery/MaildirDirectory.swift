#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// An open `tmp` or `new` of a user, for a few system calls.
///
/// The daemon may run as root while the user owns the Maildir and may put a link in its place: the directory itself is never
/// reached over a link, and it has to belong to the user.
struct MaildirDirectory: ~Copyable {
    let descriptor: Int32

    /// - Parameters:
    ///   - path: The directory.
    ///   - owner: Whom it has to belong to.
    init(_ path: String, owner: MaildirOwner) throws(MaildirError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw MaildirError("cannot open", at: path, code: errno) }
        if let uid = owner.uid {
            var status = stat()
            guard fstat(descriptor, &status) == 0, status.st_uid == uid else {
                close(descriptor)
                throw MaildirError("'\(path)' belongs to uid \(status.st_uid), not to \(uid) as maildir_user_map says")
            }
        }
        self.descriptor = descriptor
    }

    deinit {
        close(self.descriptor)
    }

    /// The descriptor, to be closed by the caller.
    consuming func release() -> Int32 {
        let descriptor = self.descriptor
        discard self
        return descriptor
    }
}

extension MaildirPath {
    /// Makes a user's Maildir as far as it is missing: directories with mode 0700 that belong to the user.
    /// - Throws: ``MaildirError`` in one sentence.
    func makeMaildir(of user: String, owner: MaildirOwner) throws(MaildirError) {
        let system = MaildirSystem()
        var parent = self.base
        let maildir = self.maildir(of: user)
        for path in self.directories(of: user) {
            try Self.makeDirectory(path, in: parent, owner: owner, isOwned: path == maildir, system)
            parent = path
        }
        for name in ["tmp", "new", "cur"] {
            try Self.makeDirectory(maildir + "/" + name, in: maildir, owner: owner, isOwned: true, system)
        }
    }

    /// - Parameter isOwned: Whether a directory that is there already is given to the owner.
    private static func makeDirectory(
        _ path: String,
        in parent: String,
        owner: MaildirOwner,
        isOwned: Bool,
        _ system: MaildirSystem
    ) throws(MaildirError) {
        let isNew = mkdir(path, 0o700) == 0
        guard isNew || errno == EEXIST else { throw MaildirError("cannot make the directory", at: path, code: errno) }
        var status = stat()
        guard stat(path, &status) == 0 else { throw MaildirError("cannot look at", at: path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw MaildirError("'\(path)' is not a directory") }
        let uid = owner.uid ?? status.st_uid
        let gid = owner.gid ?? status.st_gid
        if isNew || isOwned, uid != status.st_uid || gid != status.st_gid, lchown(path, uid, gid) != 0 {
            throw MaildirError("cannot give to uid \(uid), gid \(gid) the directory", at: path, code: errno)
        }
        guard isNew else { return }
        // Or the directory could be gone after a power failure, with messages in it.
        let directory = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw MaildirError("cannot open", at: parent, code: errno) }
        defer { close(directory) }
        let code = system.syncToDisk(directory)
        guard code == 0 else { throw MaildirError("cannot bring to the disk", at: parent, code: code) }
    }

    /// Whether a user's Maildir is there.
    func hasMaildir(of user: String) -> Bool {
        var status = stat()
        return stat(self.maildir(of: user) + "/new", &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether ``base`` is a directory.
    var hasBase: Bool {
        var status = stat()
        return stat(self.base, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
