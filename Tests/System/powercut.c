// Records what a process does to the files below a directory, so that powercut.py can rebuild what a power cut would have left.
// Loaded into the process with LD_PRELOAD.
//
//   POWERCUT_DIRECTORY  the directory: absolute, without links
//   POWERCUT_RECORD     the record, a file elsewhere; appended to
//   POWERCUT_CONTROL    two struct failures, mapped: for files and for directories
//
// The record is a sequence of entries, each followed by its octets. Files and directories are known by their inodes. One lock
// around call and entry keeps entries in the order of the calls; only a sync, which other threads need not wait for, has an entry
// for its beginning and one for its end. What is written through a mapping (an index, -shm) is not recorded.

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
    CREATED = 'c',        // file, in parent: name
    MADE_DIRECTORY = 'd', // likewise
    WRITTEN = 'w',        // file, at position: octets
    TRUNCATED = 't',      // file, to position
    SYNC_BEGAN = 'b',     // file or directory, position is the number of the sync
    SYNC_ENDED = 'e',     // number
    SYNC_FAILED = 'f',    // number
    RENAMED = 'r',        // from file (a directory) to parent: old name, NUL, new name
    REMOVED = 'u',        // in parent: name
    ACKNOWLEDGED = 'a',   // queued id
};

struct entry {
    uint64_t file, parent, position;
    uint32_t length;
    uint8_t kind;
} __attribute__((packed));

enum { DESCRIPTORS = 65536 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *root;
static int record = -1;
static struct failures { // so many syncs succeed, then so many fail with EIO, and all later ones succeed
    int32_t successes, failures;
} *planned; // files, directories
static uint64_t syncs;
static uint8_t watched[DESCRIPTORS]; // 1 a file, 2 a directory

static void give_up(const char *what) {
    dprintf(2, "powercut.c: %s: %s\n", what, strerror(errno));
    abort();
}

static void begin(void) {
    root = getenv("POWERCUT_DIRECTORY");
    const char *path = getenv("POWERCUT_RECORD"), *control = getenv("POWERCUT_CONTROL");
    if (!root || !path || !control) give_up("POWERCUT_DIRECTORY, POWERCUT_RECORD and POWERCUT_CONTROL");
    int low = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (low < 0) give_up(path);
    record = fcntl(low, F_DUPFD_CLOEXEC, 1000); // out of the way of those who close what they did not open
    if (record < 0) record = low;
    int file = syscall(SYS_openat, AT_FDCWD, control, O_RDWR | O_CLOEXEC);
    planned = file < 0 ? MAP_FAILED : mmap(0, 2 * sizeof *planned, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (planned == MAP_FAILED) give_up(control);
}

static void take(void) {
    pthread_once(&once, begin);
    pthread_mutex_lock(&lock);
}

static void leave(void) {
    int reason = errno;
    pthread_mutex_unlock(&lock);
    errno = reason;
}

static void note(enum kind kind, uint64_t file, uint64_t parent, uint64_t position, const void *octets, size_t length) {
    int reason = errno;
    struct entry entry = {file, parent, position, length, kind};
    struct iovec parts[] = {{&entry, sizeof entry}, {(void *)octets, length}};
    if (syscall(SYS_writev, record, parts, 2) != (ssize_t)(sizeof entry + length)) give_up("the record");
    errno = reason;
}

static uint64_t inode(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) ? 0 : status.st_ino;
}

// Whether an open file is below the directory, or is it.
static int is_below(int descriptor) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    size_t head = strlen(root);
    return !strncmp(path, root, head) && (path[head] == '/' || !path[head]);
}

