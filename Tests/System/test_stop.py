"""Stopping: a message in hand may finish, everyone else is told 421, and the exit code is 0."""
import json
import os
import signal
import socket
import subprocess

import pytest

import messages
from daemon import BINARY, Daemon, configuration
from smtpwire import DEADLINE, Closed, Wire, eventually, queued_id, stuff


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


def blocks_in_open(pid):
    """Whether a thread waits for the other end of a pipe."""
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/wchan") as file:
            if file.read() == "wait_for_partner":
                return True
    return False


def test_a_start_that_hangs_can_be_stopped(directory):
    """A log file that is a pipe nobody reads: opening it takes for ever."""
    pipe = os.path.join(directory, "pipe")
    os.mkfifo(pipe)
    path = os.path.join(directory, "guerrillad.json")
    with open(path, "w") as file:
        json.dump(configuration(directory, log_file=pipe, shutdown_timeout=1), file)
    process = subprocess.Popen([BINARY, "serve", "-c", path], cwd=directory, stderr=subprocess.PIPE, text=True)
    try:
        eventually(lambda: blocks_in_open(process.pid), "the start hanging")
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 1
        assert HANGS in process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_a_reload_that_hangs_does_not_keep_the_process_from_its_end(directory):
    pipe = os.path.join(directory, "pipe")
    os.mkfifo(pipe)
    with Daemon(directory, configuration(directory, shutdown_timeout=60)) as daemon:
        # The timeout is the one in force.
        for changes in {"shutdown_timeout": 1}, {"shutdown_timeout": 60, "log_file": pipe}:
            with open(daemon.config_path, "w") as file:
                json.dump(configuration(directory, **changes), file)
            daemon.process.send_signal(signal.SIGHUP)
            if "log_file" not in changes:
                daemon.wait_for_line("Configuration was reloaded")
        eventually(lambda: blocks_in_open(daemon.pid), "the reload hanging")
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(DEADLINE) == 1
        daemon.reader.join(DEADLINE)
        assert any("level=critical" in line and HANGS in line for line in daemon.lines)
