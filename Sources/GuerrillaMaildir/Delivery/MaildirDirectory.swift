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

    /// Opens a directory whoever it belongs to, over links too.
    fileprivate init(following path: String) throws(MaildirError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw MaildirError("cannot open", at: path, code: errno) }
        self.init(descriptor: descriptor)
    }

    private init(descriptor: Int32) {
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

    /// Whether a name in this directory was changed within the last hour.
    private var hasChangedLately: Bool {
        var status = stat()
        var now = timespec()
        guard fstat(self.descriptor, &status) == 0, clock_gettime(CLOCK_REALTIME, &now) == 0 else { return true }
        // Also when it was changed in the future: a clock was wrong.
        return status.st_mtim.tv_sec > now.tv_sec - 3_600
    }

    /// Opens a directory in this one, and makes it if it is missing: with mode 0700, for the owner.
    ///
    /// This one may be the user's, who may have put a link to somebody else's directory in its place. So a link leads only to what belongs to
    /// the owner, and nothing changes hands over it.
    ///
    /// - Parameters:
    ///   - path: The whole path, whose last component counts.
    ///   - isOwned: Whether a directory that is there already is given to the owner.
    fileprivate borrowing func makeDirectory(
        _ path: String,
        owner: MaildirOwner,
        isOwned: Bool
    ) throws(MaildirError) -> MaildirDirectory {
        // Scalar by scalar: a combining mark at the beginning of a name must not hide the slash.
        let name = path.unicodeScalars.split(separator: "/").last.map { String($0) } ?? path
        let isNew = mkdirat(self.descriptor, name, 0o700) == 0
        guard isNew || errno == EEXIST else { throw MaildirError("cannot make the directory", at: path, code: errno) }
        var status = stat()
        guard fstatat(self.descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw MaildirError("cannot look at", at: path, code: errno)
        }
        let isLink = status.st_mode & S_IFMT == S_IFLNK
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
        let descriptor = openat(self.descriptor, name, isLink ? flags : flags | O_NOFOLLOW)
        guard descriptor >= 0 else {
            guard errno != ENOTDIR else { throw MaildirError("'\(path)' is not a directory") }
            throw MaildirError("cannot open", at: path, code: errno)
        }
        let directory = MaildirDirectory(descriptor: descriptor)
        guard fstat(descriptor, &status) == 0 else { throw MaildirError("cannot look at", at: path, code: errno) }
        let uid = owner.uid ?? status.st_uid
        let gid = owner.gid ?? status.st_gid
        if isLink {
            guard uid == status.st_uid else {
                throw MaildirError("the link '\(path)' leads to what belongs to uid \(status.st_uid), not to \(uid)")
            }
        } else if isNew || isOwned, uid != status.st_uid || gid != status.st_gid, fchown(descriptor, uid, gid) != 0 {
            throw MaildirError("cannot give to uid \(uid), gid \(gid) the directory", at: path, code: errno)
        }
        if isNew || self.hasChangedLately {
            // Or the directory could be gone after a power cut, with messages in it. The start that made it may have ended before
            // its sync, or because of it; an hour later the kernel has brought the name to the disk by itself.
            let code = MaildirSystem().syncToDisk(self.descriptor)
            guard code == 0 else { throw MaildirError("cannot bring to the disk what holds", at: path, code: code) }
        }
        return directory
    }
}

extension MaildirPath {
    /// Makes a user's Maildir as far as it is missing: directories with mode 0700 that belong to the user.
    /// - Throws: ``MaildirError`` in one sentence.
    func makeMaildir(of user: String, owner: MaildirOwner) throws(MaildirError) {
        let maildir = self.maildir(of: user)
        var directory = try MaildirDirectory(following: self.base)
        for path in self.directories(of: user) {
            directory = try directory.makeDirectory(path, owner: owner, isOwned: path == maildir)
        }
        for name in ["tmp", "new", "cur"] {
            _ = try directory.makeDirectory(maildir + "/" + name, owner: owner, isOwned: true)
        }
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
