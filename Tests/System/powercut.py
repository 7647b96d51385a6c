"""What a power cut leaves of a directory: a recorder of writes and syncs (powercut.c), and disks rebuilt from its record.

The model is stricter than any file system that keeps its word. Until a sync of the file has returned, any part of what was
written to it may be there, in units of 512 octets, in any order. Until a sync of the directory has returned, any of its new,
renamed and removed names may be as they were before. A sync of a file that fails drops what it was to bring to the disk, as Linux
does: the process goes on reading it, and later syncs succeed without it.
"""
import atexit
import mmap
import os
import shutil
import struct
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ENTRY = struct.Struct("<QQQIB")
UNIT = 512
WAYS = ("nothing", "everything", "a part", "a part", "the beginning")


def missing():
    return None if shutil.which("cc") else "there is no C compiler (make deps)"


_library = None


def library():
    """The compiled recorder, once for a run of the tests."""
    global _library
    if not _library:
        place = tempfile.mkdtemp(prefix="guerrilla-powercut-")
        atexit.register(shutil.rmtree, place, ignore_errors=True)
        _library = f"{place}/powercut.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-o", _library, f"{HERE}/powercut.c"], check=True)
    return _library


class Recorder:
    """Records what processes do to a directory, one process after another; `environment` is what they are started with."""

    def __init__(self, directory, place):
        self.directory = os.path.realpath(directory)
        self.record = os.path.join(place, "record")
        control = os.path.join(place, "control")
        with open(control, "wb") as file:
            file.write(bytes(16))
        with open(control, "r+b") as file:
            self.control = mmap.mmap(file.fileno(), 16)
        self.before = Disk(self.directory)
        self.environment = {
            "LD_PRELOAD": library(), "POWERCUT_DIRECTORY": self.directory, "POWERCUT_RECORD": self.record,
            "POWERCUT_CONTROL": control,
        }

    def fail_syncs(self, files=0, directories=0, after=0):
        """Lets so many syncs fail, after so many that succeed."""
        self.control[:16] = struct.pack("<iiii", after, files, after, directories)

    def entries(self):
        with open(self.record, "rb") as file:
            octets = file.read()
        entries, at = [], 0
        while at < len(octets):
            *numbers, length, kind = ENTRY.unpack_from(octets, at)
            at += ENTRY.size
            entries.append(Entry(chr(kind), *numbers, octets[at:at + length]))
            at += length
        return entries


class Entry:
    def __init__(self, kind, file, parent, position, octets):
        self.kind, self.file, self.parent, self.position, self.octets = kind, file, parent, position, octets

    def __repr__(self):
        return f"{self.kind} {self.file} {self.parent} {self.position} {self.octets[:60]!r} ({len(self.octets)})"


class File:
    def __init__(self, octets=b""):
        self.durable = bytearray(octets)
        self.pending = []  # what no sync has brought to the disk yet: (position, octets), or (size, None)

    @staticmethod
    def apply(content, position, octets):
        end = position if octets is None else position + len(octets)
        if len(content) < end:
            content += bytes(end - len(content))
        if octets is None:
            del content[position:]
        else:
            content[position:end] = octets

    def after_cut(self, random, way):
        content = bytearray(self.durable)
        pending = self.pending
        if way == "nothing":
            pending = []
        elif way == "the beginning":
            pending = pending[:random.randrange(len(pending) + 1)]
        for position, octets in pending:
            if way != "a part":
                self.apply(content, position, octets)
            elif octets is None:
                if random.random() < 0.5:
                    self.apply(content, position, None)
            else:
                for start in range(0, len(octets), UNIT):
                    if random.random() < 0.6:
                        self.apply(content, position + start, octets[start:start + UNIT])
        return content


class Directory:
    def __init__(self):
        self.names = {}    # as processes see it
        self.durable = {}  # as it is on the disk


class Change:
    """Names that are gone and names that are new, of one call. All of it gets to the disk, or none."""

    def __init__(self, gone=(), new=()):
        self.gone, self.new = gone, new  # (directory, name); (directory, name, node)
        self.places = {(id(directory), name) for directory, name, *_ in (*gone, *new)}
        self.directories = {place for place, _ in self.places}

    def apply(self, names):
        for directory, name in self.gone:
            names(directory).pop(name, None)
        for directory, name, node in self.new:
            names(directory)[name] = node


