"""What protects the daemon from clients that are too many, too early, too slow, or not mail clients at all; and its disk."""
import contextlib
import json
import os
import re
import socket
import ssl
import subprocess
import time
import urllib.request

import pytest

from certificates import Certificates
from daemon import run
from smtpwire import DEADLINE, Closed, Wire, eventually, queued_id, stuff

GONE = (ConnectionResetError, BrokenPipeError, Closed)
AWAY = 'level=info msg="Client sent away"'


def assert_turned_away(wire, code, status):
    reply = wire.greeting or wire.reply()
    assert (reply.code, reply.text[:5]) == (code, status), reply
    with contextlib.suppress(*GONE):
        assert wire.drain() == b""


def assert_greeted(*wires):
    for wire in wires:
        assert wire.greeting.code == 220, wire.greeting


def test_clients_per_address(serve):
    daemon = serve(max_clients_per_address=2)
    first = [daemon.wire(source="127.0.0.2") for _ in range(2)]
    assert_greeted(*first)
    with daemon.wire(source="127.0.0.2") as third:
        assert_turned_away(third, 421, "4.7.0")
    daemon.wait_for_line(f"{AWAY}.*smtp.client=127.0.0.2")
    others = [daemon.wire(source=f"127.0.0.{last}") for last in (3, 3, 4)]
    assert_greeted(*others)
    first.pop().close()

    def admitted():
        with daemon.wire(source="127.0.0.2") as wire:
            return wire.greeting.code == 220

    eventually(admitted, "a place is free again")
    for wire in first + others:
        wire.close()


def test_rate_per_address(serve):
    # One every 20 seconds once three have come.
    daemon = serve(connection_rate_per_address=3)
    start = time.monotonic()
    codes = []
    for _ in range(5):
        with daemon.wire(source="127.0.0.2") as wire:
            codes.append(wire.greeting.code)
    if time.monotonic() - start < 15:
        assert codes == [220, 220, 220, 421, 421]
    with daemon.wire(source="127.0.0.3") as wire:
        assert_greeted(wire)
    daemon.wait_for_line(f"{AWAY}.*connects too often")


def test_exempt_networks(serve):
    daemon = serve(max_clients_per_address=1, connection_rate_per_address=1, limit_exempt_networks=["127.0.0.2"])
    wires = [daemon.wire(source="127.0.0.2") for _ in range(5)]
    assert_greeted(*wires)
    for wire in wires:
        wire.close()


def test_greeting_delay(serve):
    daemon = serve(greeting_delay=2)
    start = time.monotonic()
    with daemon.wire() as patient:
        assert time.monotonic() - start > 1.9
        assert_greeted(patient)
        patient.hello()
    with Wire(daemon.port, greeting=False) as early:
        early.send(b"EHLO early.example.org\r\nMAIL FROM:<>\r\n")
        assert_turned_away(early, 554, "5.5.1")
    daemon.wait_for_line(f"{AWAY}.*smtp.reply=554")
    daemon.assert_serving()


def test_stopping_does_not_wait_for_the_greeting(serve):
    daemon = serve(greeting_delay=300)
    with Wire(daemon.port, greeting=False) as wire:
        eventually(lambda: f":{daemon.port:04X} " in connections(daemon.port), "the connection is there")
        # Accepted by the kernel is not yet taken by the daemon: it says 421 or just closes.
        assert daemon.stop() == 0
        with contextlib.suppress(*GONE):
            assert wire.reply().code == 421


def connections(port):
    with open("/proc/net/tcp") as file:
        return "\n".join(line for line in file if f":{port:04X} " in line and " 01 " in line)


def test_slow_message(serve):
    daemon = serve(min_data_rate=100)
    with daemon.session() as wire:
        wire.envelope()
        # A fast beginning buys nothing: the second window is judged by itself.
        wire.send(b"Subject: slow\r\n\r\n" + b"x" * 10_000)
        start = time.monotonic()
        with contextlib.suppress(*GONE):
            while time.monotonic() - start < DEADLINE and not readable(wire):
                wire.send(b"x")
        reply = wire.reply()
        assert (reply.code, reply.text) == (421, "4.4.2 Error: message arrives too slowly")
    daemon.assert_serving()


def readable(wire):
    """Waits a moment; the pace of the slow client."""
    wire.sock.settimeout(0.2)
    try:
        return wire.sock.recv(1, socket.MSG_PEEK) != b""
    except TimeoutError:
        return False


def test_flood_of_idle_commands(serve):
    daemon = serve(max_idle_commands=50)
    with daemon.session() as wire:
        with contextlib.suppress(*GONE):
            wire.send(b"NOOP\r\n" * 10_000)
        codes = []
        with contextlib.suppress(*GONE):
            while True:
                codes.append(wire.reply().code)
        assert codes == [250] * 49 + [421]
    daemon.assert_serving()


def test_a_thousand_commands_are_no_flood(serve):
    daemon = serve()
    with daemon.session() as wire:
        wire.send(b"NOOP\r\n" * 1_000 + b"MAIL FROM:<>\r\nRSET\r\n" * 500)
        for _ in range(2_000):
            wire.expect(250)
        wire.deliver(b"Subject: all well\r\n\r\n")
        wire.quit()


REFUSED = 'level=info msg="Message refused" reason="{1}" smtp.client=127.0.0.1 smtp.from=.* smtp.reply={0} '
FIELD = b"X-Field: value\r\n"
HOP = b"Received: from a.example by b.example; Fri, 21 Nov 2025 10:11:12 +0000\r\n"
TOO_MANY_HOPS = 554, "Error: too many hops"
BARE_NEWLINE = 554, "Error: a CR or LF stands alone in the message"


