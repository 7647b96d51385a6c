"""The processor `sql` with real databases: what is stored, who exists, and what happens while the database is away."""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

import daemon
import mariadb
import postgres
from certificates import Certificates
from conftest import SOAK
from smtpwire import DEADLINE, eventually
from swifttests import run_swift_tests

HERE = os.path.dirname(os.path.abspath(__file__))
CHAIN = "HeadersParser|Header|Hasher|sql"
SECONDS = 30 if SOAK else 4


def schema(dialect, table="mail"):
    result = daemon.run("schema", "--driver", dialect, "--table", table)
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout.decode()


def settings(database, **changes):
    """Changes of the daemon's configuration that make it store in this database."""
    return {
        "save_process": CHAIN, "sql_driver": database.dialect, "sql_dsn": database.dsn(), "mail_table": "mail",
        "gw_save_timeout": "100s", **changes,
    }


KINDS = {"mariadb": (mariadb, mariadb.MariaDB), "postgres": (postgres, postgres.Postgres)}


@pytest.fixture(params=KINDS)
def database(request, need, directory):
    module, server = KINDS[request.param]
    need(module.reason)
    place = os.path.join(directory, "database")
    os.mkdir(place)
    os.chmod(place, 0o755)
    with server(place) as running:
        running.create(schema(running.dialect))
        yield running


def test_rows(serve, database):
    running = serve(**settings(database))
    message = ("From: A <a@example.org>\r\nTo: \"B, the first\" <b@example.com>, c@example.com\r\n"
               "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <one@example.org>\r\nReply-To: R <r@example.org>\r\n"
               "Content-Type: text/plain; charset=utf-8\r\n\r\n\xe4\x00\xff'\\\"\r\n").encode("latin-1")
    with running.session() as wire:
        queued = wire.deliver(message, reverse_path="s@example.org", recipients=["b@example.com", "c@example.com"])
        wire.quit()
    rows = database.mail("recipient, `to`, `from`, subject, body, hash, content_type, ip_addr, return_path, is_tls, "
                         "message_id, reply_to, sender, spam_score, has_attach")
    assert [row[0] for row in rows] == ["b@example.com", "c@example.com"]
    for row in rows:
        assert row[1:] == ["b@example.com", "s@example.org", "Grüße", "", queued, "text/plain; charset=utf-8",
                           "7F000001", "s@example.org", "0", "one@example.org", "r@example.org", "", "0", "0"]
    for recipient, octets in database.octets():
        assert octets.endswith(message)
        assert octets.startswith(f"Delivered-To: {recipient}\r\n".encode())


def test_drivers(database):
    """The Swift tests that need a server: every driver in a chain, and both ways to store many rows in MariaDB."""
    output = run_swift_tests("RealDatabaseTests", **{f"GUERRILLA_TEST_{database.dialect.upper()}": database.dsn()})
    assert re.search(rf"(?m)^\S+ Test {database.dialect}KeepsWhatItIsGiven\(.*\) .*passed", output), output[-4000:]
    assert re.search(rf"(?m)^\S+ Test {database.dialect}FitsIntoAChain\(\) passed", output), output[-4000:]
    # What each of them stores, once for each way.
    octets = sum(256 + 10 * index for index in [*range(300), 0, 2])
    [row] = database.query("SELECT count(*), sum(length(mail)), max(length(ip_addr)) FROM mail WHERE hash = 'real'")
    ways = int(row[0]) // 302
    assert [int(value) for value in row] == [302 * ways, octets * ways, 16]


def test_recipients_are_looked_up(serve, database):
    database.create("CREATE TABLE users (name VARCHAR(100) PRIMARY KEY, host VARCHAR(100) NOT NULL);")
    database.query("INSERT INTO users VALUES ('user', 'example.com'), ('o''brien', 'example.com')")
    running = serve(**settings(database, validate_process="sql", gw_val_rcpt_timeout="100s",
                               sql_validate="SELECT 1 FROM users WHERE name = :local AND host = :domain"))
    with running.session() as wire:
        wire.expect(250, "MAIL FROM:<s@example.org>")
        wire.expect(250, "RCPT TO:<user@example.com>")
        wire.expect(250, "RCPT TO:<o'brien@example.com>")
        wire.expect(250, "RCPT TO:<postmaster>")
        assert "5.1.1" in str(wire.expect(550, "RCPT TO:<nobody@example.com>"))
        database.end()
        assert "4.3.0" in str(wire.expect(451, "RCPT TO:<user@example.com>"))
        database.start()
        eventually(lambda: wire.command("RCPT TO:<user@example.com>").code == 250, "the database back")
        wire.quit()


