"""Files of an SQLite store are removed, replaced or truncated under the running daemon: what it acknowledges afterwards is there
after `kill -9`, and so is what it acknowledged before, as far as it was not destroyed."""
import os
import re
import shutil
import sqlite3
import subprocess

import pytest

import messages
from daemon import BINARY, run
from smtpwire import eventually, queued_id, stuff


def remove(*suffixes):
    return lambda path: [os.remove(path + suffix) for suffix in suffixes]


def move_away(suffix):
    return lambda path: os.rename(path + suffix, f"{path}.away{suffix}")


def replace(suffix):
    """With what it held a moment ago, another file."""
    def act(path):
        shutil.copy(path + suffix, f"{path}.copy")
        os.rename(f"{path}.copy", path + suffix)
    return act


def truncate(suffix, part=0.0):
    return lambda path: os.truncate(path + suffix, int(os.path.getsize(path + suffix) * part))


KEEPING = {
    "nothing": lambda path: None, "wal removed": remove("-wal"), "wal moved away": move_away("-wal"),
    "wal replaced": replace("-wal"), "shm removed": remove("-shm"), "shm replaced": replace("-shm"),
    "wal and shm removed": remove("-wal", "-shm"), "shm emptied": truncate("-shm"), "shm cut short": truncate("-shm", 0.5),
}
LOSING = {"wal emptied": truncate("-wal"), "wal cut short": truncate("-wal", 0.5)}


class Store:
    """A daemon with a store in WAL mode, and what is in it."""

    def __init__(self, path, daemon, columns):
        self.path, self.daemon, self.columns = path, daemon, columns

    def ids(self):
        with sqlite3.connect(self.path) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            rows = database.execute(f"SELECT {self.columns}").fetchall()
        database.close()
        return {re.search(rb"(?:^| id )([0-9a-f]{24})\b", bytes(row))[1].decode() for row, in rows}


@pytest.fixture(params=["sqlite", "sql"])
def store(request, serve, directory):
    path = os.path.join(directory, "guerrilla.sqlite")
    if request.param == "sqlite":
        return Store(path, serve(sqlite_busy_timeout="100ms"), "CAST(queued_id AS BLOB) FROM message")
    with sqlite3.connect(path) as database:
        database.executescript(run("schema", "--driver", "sqlite3", "--table", "mail").stdout.decode())
    database.close()
    return Store(path, serve(save_process="HeadersParser|Header|sql", sql_driver="sqlite3", mail_table="mail",
                             sql_dsn=f"{path}?_journal_mode=WAL&_busy_timeout=100"), "mail FROM mail")


def deliver(daemon, count):
    """Sends each message until it is taken; returns the queued ids, and how often it was told to come again."""
    kept, refused = [], 0
    with daemon.session() as wire:
        for _ in range(count):
            def attempt():
                nonlocal refused
                reply = send(wire)
                refused += reply.code == 451
                return reply.code == 250 and queued_id(reply)
            kept.append(eventually(attempt, "a message taken"))
        wire.quit()
    return kept, refused


def send(wire):
    wire.envelope()
    wire.send(stuff(messages.plain("tampering")) + b".\r\n")
    reply = wire.reply()
    assert reply.code in (250, 451), reply
    return reply


@pytest.mark.parametrize("what", [*KEEPING, *LOSING])
def test_what_is_acknowledged_afterwards_is_kept(store, what):
    before, _ = deliver(store.daemon, 20)
    (KEEPING | LOSING)[what](store.path)
    after, _ = deliver(store.daemon, 30)
    store.daemon.kill()
    store.daemon.start()
    assert set(after) <= store.ids()
    assert set(before) <= store.ids() or what in LOSING
    last, _ = deliver(store.daemon, 1)
    assert store.daemon.stop() == 0
    assert set(after + last) <= store.ids()


@pytest.mark.parametrize("what", KEEPING)
def test_a_stop_loses_nothing(store, what):
    kept, _ = deliver(store.daemon, 20)
    KEEPING[what](store.path)
    assert store.daemon.stop() == 0
    assert set(kept) <= store.ids()


def test_a_log_that_only_the_daemon_has_open_is_not_given_up(store):
    """Its messages can be brought into the database only when nobody reads a former state of it any more. Mail waits until then."""
    kept, _ = deliver(store.daemon, 5)
    reader = sqlite3.connect(store.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
    kept += deliver(store.daemon, 5)[0]
    os.remove(store.path + "-wal")
    with store.daemon.session() as wire:
        for _ in range(3):
            assert send(wire).code == 451
    reader.execute("COMMIT")
    kept += deliver(store.daemon, 5)[0]
    reader.close()
    store.daemon.kill()
    assert set(kept) <= store.ids()


def test_a_start_beside_readers(serve, directory):
    """After an unclean end, what is in the log cannot be brought into the database while a former state is read. The start waits as
    long as for any lock, says so and goes on."""
    daemon = serve(sqlite_busy_timeout="300ms")
    path = os.path.join(directory, "guerrilla.sqlite")
    kept, _ = deliver(daemon, 5)
    daemon.kill()
    with subprocess.Popen([BINARY, "mail", "watch", "--store", path], stdout=subprocess.PIPE, text=True) as watch:
        try:
            reader = sqlite3.connect(path, isolation_level=None)
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM message").fetchone() == (5,)
            eventually(lambda: path in {os.path.realpath(f"/proc/{watch.pid}/fd/{name}")
                                        for name in os.listdir(f"/proc/{watch.pid}/fd")}, "the watcher to have it open")
            # Something that is in the log and not in the state that is read.
            other = sqlite3.connect(path)
            other.execute("PRAGMA user_version = 1")
            other.close()
            daemon.start()
            daemon.wait_for_line("level=warning .*in use by another program")
            kept += deliver(daemon, 5)[0]
            for queued in kept[5:]:
                assert queued in watch.stdout.readline()
            reader.close()
            kept += deliver(daemon, 5)[0]
        finally:
            watch.kill()
    daemon.kill()
    daemon.start()
    assert not [line for line in daemon.lines if "in use by another program" in line]
    assert set(kept) == {entry.queued_id for entry in daemon.mail_list()}


def test_a_checkpoint_of_another_program_is_nothing_to_worry_about(store):
    kept, _ = deliver(store.daemon, 5)
    with sqlite3.connect(store.path) as other:
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    other.close()
    assert os.path.getsize(store.path + "-wal") == 0
    after, refused = deliver(store.daemon, 5)
    assert not refused
    store.daemon.kill()
    assert set(kept + after) <= store.ids()
