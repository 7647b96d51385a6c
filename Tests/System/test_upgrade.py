"""SIGUSR2: a new process takes over the listening sockets. No client is turned away, nothing acknowledged is lost, and a new
binary that does not work changes nothing."""
import asyncio
import ctypes
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

import daemon as guerrillad
from conftest import SOAK
from daemon import Daemon, configuration
from smtpwire import DEADLINE, Closed, eventually, queued_id, stuff

UPGRADES = 10 if SOAK else 2
CLIENTS = 20 if SOAK else 6
PR_SET_CHILD_SUBREAPER = 36


class Chain(Daemon):
    """A daemon and those that take its place, started from a copy of the binary that may be replaced."""

    def __init__(self, directory, config):
        super().__init__(directory, config)
        self.program = f"{directory}/guerrillad"
        self.install(guerrillad.BINARY)
        self.past = []

    def install(self, source, text=None):
        """Replaces the program in one step, as package managers do."""
        if text is None:
            shutil.copy(source, f"{self.program}.new")
        else:
            with open(f"{self.program}.new", "w") as file:
                file.write(text)
            os.chmod(f"{self.program}.new", 0o755)
        os.replace(f"{self.program}.new", self.program)

    def start(self):
        self.lines = []
        self.process = subprocess.Popen(
            [self.program, "serve", *self.arguments], cwd=self.directory, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )
        self.current = self.process.pid
        self.reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self.reader.start()
        self.wait_for_line("started with")
        return self

    @property
    def pid(self):
        return self.current

    def written_pid(self):
        try:
            with open(f"{self.directory}/guerrillad.pid") as file:
                return int(file.read())
        except FileNotFoundError:
            return None

    def upgrade(self):
        """Waits until the next one serves; returns the old one's pid, which may still be finishing."""
        old = self.current
        os.kill(old, signal.SIGUSR2)
        self.current = eventually(lambda: (lambda pid: pid if pid != old else None)(self.written_pid()), "a new pid")
        self.past.append(old)
        self.wait_for_line(rf"pid {self.current} has taken over")
        return old

    def ending(self, pid):
        """Waits for the end of one of them and returns its exit code."""
        status = eventually(lambda: (lambda found: (found[1],) if found[0] else None)(os.waitpid(pid, os.WNOHANG)), f"end of {pid}")[0]
        if pid == self.process.pid:
            self.process.returncode = os.waitstatus_to_exitcode(status)
        return os.waitstatus_to_exitcode(status)

    def end(self):
        for pid in {self.written_pid() or self.current, self.current, *self.past}:
            try:
                found, _ = os.waitpid(pid, os.WNOHANG)
                if not found:
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
            except (ChildProcessError, ProcessLookupError):
                pass
        self.process.returncode = self.process.returncode or 0