def test_a_bad_row_costs_one_message(serve, database):
    """The others of the same commit are stored."""
    database.create("CREATE UNIQUE INDEX one ON mail (message_id);")
    running = serve(**settings(database))
    wires = [running.session() for _ in range(20)]
    for number, wire in enumerate(wires):
        wire.envelope()
        wire.send(f"Message-ID: <{number % 19}@x>\r\nSubject: {number}\r\n\r\nx\r\n.\r\n".encode())
    codes = sorted(wire.reply().code for wire in wires)
    assert codes == [250] * 19 + [451]
    assert len(database.mail("subject")) == 19
    for wire in wires:
        wire.close()


def test_tls(serve, need, directory):
    """The server's certificate is checked, and what does not fit is refused."""
    for module, kind in KINDS.values():
        need(module.reason)
    files = Certificates(directory).self_signed("db", "127.0.0.1").self_signed("other", "127.0.0.1")
    for name, options, good, bad in [
        ("mariadb", [f"--ssl-cert={files.path('db.crt')}", f"--ssl-key={files.path('db.key')}", "--require-secure-transport=ON"],
         {"tls": "true", "tls_ca": files.path("db.crt")}, {"tls": "true", "tls_ca": files.path("other.crt")}),
        ("postgres", ["-c", "ssl=on", "-c", f"ssl_cert_file={files.path('db.crt')}", "-c", f"ssl_key_file={files.path('pg.key')}"],
         {"sslmode": "verify-full", "sslrootcert": files.path("db.crt")},
         {"sslmode": "verify-full", "sslrootcert": files.path("other.crt")}),
    ]:
        place = os.path.join(directory, name)
        os.mkdir(place)
        os.chmod(place, 0o755)
        if name == "postgres":
            shutil.copy(files.path("db.key"), files.path("pg.key"))
            os.chmod(files.path("pg.key"), 0o600)
            if os.geteuid() == 0:
                shutil.chown(files.path("pg.key"), "postgres")
        with KINDS[name][1](place, *options) as database:
            database.create(schema(database.dialect))
            # Not over the Unix socket, which needs no TLS.
            running = serve(**settings(database, sql_dsn=database.dsn(**good)))
            with running.session() as wire:
                wire.deliver(b"Subject: over TLS\r\n\r\nx\r\n")
                wire.quit()
            assert database.mail("subject") == [["over TLS"]]
            running.end()
            config = daemon.configuration(directory, **settings(database, sql_dsn=database.dsn(**bad)))
            refused(directory, config, "certificate")


def refused(directory, config, why):
    """The daemon does not start, says why, and shows no password."""
    path = os.path.join(directory, "refused.json")
    with open(path, "w") as file:
        json.dump(config, file)
    check = daemon.run("check", "--connect", "--config", path, cwd=directory)
    assert check.returncode == 1
    assert re.search(rb"(?m)^error: sql: (mysql|postgres) at 127\.0\.0\.1:\d+: .*", check.stdout), check.stdout
    assert re.search(why.encode(), check.stdout), check.stdout
    assert daemon.run("check", "--config", path, cwd=directory).returncode == 0
    result = daemon.run("serve", "--config", path, cwd=directory)
    text = (result.stdout + result.stderr).decode(errors="replace")
    assert result.returncode == 1, text
    assert re.search(why, text), text
    for module, _ in KINDS.values():
        assert module.PASSWORD not in text
    return text


def test_check_connects(directory, database):
    path = os.path.join(directory, "good.json")
    with open(path, "w") as file:
        json.dump(daemon.configuration(directory, **settings(database)), file)
    result = daemon.run("check", "--connect", "--config", path, cwd=directory)
    assert result.returncode == 0, result.stdout
    assert result.stdout.endswith(b": ok\n")