class Disk:
    """What is on the disk, and what the kernel has still to bring there."""

    def __init__(self, path):
        """A directory as it is now, all of it on the disk."""
        self.nodes = {}     # by inode
        self.changes = []   # of names, not on the disk yet
        self.syncs = {}     # begun and not ended: what each is to bring to the disk
        self.acknowledged = []
        self.root = self._read(path)

    def _read(self, path):
        if os.path.isdir(path):
            node = Directory()
            node.names = {name: self._read(os.path.join(path, name)) for name in os.listdir(path)}
            node.durable = dict(node.names)
        else:
            with open(path, "rb") as file:
                node = File(file.read())
        self.nodes[os.stat(path).st_ino] = node
        return node

    def apply(self, entry):
        match entry.kind:
            case "c" | "d":
                # Inode numbers come back, so this may be another file than the one that had it before.
                node = self.nodes[entry.file] = File() if entry.kind == "c" else Directory()
                self._change(Change(new=[(self.nodes[entry.parent], entry.octets.decode(), node)]))
            case "u":
                self._change(Change(gone=[(self.nodes[entry.parent], entry.octets.decode())]))
            case "r":
                source, target = self.nodes[entry.file], self.nodes[entry.parent]
                old, new = entry.octets.decode().split("\0")
                self._change(Change(gone=[(source, old)], new=[(target, new, source.names[old])]))
            case "w":
                self.nodes[entry.file].pending.append((entry.position, entry.octets))
            case "t":
                self.nodes[entry.file].pending.append((entry.position, None))
            case "b":
                node = self.nodes[entry.file]
                self.syncs[entry.position] = node, list(
                    node.pending if isinstance(node, File) else
                    [change for change in self.changes if id(node) in change.directories])
            case "e":
                node, changes = self.syncs.pop(entry.position)
                (self._file_synced if isinstance(node, File) else self._directory_synced)(node, changes)
            case "f":
                node, changes = self.syncs.pop(entry.position)
                if isinstance(node, File):
                    # A size is not a page, and is still to be brought to the disk.
                    node.pending = without(node.pending, [change for change in changes if change[1] is not None])
            case "a":
                self.acknowledged.append(entry.octets.decode())

    def _change(self, change):
        change.apply(lambda directory: directory.names)
        self.changes.append(change)

    @staticmethod
    def _file_synced(node, changes):
        waiting = set(map(id, node.pending))
        for change in changes:
            if id(change) in waiting:  # or else another sync has done it, or dropped it
                node.apply(node.durable, *change)
        node.pending = without(node.pending, changes)

    def _directory_synced(self, node, changes):
        wanted, places = set(map(id, changes)), set()
        done = []
        # What went before with the same name gets to the disk with it.
        for change in reversed(self.changes):
            if id(change) in wanted or change.places & places:
                done.append(change)
                places |= change.places
        for change in reversed(done):
            change.apply(lambda directory: directory.durable)
        self.changes = without(self.changes, done)

    def cut(self, target, random, way):
        """Writes into the directory `target` what is there after a power cut at this moment."""
        changes = self.changes
        if way == "nothing":
            changes = []
        elif way == "the beginning":
            changes = changes[:random.randrange(len(changes) + 1)]
        elif way == "a part":
            changes = [change for change in changes if random.random() < 0.5]
        left = {}
        for change in changes:
            change.apply(lambda directory: left.setdefault(id(directory), dict(directory.durable)))

        def write(directory, path):
            os.makedirs(path, exist_ok=True)
            for name, node in left.get(id(directory), directory.durable).items():
                if isinstance(node, Directory):
                    write(node, os.path.join(path, name))
                    continue
                with open(os.path.join(path, name), "wb") as file:
                    # An index is written through a mapping, and may hold anything.
                    file.write(random.randbytes(32768) if name.endswith("-shm") else node.after_cut(random, way))

        write(self.root, target)


def without(changes, gone):
    gone = set(map(id, gone))
    return [change for change in changes if id(change) not in gone]


def replay(recorder, moments):
    """The disk at each of the moments, which are numbers of entries; the last is that after all of them."""
    disk, entries = recorder.before, recorder.entries()
    moments = sorted(moments(entries))
    for number, entry in enumerate(entries):
        while moments and moments[0] <= number:
            moments.pop(0)
            yield number, disk
        disk.apply(entry)
    yield len(entries), disk