@pytest.fixture
def chain(directory):
    """Orphans become ours, so that the exit codes of all of them are seen."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    running = []

    def start(**changes):
        running.append(Chain(directory, configuration(directory, **changes)))
        return running[-1].start()

    start.running = running
    yield start
    for started in running:
        started.end()
    libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


class Load:
    """Clients that connect, send one message and leave, again and again, on a thread of their own."""

    def __init__(self, port):
        self.port = port
        self.acknowledged = []
        self.faults = []
        self.sent_away = 0
        self.stopped = False
        self.thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped = True
        self.thread.join(DEADLINE)

    async def _run(self):
        await asyncio.gather(*(self._client(number) for number in range(CLIENTS)))

    async def _client(self, number):
        while not self.stopped:
            try:
                await asyncio.wait_for(self._message(number), DEADLINE)
            except Exception as fault:
                self.faults.append(repr(fault))
                return

    async def _message(self, number):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for line, code in ((None, b"220"), (b"EHLO load.example.org", b"250"), (b"MAIL FROM:<a@example.org>", b"250"),
                               (b"RCPT TO:<b@example.com>", b"250"), (b"DATA", b"354"),
                               (b"Subject: load %d\r\n\r\n" % number + b"x" * 2000 + b"\r\n.", b"250"), (b"QUIT", b"221")):
                if line is not None:
                    writer.write(line + b"\r\n")
                    await writer.drain()
                while (reply := await reader.readuntil(b"\r\n"))[3:4] == b"-":
                    pass
                if reply.startswith(b"421"):
                    self.sent_away += 1  # "come back": nothing is lost, and nothing was reset
                    return
                if not reply.startswith(code):
                    raise AssertionError(f"{line[:20] if line else None}: {reply}")
                if match := re.search(rb"queued as (\S+)", reply):
                    self.acknowledged.append(match[1].decode())
        finally:
            writer.close()

    def wait_for(self, count):
        """Until so many more messages are acknowledged."""
        goal = len(self.acknowledged) + count
        eventually(lambda: len(self.acknowledged) >= goal or self.faults, f"{count} more messages")


def open_files(pid):
    """What a process has open, by kind; names of sockets and pipes left out, and that under which the pid file was written."""
    kinds = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            kinds.append(re.sub(r":\[\d+\]$|\.\d+ \(deleted\)$", "", os.readlink(f"/proc/{pid}/fd/{name}")))
        except FileNotFoundError:
            pass
    return sorted(kind for kind in kinds if kind != "anon_inode:[timerfd]")  # one more comes with the first timer


def test_upgrades_under_load(chain, figure):
    daemon = chain()
    daemon.assert_serving()
    kinds = open_files(daemon.pid)
    with Load(daemon.port) as load:
        for turn in range(UPGRADES):
            load.wait_for(50)
            # A message that is half sent when its server is replaced, and ends later.
            busy = daemon.session()
            busy.envelope()
            busy.send(b"Subject: held %d\r\n\r\nfirst half\r\n" % turn)
            busy.wait_until_read()
            old = daemon.upgrade()
            load.wait_for(50)
            with daemon.session() as fresh:
                load.acknowledged.append(fresh.deliver(b"Subject: to the new one\r\n\r\nHello.\r\n"))
                fresh.quit()
            # The old one waits for its message.
            assert os.path.exists(f"/proc/{old}")
            busy.send(b"second half\r\n.\r\n")
            load.acknowledged.append(queued_id(busy.expect(250)))
            busy.expect(421)
            assert busy.at_end()
            busy.close()
            assert daemon.ending(old) == 0
            assert daemon.written_pid() == daemon.pid
        load.wait_for(50)
    assert not load.faults, load.faults
    stored = {entry.queued_id for entry in daemon.mail_list()}
    lost = set(load.acknowledged) - stored
    assert not lost, f"{len(lost)} of {len(load.acknowledged)} are lost"
    assert len(set(load.acknowledged)) == len(load.acknowledged)
    # The last one has no more open than the first one had: nothing came along by accident.
    eventually(lambda: open_files(daemon.pid) == kinds, f"{kinds} to be all that is open; last {open_files(daemon.pid)}")
    os.kill(daemon.pid, signal.SIGTERM)
    assert daemon.ending(daemon.pid) == 0
    assert daemon.written_pid() is None
    figure(f"{UPGRADES} upgrades: {len(load.acknowledged)} messages acknowledged, 0 lost, {load.sent_away} clients told 421")


def test_an_upgrade_under_load_while_a_backup_reads(chain, directory):
    """What the old one has in its log cannot be brought into the database then; that is tried for a moment, and said."""
    daemon = chain(sqlite_busy_timeout="1s")
    with Load(daemon.port) as load:
        load.wait_for(50)
        backup = sqlite3.connect(f"{directory}/guerrilla.sqlite", isolation_level=None)
        backup.execute("BEGIN")
        seen = backup.execute("SELECT count(*) FROM message").fetchone()
        load.wait_for(50)
        old = daemon.upgrade()
        daemon.wait_for_line("level=warning .*in use by another program")
        load.wait_for(50)
        assert backup.execute("SELECT count(*) FROM message").fetchone() == seen
        backup.close()
        assert daemon.ending(old) == 0
        load.wait_for(50)
    assert not load.faults, load.faults
    os.kill(daemon.pid, signal.SIGKILL)
    daemon.ending(daemon.pid)
    with sqlite3.connect(f"{directory}/guerrilla.sqlite") as store:
        stored = {queued for queued, in store.execute("SELECT queued_id FROM message")}
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert set(load.acknowledged) <= stored


BROKEN = {
    "exits": ("#!/bin/sh\nexit 1\n", r"exit code 1"),
    "another program": ("#!/bin/sh\necho hello >&3\nexec sleep 1000\n", r"it is another program"),
    "closes the pipe": ("#!/bin/sh\nexec 3>&-\nexec sleep 1000\n", r"it did not say that it serves"),
    "no program": ("this is no program\n", r"cannot start|exit code"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_new_binary_changes_nothing(chain, case):
    program, words = BROKEN[case]
    daemon = chain()
    before = open_files(daemon.pid)
    daemon.install(None, program)
    os.kill(daemon.pid, signal.SIGUSR2)
    daemon.wait_for_line(rf"level=error .*Upgrade failed.*({words})")
    assert daemon.written_pid() == daemon.pid
    daemon.assert_serving()
    assert open_files(daemon.pid) == before
    # And then one that works.
    daemon.install(guerrillad.BINARY)
    old = daemon.upgrade()
    assert daemon.ending(old) == 0
    with daemon.session() as wire:
        wire.deliver(b"Subject: at last\r\n\r\nHello.\r\n")
        wire.quit()


def test_configuration_that_is_refused_changes_nothing(chain):
    daemon = chain()
    good = json.load(open(daemon.config_path))
    with open(daemon.config_path, "w") as file:
        json.dump({**good, "backend_config": {**good["backend_config"], "save_process": "Nonesuch"}}, file)
    os.kill(daemon.pid, signal.SIGUSR2)
    daemon.wait_for_line(r"level=error .*Upgrade failed.*Nonesuch.*exit code 1")
    assert daemon.written_pid() == daemon.pid
    with open(daemon.config_path, "w") as file:
        json.dump(good, file)
    daemon.assert_serving()


def test_signals_meanwhile_are_answered_and_a_stop_ends_both(chain):
    daemon = chain()
    daemon.install(None, f"#!/bin/sh\necho $$ >{daemon.directory}/sleeper\nexec sleep 1000\n")
    os.kill(daemon.pid, signal.SIGUSR2)
    sleeper = int(eventually(lambda: os.path.exists(f"{daemon.directory}/sleeper")
                             and open(f"{daemon.directory}/sleeper").read().strip(), "the new process"))
    for name in ("SIGUSR2", "SIGHUP"):
        os.kill(daemon.pid, getattr(signal, name))
        daemon.wait_for_line(rf"level=warning .*{name}: an upgrade is in progress")
    daemon.assert_serving()
    os.kill(daemon.pid, signal.SIGTERM)
    assert daemon.ending(daemon.pid) == 0
    assert not os.path.exists(f"/proc/{sleeper}")
    assert daemon.written_pid() is None


def test_upgrade_of_a_user_without_rights(chain, directory, need):
    need("only root can become another user" if os.geteuid() != 0 else None)
    shutil.chown(directory, "nobody", "nogroup")
    daemon = chain(user="nobody")
    old = daemon.upgrade()
    assert daemon.ending(old) == 0
    with open(f"/proc/{daemon.pid}/status") as file:
        assert re.search(r"^Uid:\t65534\t65534\t65534\t65534$", file.read(), re.MULTILINE)
    with daemon.session() as wire:
        wire.deliver(b"Subject: as nobody\r\n\r\nHello.\r\n")
        wire.quit()


def test_upgrade_may_give_up_root(chain, directory, need):
    """`user` counts when the daemon is started again, and an upgrade is a start."""
    need("only root can become another user" if os.geteuid() != 0 else None)
    daemon = chain()
    with open(daemon.config_path) as file:
        config = json.load(file)
    with open(daemon.config_path, "w") as file:
        json.dump({**config, "user": "nobody"}, file)
    for path in [directory, *(os.path.join(directory, name) for name in os.listdir(directory))]:
        shutil.chown(path, "nobody", "nogroup")
    old = daemon.upgrade()
    assert daemon.ending(old) == 0
    with open(f"/proc/{daemon.pid}/status") as file:
        assert re.search(r"^Uid:\t65534\t65534\t65534\t65534$", file.read(), re.MULTILINE)
    with daemon.session() as wire:
        wire.deliver(b"Subject: as nobody\r\n\r\nHello.\r\n")
        wire.quit()
