"""250 means kept: the store is synced before the final 250 leaves, and a store that fails is a 451, not the end.

strace watches the daemon from outside, and puts its errors only into calls on the store's own files.
"""
import os
import re
import resource
import shutil
import signal
import subprocess
import threading

import pytest

import messages
from smtpwire import DEADLINE, eventually, queued_id, stuff

SYNCS = {"fsync", "fdatasync"}
WRITES = {"pwrite64", "pwritev", "write", "writev"}
READS = {"read", "readv", "recvfrom", "recvmsg"}
SENDS = {"write", "writev", "sendto", "sendmsg", "sendmmsg"}


class Strace:
    """`strace` attached to every thread of a running process; leaving the context lets the process go on alone."""

    def __init__(self, pid, output, *options):
        self.output = output
        self.process = subprocess.Popen(
            ["strace", "-f", "-y", "-s", "200", "-o", output, *options, "-p", str(pid)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        self.messages = []
        self.attached = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stderr:
            self.messages.append(line.strip())
            if "attached" in line:
                self.attached.set()
        self.attached.set()

    def __enter__(self):
        assert self.attached.wait(DEADLINE), "strace does not attach"
        assert self.process.poll() is None, f"strace: {self.messages}"
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)  # detach
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def calls(self):
        """Finished calls in the order in which they returned; for each its name, its arguments, its result, and where in
        the trace it began and ended."""
        begun, calls = {}, []
        with open(self.output, errors="replace") as file:
            for index, line in enumerate(file):
                match = re.match(r"(\d+) +(?:<\.\.\. (\w+) resumed>)?(.*)", line)
                if not match:
                    continue
                pid, resumed, rest = match.groups()
                if resumed:
                    if (pid, resumed) not in begun:
                        continue  # began before strace did
                    start, head = begun.pop((pid, resumed))
                    rest = head + rest
                else:
                    start = index
                match = re.match(r"(\w+)\((.*)", rest)
                if not match:
                    continue
                if rest.endswith("<unfinished ...>"):
                    begun[pid, match[1]] = (index, rest.removesuffix("<unfinished ...>").rstrip())
                    continue
                result = re.search(r"\) *= (-?\d+)([^\"]*)$", match[2])
                if result:
                    calls.append(Call(match[1], match[2][:result.start()], int(result[1]), start, index))
        return calls


class Call:
    def __init__(self, name, arguments, result, began, ended):
        self.name, self.arguments, self.result, self.began, self.ended = name, arguments, result, began, ended

    def __repr__(self):
        return f"{self.began}-{self.ended} {self.name}({self.arguments[:120]}) = {self.result}"


@pytest.fixture
def strace(need, directory):
    need(None if shutil.which("strace") else "strace is not installed (make deps)")

    def start(pid, *options):
        return Strace(pid, os.path.join(directory, "trace"), *options)

    return start


def store_files(directory):
    store = os.path.join(directory, "guerrilla.sqlite")
    return [option for suffix in ("", "-wal", "-journal") for option in ("-P", store + suffix)]


def test_sync_returns_before_the_250_leaves(serve, strace, directory):
    daemon = serve()
    rounds = 5

    def on_store(call):
        return f"<{directory}/guerrilla.sqlite" in call.arguments and "-shm>" not in call.arguments

    def on_socket(call):
        return "<socket:" in call.arguments or "<TCP" in call.arguments

    def replies(calls):
        return [call for call in calls
                if call.name in SENDS and on_socket(call) and "250 2.0.0 OK: queued as" in call.arguments]

    with daemon.session() as wire:
        wire.deliver(messages.plain("warm"))
        names = ",".join(sorted(SYNCS | WRITES | READS | SENDS))
        with strace(daemon.pid, "-e", f"trace={names}") as trace:
            for _ in range(rounds):
                wire.deliver(b"Subject: traced\r\n\r\nshort enough for the trace\r\n")
            # The client has the last reply before strace has seen the call return.
            eventually(lambda: len(replies(trace.calls())) >= rounds, "all replies in the trace")
    calls = trace.calls()
    assert len(replies(calls)) == rounds, "more replies than messages:\n" + "\n".join(map(repr, calls[-60:]))
    before = -1
    for reply in replies(calls):
        mine = [call for call in calls if call.began > before and call.ended < reply.began]
        before = reply.ended
        ends = [call for call in mine if call.name in READS and on_socket(call) and r"\r\n.\r\n" in call.arguments]
        assert ends, "the receipt of the final dot is not in the trace:\n" + "\n".join(map(repr, mine))
        written = [call for call in mine if call.name in WRITES and on_store(call) and call.began > ends[-1].ended]
        assert written, "nothing was written to the store before the 250:\n" + "\n".join(map(repr, mine))
        synced = [call for call in mine if call.name in SYNCS and on_store(call) and call.result == 0
                  and call.began > written[-1].ended]
        assert synced, "no sync of the store between its last write and the 250:\n" + "\n".join(map(repr, mine))


@pytest.mark.parametrize("calls, error", [
    ("fsync,fdatasync", "EIO"),
    ("pwrite64,pwritev,write,writev", "EIO"),
    ("pwrite64,pwritev,write,writev,ftruncate,fallocate", "ENOSPC"),
], ids=["sync-EIO", "write-EIO", "write-ENOSPC"])
def test_failing_store_is_451_until_it_works_again(serve, strace, directory, calls, error):
    daemon = serve()
    kept = []
    with daemon.session() as wire, daemon.session() as other:
        kept.append(wire.deliver(messages.plain("before")))
        with strace(daemon.pid, *store_files(directory), "-e", f"trace={calls}", "-e", f"inject={calls}:error={error}"):
            for session in (wire, wire, other):
                session.envelope()
                session.send(stuff(messages.plain("refused")) + b".\r\n")
                reply = session.expect(451)
                assert reply.text.startswith("4.3."), reply
                session.expect(250, "NOOP")
        kept.append(wire.deliver(messages.plain("after")))
        kept.append(other.deliver(messages.plain("after")))
        wire.quit()
    assert set(kept) <= {entry.queued_id for entry in daemon.mail_list()}
    assert daemon.stored(kept[1]) == messages.plain("after")
    daemon.kill()
    daemon.start()
    assert set(kept) <= {entry.queued_id for entry in daemon.mail_list()}
    daemon.assert_serving()


class SmallDisk:
    """A place for a store with little room: a file system of 8 MiB where mounting is allowed, otherwise a limit on the size
    of files that is set from outside on the running daemon. Either way it is the system that refuses the write."""

    def __init__(self, directory, mounting):
        self.path = os.path.join(directory, "disk")
        os.mkdir(self.path)
        self.is_mounted = mounting and os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", self.path], capture_output=True).returncode == 0
        if self.is_mounted:
            with open(f"{self.path}/ballast", "wb") as file:
                file.write(bytes(3_000_000))

    def limit(self, pid):
        if not self.is_mounted:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (5_000_000, resource.RLIM_INFINITY))

    def relieve(self, pid):
        if self.is_mounted:
            os.remove(f"{self.path}/ballast")
        else:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def remove(self):
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", self.path], check=True)


@pytest.fixture(params=["file system", "file size"])
def small_disk(request, directory, figure):
    disk = SmallDisk(directory, mounting=request.param == "file system")
    figure("full disk, tried with a " + ("file system of its own" if disk.is_mounted else "limit on the size of files"))
    yield disk
    disk.remove()


def test_full_disk_is_451_until_there_is_room(serve, small_disk):
    daemon = serve(sqlite_path=f"{small_disk.path}/guerrilla.sqlite", min_free_space=0)
    small_disk.limit(daemon.pid)
    octets = messages.attachment("full", octets=500_000)
    kept, refused = [], 0
    with daemon.session() as wire:
        while refused < 3:
            wire.envelope()
            wire.send(stuff(octets) + b".\r\n")
            reply = wire.reply()
            if reply.code == 250:
                kept.append(queued_id(reply))
                assert len(kept) < 30, "the disk does not fill"
            else:
                assert reply.code in (451, 452), reply
                refused += 1
        assert kept, "not even the first message was taken"
        small_disk.relieve(daemon.pid)
        kept.append(wire.deliver(octets))
        wire.quit()
    assert set(kept) <= {entry.queued_id for entry in daemon.mail_list()}
    assert all(daemon.stored(queued) == octets for queued in kept)
