"""A power cut loses nothing that was acknowledged, in any store, at any moment; and the daemon starts on what it leaves.

The daemon runs with a recorder of its writes and syncs (powercut.c), and disks are rebuilt from the record (powercut.py): with what
was synced, and with nothing, a part or all of the rest. Every message that was acknowledged before the cut has to be there, whole.
"""
import asyncio
import os
import random
import re
import shutil
import sqlite3

import pytest

import load
import powercut
from conftest import SOAK
from daemon import Daemon, configuration, run
from smtpwire import eventually, queued_id, stuff

CUTS = int(os.environ.get("CUTS") or (400 if SOAK else 40))
STARTS = 20 if SOAK else 4  # of them, the daemon is started on
MESSAGES = 3_000 if SOAK else 300
SESSIONS = 8


class Embedded:
    """The processor `sqlite`."""
    processor, table, columns = "sqlite", "message", "queued_id, CAST(delivery_header || data AS BLOB)"

    def __init__(self, mode=None, workers=1):
        self.mode, self.workers = mode, workers

    def make(self, place):
        pass

    def path(self, place):
        return os.path.join(place, "guerrilla.sqlite")

    def settings(self, place):
        return {"sqlite_path": self.path(place), "sqlite_busy_timeout": "500ms"}

    def read(self, place):
        """Each message by its queued id."""
        if not os.path.exists(self.path(place)):
            return {}
        with sqlite3.connect(self.path(place)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (self.table,)).fetchone():
                return {}
            rows = database.execute(f"SELECT {self.columns} FROM {self.table}").fetchall()
        database.close()
        return self.by_id(rows)

    def by_id(self, rows):
        assert len(dict(rows)) == len(rows), "a queued id is there twice"
        return dict(rows)


class SQL(Embedded):
    """The processor `sql` with the driver `sqlite3`, in one of SQLite's journal modes."""
    processor, table, columns = "sql", "mail", "mail"

    def make(self, place):
        with sqlite3.connect(self.path(place)) as database:
            database.executescript(run("schema", "--driver", "sqlite3", "--table", "mail").stdout.decode())
        database.close()

    def settings(self, place):
        return {"sql_driver": "sqlite3", "mail_table": "mail", "save_workers_size": self.workers,
                "sql_dsn": self.path(place) + "?_busy_timeout=500" + (f"&_journal_mode={self.mode}" if self.mode else "")}

    def by_id(self, rows):
        return super().by_id([(id_in(octets), octets) for octets, in rows])


class MailDir:
    processor = "MailDir"

    def make(self, place):
        os.mkdir(os.path.join(place, "mail"))

    def settings(self, place):
        return {"maildir_path": os.path.join(place, "mail/[user]/Maildir"), "maildir_user_map": "user=-1:-1"}

    def read(self, place):
        new = os.path.join(place, "mail/user/Maildir/new")
        found = {}
        for name in os.listdir(new) if os.path.exists(new) else []:
            with open(os.path.join(new, name), "rb") as file:
                octets = file.read()
            assert is_whole(octets), f"new/{name} is not whole: {octets[:200]!r}"
            found[id_in(octets)] = octets
        return found


STORES = [
    pytest.param(Embedded(), id="sqlite"), pytest.param(MailDir(), id="MailDir"), pytest.param(SQL(), id="sql"),
    *(pytest.param(SQL(mode), id=f"sql-{mode}") for mode in ("DELETE", "TRUNCATE", "PERSIST", "WAL")),
    pytest.param(SQL("WAL", workers=3), id="sql-WAL-3"),
]


def id_in(octets):
    return re.search(rb"\sid (\S+)\s", octets)[1].decode()


def is_whole(octets):
    """Whether this is a delivery header and a message of load.py, or of `deliver` below."""
    match = re.search(rb"^Subject: load (\S+) (\d+)\r\n", octets, re.MULTILINE)
    return bool(match) and octets.endswith(load.message(match[1].decode(), int(match[2])))