def test_a_start_that_fails_says_why(directory, database):
    for changes, why in [
        ({"sql_dsn": database.dsn(password="wrong")}, "(?i)denied|authentication failed"),
        ({"mail_table": "missing"}, "missing"),
        ({"sql_dsn": database.dsn().replace(str(database.port), str(mariadb.free_port()))}, "(?i)connect"),
    ]:
        refused(directory, daemon.configuration(directory, **settings(database, **changes)), why)


# The database goes away under the load of 50 sessions, and comes back.

def stop_and_start(database):
    database.end()
    time.sleep(1)
    database.start()


def kill_and_start(database):
    database.end(signal.SIGKILL if database.dialect == "mysql" else signal.SIGQUIT)
    database.start()


def silence(database):
    database.stop()
    time.sleep(6)  # longer than half of gw_save_timeout: waiting ends by itself
    database.resume()


def cut_connections(database):
    for _ in range(5):
        database.kill_connections()
        time.sleep(0.2)


def refuse_login(database):
    module = KINDS["mariadb" if database.dialect == "mysql" else "postgres"][0]
    database.change_password("another")
    database.kill_connections()
    time.sleep(1)
    database.change_password(module.PASSWORD)


def rename_table(database):
    database.query("ALTER TABLE mail RENAME TO elsewhere")
    time.sleep(1)
    database.query("ALTER TABLE elsewhere RENAME TO mail")


OUTAGES = [stop_and_start, kill_and_start, silence, cut_connections, refuse_login, rename_table]


class Load:
    """50 sessions that send until the daemon ends, as a context manager, and what they were told."""

    def __init__(self, running, directory):
        self.running = running
        self.record = os.path.join(directory, "acknowledged")

    def __enter__(self):
        self.client = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "load.py"), str(self.running.port), self.record, "50", "3600", "again"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        return self

    def __exit__(self, *_):
        self.client.kill()
        self.client.wait()

    def count(self):
        with contextlib.suppress(FileNotFoundError), open(self.record) as file:
            return sum(1 for _ in file)
        return 0

    def wait_for_more(self, what, meanwhile=lambda: None):
        before = self.count()

        def is_more():
            meanwhile()
            return self.count() > before + 200 or self.client.poll() is not None

        eventually(is_more, what)
        self.assert_running()

    def assert_running(self):
        assert self.client.poll() is None, self.client.communicate()[0]

    def end(self):
        self.assert_running()
        assert self.running.stop() == 0
        self.client.communicate(timeout=2 * DEADLINE)

    def compare(self, database):
        """Every acknowledged message is there. A text for the figures."""
        with open(self.record) as file:
            acknowledged = [line.split(" ") for line in file.read().split("\n")[:-1]]
        stored = {}
        for hash, subject in database.mail("hash, subject"):
            stored.setdefault(hash, []).append(subject)
        lost = [queued for queued, *_ in acknowledged if queued not in stored]
        assert not lost, f"{len(lost)} of {len(acknowledged)} acknowledged messages are lost: {lost[:5]}"
        for queued, session, number, *_ in acknowledged:
            assert stored[queued] == [f"load {session} {number}"]
        # What is there and was not acknowledged would be sent again. The last one of a session may have lost its reply at the end.
        last = {}
        for _, session, number, *_ in acknowledged:
            last[session] = max(last.get(session, -1), int(number))
        names = {queued for queued, *_ in acknowledged}
        twice = 0
        for queued, subjects in stored.items():
            if subjects[0].startswith("load "):
                session, number = subjects[0].split(" ")[1:]
                twice += len(subjects) - 1 + (queued not in names and int(number) < last.get(session, -1))
        # A PostgreSQL that panics in a commit may find it done when it recovers.
        unknown = sum(bool(re.search("unknown whether| late|PANIC:", line)) for line in self.running.lines)
        # A message is stored twice only where an outcome was unknown.
        assert twice <= unknown
        return f"{len(acknowledged)} acknowledged, {twice} stored twice, {unknown} outcomes unknown"