// The directory that holds what a path leads to, and the name there; 0 when it is none of ours.
static uint64_t parent(int directory, const char *path, const char **name) {
    char head[4096];
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    snprintf(head, sizeof head, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    int descriptor = syscall(SYS_openat, directory, head, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return 0;
    uint64_t result = is_below(descriptor) ? inode(descriptor) : 0;
    syscall(SYS_close, descriptor);
    return result;
}

static int is_watched(int descriptor) {
    return descriptor >= 0 && descriptor < DESCRIPTORS && watched[descriptor];
}

// MARK: names

static int open_at(int directory, const char *path, int flags, mode_t mode) {
    take();
    const char *name;
    uint64_t holder = flags & O_CREAT && !(flags & O_DIRECTORY) ? parent(directory, path, &name) : 0;
    struct stat status;
    int existed = !holder || !fstatat(directory, path, &status, 0);
    int descriptor = syscall(SYS_openat, directory, path, flags, mode);
    if (descriptor >= 0 && descriptor < DESCRIPTORS) {
        int reason = errno;
        watched[descriptor] = 0;
        if (!(flags & O_PATH) && is_below(descriptor) && !fstat(descriptor, &status)) {
            watched[descriptor] = S_ISDIR(status.st_mode) ? 2 : 1;
            if (!existed) note(CREATED, status.st_ino, holder, 0, name, strlen(name));
            else if (flags & O_TRUNC) note(TRUNCATED, status.st_ino, 0, 0, 0, 0);
        }
        errno = reason;
    }
    leave();
    return descriptor;
}

#define OPEN(function, parameters, directory, path) \
    int function parameters { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        return open_at(directory, path, flags, mode); \
    }
OPEN(open, (const char *path, int flags, ...), AT_FDCWD, path)
OPEN(open64, (const char *path, int flags, ...), AT_FDCWD, path)
OPEN(openat, (int directory, const char *path, int flags, ...), directory, path)
OPEN(openat64, (int directory, const char *path, int flags, ...), directory, path)

int close(int descriptor) {
    if (descriptor == record) return 0;
    if (is_watched(descriptor)) watched[descriptor] = 0;
    return syscall(SYS_close, descriptor);
}

// It closes the descriptor within the C library, where `close` above does not see it.
int closedir(DIR *stream) {
    int descriptor = dirfd(stream);
    if (is_watched(descriptor)) watched[descriptor] = 0;
    static int (*original)(DIR *);
    if (!original) original = (int (*)(DIR *))dlsym(RTLD_NEXT, "closedir");
    return original(stream);
}

int mkdirat(int directory, const char *path, mode_t mode) {
    take();
    const char *name;
    uint64_t holder = parent(directory, path, &name);
    int result = syscall(SYS_mkdirat, directory, path, mode);
    struct stat status;
    if (!result && holder && !fstatat(directory, path, &status, 0))
        note(MADE_DIRECTORY, status.st_ino, holder, 0, name, strlen(name));
    leave();
    return result;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int unlinkat(int directory, const char *path, int flags) {
    take();
    const char *name;
    uint64_t holder = parent(directory, path, &name);
    int result = syscall(SYS_unlinkat, directory, path, flags);
    if (!result && holder) note(REMOVED, 0, holder, 0, name, strlen(name));
    leave();
    return result;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int renameat(int old_directory, const char *old, int new_directory, const char *new) {
    take();
    const char *old_name, *new_name;
    uint64_t from = parent(old_directory, old, &old_name), to = parent(new_directory, new, &new_name);
    int result = syscall(SYS_renameat, old_directory, old, new_directory, new);
    if (!result && from && to) {
        char names[512];
        int length = snprintf(names, sizeof names, "%s%c%s", old_name, 0, new_name);
        note(RENAMED, from, to, 0, names, length);
    }
    leave();
    return result;
}

int rename(const char *old, const char *new) { return renameat(AT_FDCWD, old, AT_FDCWD, new); }

// MARK: content

static ssize_t write_at(int descriptor, const void *octets, size_t length, off64_t position) {
    take();
    ssize_t result = syscall(SYS_pwrite64, descriptor, octets, length, position);
    if (result > 0) note(WRITTEN, inode(descriptor), 0, position, octets, result);
    leave();
    return result;
}

ssize_t pwrite64(int descriptor, const void *octets, size_t length, off64_t position) {
    return is_watched(descriptor) ? write_at(descriptor, octets, length, position)
                                  : syscall(SYS_pwrite64, descriptor, octets, length, position);
}

ssize_t pwrite(int descriptor, const void *octets, size_t length, off_t position) {
    return pwrite64(descriptor, octets, length, position);
}

// A reply that acknowledges a message. It is recorded before it leaves: from then on the message has to be there.
static void look_for_acknowledgements(const void *octets, size_t length) {
    static const char text[] = "OK: queued as ";
    const char *here = octets, *end = here ? here + length : 0;
    while (here && (here = memmem(here, end - here, text, sizeof text - 1))) {
        const char *id = here += sizeof text - 1;
        while (here < end && (unsigned char)*here > ' ') here++;
        take();
        note(ACKNOWLEDGED, 0, 0, 0, id, here - id);
        leave();
    }
}

ssize_t write(int descriptor, const void *octets, size_t length) {
    if (!is_watched(descriptor)) {
        look_for_acknowledgements(octets, length);
        return syscall(SYS_write, descriptor, octets, length);
    }
    off64_t position = lseek64(descriptor, 0, fcntl(descriptor, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
    ssize_t result = write_at(descriptor, octets, length, position);
    if (result > 0) lseek64(descriptor, position + result, SEEK_SET);
    return result;
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    if (is_watched(descriptor)) give_up("writev to a file is not recorded");
    for (int i = 0; i < count; i++) look_for_acknowledgements(parts[i].iov_base, parts[i].iov_len);
    return syscall(SYS_writev, descriptor, parts, count);
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
    for (size_t i = 0; i < message->msg_iovlen; i++)
        look_for_acknowledgements(message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
    return syscall(SYS_sendmsg, descriptor, message, flags);
}

int ftruncate64(int descriptor, off64_t size) {
    if (!is_watched(descriptor)) return syscall(SYS_ftruncate, descriptor, size);
    take();
    int result = syscall(SYS_ftruncate, descriptor, size);
    if (!result) note(TRUNCATED, inode(descriptor), 0, size, 0, 0);
    leave();
    return result;
}

int ftruncate(int descriptor, off_t size) { return ftruncate64(descriptor, size); }

int fallocate64(int descriptor, int mode, off64_t position, off64_t length) {
    if (is_watched(descriptor)) give_up("fallocate of a file is not recorded");
    return syscall(SYS_fallocate, descriptor, mode, position, length);
}

int fallocate(int descriptor, int mode, off_t position, off_t length) {
    return fallocate64(descriptor, mode, position, length);
}

// MARK: syncs

static int sync_with(int descriptor, int call) {
    if (!is_watched(descriptor)) return syscall(call, descriptor);
    take();
    uint64_t number = ++syncs, file = inode(descriptor);
    struct failures *plan = &planned[watched[descriptor] - 1];
    int fails = plan->successes <= 0 && plan->failures > 0;
    if (plan->successes > 0) plan->successes--;
    else if (fails) plan->failures--;
    note(SYNC_BEGAN, file, 0, number, 0, 0);
    if (fails) note(SYNC_FAILED, file, 0, number, 0, 0);
    leave();
    if (fails) {
        errno = EIO;
        return -1;
    }
    int result = syscall(call, descriptor);
    take();
    note(result ? SYNC_FAILED : SYNC_ENDED, file, 0, number, 0, 0);
    leave();
    return result;
}

int fsync(int descriptor) { return sync_with(descriptor, SYS_fsync); }
int fdatasync(int descriptor) { return sync_with(descriptor, SYS_fdatasync); }
