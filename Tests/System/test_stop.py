"""Stopping: a message in hand may finish, everyone else is told 421, and the exit code is 0."""
import contextlib
import json
import os
import select
import signal
import socket
import sqlite3
import subprocess
import time

import pytest

import mariadb
import messages
from certificates import Certificates
from daemon import BINARY, Daemon, configuration, mail_list
from smtpwire import DEADLINE, Closed, ReservedPort, Wire, eventually, queued_id, stuff


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT], ids=lambda how: how.name)
def test_message_in_hand_finishes_and_idle_sessions_get_421(serve, how):
    daemon = serve()
    octets = messages.attachment("in-hand", octets=200_000)
    wire_form = stuff(octets) + b".\r\n"
    with daemon.session() as busy, daemon.session() as idle, daemon.wire() as silent:
        busy.envelope()
        busy.send(wire_form[:100_000])
        busy.wait_until_read()
        daemon.process.send_signal(how)
        for told in (idle, silent):
            told.expect(421)
            assert told.at_end()
        with pytest.raises((ConnectionRefusedError, ConnectionResetError, Closed, AssertionError)):
            Wire(daemon.port).expect(250, "NOOP")  # nobody new is served
        busy.send(wire_form[100_000:])
        queued = queued_id(busy.expect(250))
        try:
            busy.expect(421)
        except Closed:
            pass
    assert daemon.process.wait(DEADLINE) == 0
    assert daemon.stored(queued) == octets


def test_stop_without_anyone_connected(serve):
    daemon = serve()
    daemon.assert_serving()
    assert daemon.stop() == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", daemon.port), 5)


def test_acknowledged_before_the_stop_is_there_after_it(serve):
    daemon = serve()
    with daemon.session() as wire:
        queued = [wire.deliver(messages.plain(f"stop-{i}")) for i in range(20)]
    assert daemon.stop() == 0
    daemon.start()
    assert {entry.queued_id for entry in daemon.mail_list()} == set(queued)


HANGS = "something hangs, and shutdown_timeout is over"


