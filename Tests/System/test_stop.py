"""Stopping: a message in hand may finish, everyone else is told 421, and the exit code is 0."""
import signal
import socket

import pytest

import messages
from smtpwire import DEADLINE, Closed, Wire, queued_id, stuff


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