class Run:
    """Daemons with one store in one directory, one after the other, all that they do recorded."""

    def __init__(self, store, directory):
        self.store, self.directory = store, directory
        self.place = os.path.join(directory, "recorded")
        os.mkdir(self.place)
        store.make(self.place)
        self.recorder = powercut.Recorder(self.place, directory)
        self.failed = set()

    def daemon(self, place=None, environment=None):
        config = configuration(self.directory, save_process=f"HeadersParser|Header|{self.store.processor}", min_free_space=0,
                               **self.store.settings(place or self.place))
        return Daemon(self.directory, config, environment=self.recorder.environment if environment is None else environment)

    def load(self, port, count, name="s", again=False, meanwhile=lambda acknowledged: None):
        """Several sessions send until so many messages are acknowledged."""
        path = os.path.join(self.directory, "acknowledged")
        record = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)

        def goes_on():
            with open(path) as file:
                acknowledged = file.read().count("\n")
            meanwhile(acknowledged)
            return acknowledged < count

        async def sessions():
            return await asyncio.gather(*(load.session(port, f"{name}{n}", record, goes_on, again) for n in range(SESSIONS)))

        assert all(asyncio.run(sessions())), "a reply that was not expected"
        os.close(record)

    def check(self, figure, cuts=CUTS, starts=STARTS, moments=None):
        """Cuts the power again and again, at these moments or where it matters most: half right behind a 250."""
        generator = random.Random(str(self.store.settings("")))
        if not moments:
            def moments(entries):
                behind = [number + 1 for number, entry in enumerate(entries) if entry.kind == "a"]
                return ([generator.randrange(len(entries)) for _ in range(cuts // 2)]
                        + generator.choices(behind, k=cuts - cuts // 2))
        left = os.path.join(self.directory, "left")
        made = acknowledged = 0
        wanted = {generator.randrange(cuts) for _ in range(starts)}
        for moment, disk in powercut.replay(self.recorder, moments):
            way = generator.choice(powercut.WAYS)
            shutil.rmtree(left, ignore_errors=True)
            disk.cut(left, generator, way)
            try:
                if made in wanted:
                    with self.daemon(left, environment={}) as daemon:
                        with daemon.session() as wire:
                            wire.deliver(load.message("after", moment))
                            wire.quit()
                        assert daemon.stop() == 0
                kept = self.store.read(left)
                lost = [queued for queued in disk.acknowledged if queued not in kept]
                assert not lost, f"{len(lost)} of {len(disk.acknowledged)} acknowledged messages are lost: {lost[:3]}"
                broken = [queued for queued in disk.acknowledged if not is_whole(kept[queued])]
                assert not broken, f"messages are damaged: {broken[:3]}"
            except (AssertionError, sqlite3.Error) as error:
                raise AssertionError(f"power cut at {moment}, {way} of what was not synced: {error}") from error
            made, acknowledged = made + 1, len(disk.acknowledged)
        figure(f"{made} power cuts, {self.store.processor} {getattr(self.store, 'mode', None) or ''}: "
               f"{acknowledged} acknowledged, 0 lost")


@pytest.fixture
def recorded(need, directory):
    need(powercut.missing())
    return lambda store: Run(store, directory)


@pytest.mark.parametrize("store", STORES)
def test_nothing_acknowledged_is_lost(recorded, figure, store):
    run = recorded(store)
    with run.daemon() as daemon:
        run.load(daemon.port, MESSAGES)
        assert daemon.stop() == 0  # cuts while it stops, too
    run.check(figure)


@pytest.mark.parametrize("store", [pytest.param(Embedded(), id="sqlite"), pytest.param(MailDir(), id="MailDir")])
def test_the_first_moments_of_a_store(recorded, figure, store):
    """Cut at every moment from the first file on: new files and directories need a sync of what holds them."""
    run = recorded(store)
    with run.daemon() as daemon:
        run.load(daemon.port, 3)
        daemon.kill()
    last = {}

    def moments(entries):
        last["entry"] = [number for number, entry in enumerate(entries) if entry.kind == "a"][2] + 2
        return range(1, last["entry"])

    run.check(figure, cuts=60, starts=60 if SOAK else 15, moments=moments)
    assert last["entry"] > 15


def failing(run, acknowledged, every=25, longest=3):
    """Lets one, two or three syncs in a row fail, again and again."""
    turn, step = divmod(acknowledged, every)
    if step < SESSIONS and turn not in run.failed:
        run.failed.add(turn)
        run.recorder.fail_syncs(files=1 + turn % longest, after=turn // 2 % 4)


@pytest.mark.parametrize("store", STORES)
def test_syncs_that_fail_now_and_then(recorded, figure, store):
    run = recorded(store)
    with run.daemon() as daemon:
        run.load(daemon.port, MESSAGES // 2, again=True, meanwhile=lambda acknowledged: failing(run, acknowledged))
        assert daemon.stop() == 0
    assert len([entry for entry in run.recorder.entries() if entry.kind == "f"]) > 5
    run.check(figure)


@pytest.mark.parametrize("store", [pytest.param(Embedded(), id="sqlite"), pytest.param(MailDir(), id="MailDir")])
def test_syncs_of_directories_that_fail(recorded, figure, store):
    """What is new in a directory does not count before; a start that has failed for it leaves it to the next one."""
    run = recorded(store)
    run.recorder.fail_syncs(directories=10**9)
    with pytest.raises(AssertionError, match="Input/output error|disk I/O error"):
        run.daemon().start()
    run.recorder.fail_syncs()
    with run.daemon() as daemon:
        run.load(daemon.port, 10)
        run.recorder.fail_syncs(directories=3)
        run.load(daemon.port, 20, name="t", again=True)
        daemon.kill()
    run.check(figure, starts=1)


def test_a_checkpoint_whose_sync_fails(recorded, figure):
    """What a checkpoint wrote while another program read, it did not sync; when the next one's sync fails, that is lost from the
    database, and later checkpoints do not write it again."""
    store = Embedded()
    run = recorded(store)
    with run.daemon() as daemon:
        with daemon.session() as wire:
            def attempt(number, lines=0):
                padding = b"X-Padding: below\r\n\r\n" + (b"x" * 900 + b"\r\n") * lines if lines else b""
                wire.envelope()
                wire.send(stuff(padding + load.message("checkpoint", number)) + b".\r\n")
                return wire.reply().code

            assert attempt(0) == 250
            reader = sqlite3.connect(store.path(run.place), isolation_level=None)
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
            assert attempt(1, lines=10_000) == 250
            reader.close()
            # The commit and the log of the checkpoint are synced, the database is not.
            run.recorder.fail_syncs(files=1, after=2)
            assert attempt(2) == 250
            for number in range(3, 8):
                eventually(lambda: attempt(number) == 250, "the store to be opened again")
            assert attempt(8, lines=10_000) == 250
            assert attempt(9) == 250
            wire.quit()
        daemon.kill()
    assert [entry.kind for entry in run.recorder.entries()].count("f") == 1
    run.check(figure, starts=1)


@pytest.mark.parametrize("store", STORES)
def test_while_syncs_fail_nothing_is_stored_again_and_again(recorded, figure, store):
    """A sender that was told 451 sends again. The message is there once in the end, or a few times; not once for each 451."""
    run = recorded(store)
    message, replies = load.message("again", 0), []
    with run.daemon() as daemon:
        with daemon.session() as wire:
            def attempt():
                wire.envelope()
                wire.send(stuff(message) + b".\r\n")
                replies.append(wire.reply())
                return replies[-1].code

            assert attempt() == 250
            run.recorder.fail_syncs(files=10**9)
            for _ in range(30):
                assert attempt() == 451
            run.recorder.fail_syncs()
            eventually(lambda: attempt() == 250, "syncs that work again are noticed", pause=0.1)
            wire.quit()
        assert daemon.stop() == 0
    kept = store.read(run.place)
    figure(f"{store.processor} {getattr(store, 'mode', None) or ''}: {len(kept)} copies after {len(replies)} attempts")
    assert {queued_id(reply) for reply in replies if reply.code == 250} <= set(kept)
    assert len(kept) <= 1 + 3
    run.check(figure, starts=1)


@pytest.mark.parametrize("store", STORES)
def test_a_start_after_syncs_have_failed(recorded, figure, store):
    """The new process finds in the page cache what is not on the disk, and must not build on it."""
    run = recorded(store)
    with run.daemon() as daemon:
        run.load(daemon.port, 20)
        run.recorder.fail_syncs(files=10**9)
        with daemon.session() as wire:
            wire.envelope()
            wire.send(stuff(load.message("failed", 0)) + b".\r\n")
            wire.expect(451)
        daemon.kill()
    run.recorder.fail_syncs()
    before = len(run.recorder.entries())
    with run.daemon() as daemon:
        run.load(daemon.port, 40, name="t")
        daemon.kill()

    def moments(entries):
        return [*range(before, min(before + CUTS, len(entries))), *random.Random(1).choices(range(before, len(entries)), k=CUTS // 2)]

    run.check(figure, moments=moments)