@pytest.mark.parametrize("changes, kept, refused, code_and_reason", [
    ({"max_header_size": 1_000}, b"X: " + b"x" * 993 + b"\r\n\r\n" + FIELD * 1_000, b"X: " + b"x" * 994 + b"\r\n\r\n",
     (552, "Error: maximum header size exceeded (1000)")),
    ({"max_header_fields": 10}, FIELD * 10 + b"\r\n" + FIELD * 1_000, FIELD * 11 + b"\r\nbody\r\n",
     (552, "Error: too many header fields (10)")),
    ({"max_received_hops": 3}, HOP * 3 + FIELD + b"\r\n" + HOP * 100, HOP * 2 + FIELD + HOP * 2 + b"\r\n", TOO_MANY_HOPS),
    ({}, HOP * 100 + b"\r\n", HOP * 101 + b"\r\n", TOO_MANY_HOPS),
    ({"bare_newline": "reject"}, FIELD + b"\r\n\r\n.\r\n", FIELD + b"\r\na\nb\r\n", BARE_NEWLINE),
    ({"bare_newline": "reject"}, FIELD + b"\r\n", FIELD + b"\r\na\rb\r\n", BARE_NEWLINE),
], ids=["size", "fields", "hops", "hops by default", "bare LF", "bare CR"])
@pytest.mark.parametrize("verb", ["DATA", "BDAT"])
def test_refused_messages(serve, verb, changes, kept, refused, code_and_reason):
    """The last one that passes, the first one that does not, and its line in the log."""
    code, reason = code_and_reason
    daemon = serve(**changes)

    def send(wire, message):
        if verb == "DATA":
            wire.envelope()
            wire.send(stuff(message) + b".\r\n")
        else:
            wire.expect(250, "MAIL FROM:<sender@example.org>")
            wire.expect(250, "RCPT TO:<user@example.com>")
            wire.send(b"BDAT %d LAST\r\n" % len(message) + message)
        return wire.reply()

    with daemon.session() as wire:
        first = queued_id(send(wire, kept))
        reply = send(wire, refused)
        assert (reply.code, reply.text[6:]) == (code, reason)
        second = queued_id(send(wire, kept))
        wire.quit()
    daemon.wait_for_line(REFUSED.format(code, re.escape(reason)))
    assert sorted(entry.queued_id for entry in daemon.mail_list()) == sorted([first, second])
    assert daemon.stored(first) == kept


def test_documented_servers_are_accepted(directory):
    with open(os.path.join(os.path.dirname(__file__), "../../Docs/OPERATIONS.md"), encoding="utf-8") as file:
        servers = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", file.read(), re.DOTALL)]
    assert any("bare_newline" in server for server in servers)
    Certificates(directory).self_signed("mail", "mail.example.com")
    for server in servers:
        for key, name in (("private_key_file", "mail.key"), ("public_key_file", "mail.crt")):
            if key in server.get("tls", {}):
                server["tls"][key] = f"{directory}/{name}"
        with open(f"{directory}/documented.json", "w") as file:
            json.dump({"allowed_hosts": ["example.com"], "servers": [server]}, file)
        result = run("check", "-c", f"{directory}/documented.json")
        assert result.returncode == 0, result
        assert not re.search(rb"unknown|not effective", result.stdout), result.stdout


def test_browser(serve):
    daemon = serve()
    with pytest.raises(Exception):
        urllib.request.urlopen(f"http://127.0.0.1:{daemon.port}/", data=b"EHLO x\r\nMAIL FROM:<>\r\n", timeout=DEADLINE)
    daemon.wait_for_line(f"{AWAY}.*smtp.reply=554")
    daemon.assert_serving()


def test_tls_client(serve):
    daemon = serve()
    context = ssl.create_default_context()
    context.check_hostname = False
    with socket.create_connection(("127.0.0.1", daemon.port), DEADLINE) as sock, pytest.raises(ssl.SSLError):
        context.wrap_socket(sock)
    daemon.wait_for_line(f"{AWAY}.*smtp.reply=554")
    daemon.assert_serving()


def test_less_space_than_is_asked_for(serve):
    daemon = serve(min_free_space=1 << 60)
    daemon.wait_for_line("level=error msg=\"Too little disk space")
    with daemon.session() as wire:
        reply = wire.expect(452, "MAIL FROM:<sender@example.org>")
        assert reply.text.startswith("4.3.1")


@pytest.fixture
def mounted(directory):
    """A file system of 8 MiB; None where mounting is not allowed."""
    path = os.path.join(directory, "mounted")
    os.mkdir(path)
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", path], capture_output=True)
    yield path if mount.returncode == 0 else None
    if mount.returncode == 0:
        subprocess.run(["umount", "--lazy", path], check=True)


def test_space_that_goes_and_comes_back(serve, mounted, figure):
    if not mounted:
        figure("space that goes and comes back: not tried, mounting is not allowed here")
        return
    daemon = serve(sqlite_path=f"{mounted}/guerrilla.sqlite", min_free_space=4_000_000)
    with daemon.session() as wire:
        kept = [wire.deliver(b"Subject: kept\r\n\r\n")]
        with open(f"{mounted}/ballast", "wb") as file:
            file.write(bytes(5_000_000))
        daemon.wait_for_line("level=error msg=\"Too little disk space")
        wire.expect(452, "MAIL FROM:<sender@example.org>")
        os.remove(f"{mounted}/ballast")
        daemon.wait_for_line("level=info msg=\"Enough disk space again")
        kept.append(wire.deliver(b"Subject: kept too\r\n\r\n"))
        wire.quit()
    assert kept == sorted(entry.queued_id for entry in daemon.mail_list())