def silent():
    """A server that takes connections and never says anything."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(50)
    return listener


def waits_for(listener):
    """Whether somebody has connected."""
    return bool(select.select([listener], [], [], 0)[0])


def silent_database(listener):
    return {"save_process": "HeadersParser|Hasher|Header|sql", "sql_driver": "mysql", "mail_table": "mail",
            "sql_dsn": f"u:p@tcp(127.0.0.1:{listener.getsockname()[1]})/mail"}


def test_a_start_that_hangs_can_be_stopped(directory, need):
    need(mariadb.reason)
    with silent() as database:
        path = os.path.join(directory, "guerrillad.json")
        with open(path, "w") as file:
            json.dump(configuration(directory, **silent_database(database)), file)
        process = subprocess.Popen([BINARY, "serve", "-c", path], cwd=directory, stderr=subprocess.PIPE, text=True)
        try:
            eventually(lambda: waits_for(database), "the start hanging")
            process.send_signal(signal.SIGTERM)
            assert process.wait(DEADLINE) == 0
            assert HANGS not in process.stderr.read()
        finally:
            process.kill()
            process.wait()
            process.stderr.close()


def test_a_reload_that_hangs_is_given_up_for_a_stop(directory, need):
    """Everybody gets what a stop without a reload gives them."""
    need(mariadb.reason)
    with silent() as database, Daemon(directory, configuration(directory)) as daemon:
        with open(daemon.config_path, "w") as file:
            json.dump(configuration(directory, **silent_database(database)), file)
        with daemon.session() as idle, daemon.session() as busy:
            busy.envelope()
            daemon.process.send_signal(signal.SIGHUP)
            eventually(lambda: waits_for(database), "the reload hanging")
            busy.send(b"Subject: x\r\n")
            daemon.process.send_signal(signal.SIGTERM)
            idle.expect(421)
            busy.send(b"\r\nx\r\n.\r\n")
            busy.expect(250)
            assert daemon.process.wait(DEADLINE) == 0
        daemon.reader.join(DEADLINE)
        assert any("Could not reload config: the daemon is being shut down" in line for line in daemon.lines)


def fill(descriptor):
    """Until nothing more goes into a pipe."""
    os.set_blocking(descriptor, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(descriptor, b"x" * 4096)
    os.set_blocking(descriptor, True)


@pytest.mark.parametrize("kind", ["standard error", "file"])
def test_a_log_that_nobody_reads_does_not_keep_the_process_from_its_end(directory, kind):
    """The log is a pipe that is full. Mail has nothing to do with that: the stop is what it is without it, prompt and in order."""
    port = ReservedPort()
    changes = {"listen_interface": f"127.0.0.1:{port.number}"}
    if kind == "file":
        os.mkfifo(f"{directory}/pipe")
        reader = os.open(f"{directory}/pipe", os.O_RDONLY | os.O_NONBLOCK)
        writer = os.open(f"{directory}/pipe", os.O_WRONLY)
        changes["log_file"] = f"{directory}/pipe"
    else:
        reader, writer = os.pipe()
    path = os.path.join(directory, "guerrillad.json")
    with open(path, "w") as file:
        json.dump(configuration(directory, **changes), file)
    process = subprocess.Popen([BINARY, "serve", "-c", path], cwd=directory, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE if kind == "file" else writer)
    try:
        said = b""
        while b"started with" not in said:
            assert select.select([reader], [], [], DEADLINE)[0]
            said += os.read(reader, 1 << 16)
        fill(writer)
        with Wire(port.number) as idle, Wire(port.number) as busy:
            idle.hello()
            busy.hello()
            queued = busy.deliver(b"Subject: x\r\n\r\nx\r\n")
            begin = time.monotonic()
            process.send_signal(signal.SIGTERM)
            idle.expect(421)
            busy.expect(421)
        assert process.wait(DEADLINE) == 0
        # Two seconds are for the log, in case it goes on after all.
        assert time.monotonic() - begin < 10
        assert [entry.queued_id for entry in mail_list("-c", path)] == [queued]
        if kind == "file":
            words = f"guerrillad: log {directory}/pipe: its last lines are missing, because it takes no more\n"
            assert process.stderr.read().decode() == words
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()
        os.close(reader)
        os.close(writer)
        port.release()


def test_what_hangs_does_not_keep_the_process_from_its_end(directory):
    """Another program has the store locked, and the store waits for it longer than the stop may take."""
    with Daemon(directory, configuration(directory, shutdown_timeout=1)) as daemon, daemon.session() as wire:
        wire.deliver(b"Subject: x\r\n\r\nx\r\n")
        with contextlib.closing(sqlite3.connect(f"{directory}/guerrilla.sqlite", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            wire.envelope()
            wire.send(b"Subject: y\r\n\r\ny\r\n.\r\n")
            wire.wait_until_read()
            daemon.process.send_signal(signal.SIGTERM)
            assert daemon.process.wait(DEADLINE) == 1
        daemon.reader.join(DEADLINE)
        assert any(HANGS in line and "level=critical" in line for line in daemon.lines)
        assert any(line == f"guerrillad: {HANGS}: the process ends without it" for line in daemon.lines)


def test_a_log_that_nobody_reads_can_be_replaced(directory):
    """A reload puts another log in its place, and the daemon goes on as if nothing had been."""
    pipe = os.path.join(directory, "pipe")
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    log = os.path.join(directory, "log")
    with Daemon(directory, configuration(directory)) as daemon:
        with open(daemon.config_path, "w") as file:
            json.dump(configuration(directory, log_file=pipe, log_level="debug"), file)
        daemon.process.send_signal(signal.SIGHUP)
        eventually(lambda: select.select([reader], [], [], 0)[0], "the log in the pipe")
        writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        with pytest.raises(BlockingIOError):
            while True:
                os.write(writer, b"x" * 4096)
        os.close(writer)
        daemon.process.send_signal(signal.SIGUSR1)
        with open(daemon.config_path, "w") as file:
            json.dump(configuration(directory, log_file=log, allowed_hosts=["new.example"]), file)
        daemon.process.send_signal(signal.SIGHUP)
        eventually(lambda: os.path.exists(log) and "Configuration was reloaded" in open(log).read(), "the reload")
        with daemon.session() as wire:
            wire.expect(250, "MAIL FROM:<a@example.org>")
            wire.expect(250, "RCPT TO:<b@new.example>")
            wire.quit()
        os.close(reader)
        assert daemon.stop() == 0


def test_a_log_that_is_a_pipe_without_a_reader_is_refused(directory):
    pipe = os.path.join(directory, "pipe")
    os.mkfifo(pipe)
    path = os.path.join(directory, "guerrillad.json")
    with open(path, "w") as file:
        json.dump(configuration(directory, log_file=pipe), file)
    result = subprocess.run([BINARY, "serve", "-c", path], cwd=directory, capture_output=True, text=True, timeout=DEADLINE)
    assert result.returncode == 1
    assert f"could not open log file {pipe}: it is a pipe that nobody reads" in result.stderr