# One load for all of them, or in the long form one for each.
@pytest.mark.parametrize("outages", [[outage] for outage in OUTAGES] if SOAK else [OUTAGES],
                         ids=lambda outages: "+".join(outage.__name__ for outage in outages))
def test_what_is_acknowledged_is_there_after(serve, database, directory, figure, outages):
    running = serve(**settings(database, gw_save_timeout="8s", save_workers_size=2, max_messages_per_session=100_000))

    def away():
        return sum("is away, messages wait at their senders" in line for line in running.lines)

    with Load(running, directory) as load:
        load.wait_for_more("the load running")
        for outage in outages:
            time.sleep(SECONDS / 4)
            former = away()
            outage(database)
            # Connections that are cut between commits are replaced without anybody noticing.
            if outage is not cut_connections:
                eventually(lambda: away() > former, "a line in the log")
            load.wait_for_more("the load running again, without a restart")
        load.end()
    result = load.compare(database)
    figure(f"{database.dialect} {'+'.join(o.__name__ for o in outages)}: {result}")
    assert away() <= 20 * len(outages), "more than a line for each change"


class FileSystem:
    """A small file system of its own, as a context manager; `path` is None where mounting is not allowed."""

    def __init__(self, path, size):
        self.path = path
        self.size = size

    def __enter__(self):
        os.mkdir(self.path)
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.size}", "tmpfs", self.path], capture_output=True)
        if mount.returncode != 0:
            self.path = None
        return self

    def __exit__(self, *_):
        if self.path:
            subprocess.run(["umount", "--lazy", self.path], check=True)

    def fill(self):
        with open(os.path.join(self.path, "ballast"), "ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(1 << 20))

    def relieve(self):
        os.remove(os.path.join(self.path, "ballast"))


@pytest.mark.parametrize("kind, is_log", [("mariadb", False), ("postgres", False), ("postgres", True)])
def test_full_disk(serve, need, directory, figure, kind, is_log):
    """Under load the database has no room left, for rows or for PostgreSQL's log, and then has some again."""
    module, server = KINDS[kind]
    need(module.reason)
    place = os.path.join(directory, "database")
    os.mkdir(place)
    os.chmod(place, 0o755)
    name = f"{kind} with a full disk{' for its log' if is_log else ''}"
    with FileSystem(os.path.join(place, "disk"), "400m") as disk:
        if not disk.path:
            figure(f"{name}: not tried, mounting is not allowed here")
            return
        database = server(place)
        database.data = os.path.join(disk.path, "data")
        with database:
            database.create(schema(database.dialect))
            running = serve(**settings(database, gw_save_timeout="8s", max_messages_per_session=100_000))
            ends = 0

            def start_again():
                """PostgreSQL panics without room for its log, and ends if recovery finds none either."""
                nonlocal ends
                if database.process.poll() is not None:
                    ends += 1
                    database.start()

            # Each reply comes soon after gw_save_timeout at the latest.
            with Load(running, directory) as load, running.session(timeout=8 + 60) as wire:

                def send(subject):
                    wire.envelope()
                    wire.send(f"Subject: {subject}\r\n\r\n".encode() + 1500 * (b"x" * 70 + b"\r\n") + b".\r\n")
                    reply = wire.reply()
                    assert reply.code in (250, 451), reply
                    return reply.code

                def is_refused():
                    disk.fill()  # again: the server may have found something to remove
                    if is_log:
                        with contextlib.suppress(subprocess.CalledProcessError):
                            database.query("SELECT pg_switch_wal()")
                    return send("no room") == 451 and (not is_log or "PANIC" in database.log())

                load.wait_for_more("the load running")
                eventually(is_refused, "a message that is refused")
                load.assert_running()
                disk.relieve()
                load.wait_for_more("the load running again, without a restart", meanwhile=start_again)
                eventually(lambda: send("room again") == 250, "a message that is taken")
                wire.quit()
                load.end()
            figure(f"{name}: {load.compare(database)}, the database started again {ends} times")
            assert ["room again"] in database.mail("subject")
