"""Clients that mean harm, or know no better: the server lives, its memory stays bounded, and it serves the next one."""
import contextlib
import os
import random
import resource
import subprocess
import sys
import time

import pytest

import messages
from conftest import SOAK
from smtpwire import DEADLINE, Closed, Wire, eventually, queued_id, stuff

GONE = (ConnectionResetError, BrokenPipeError, Closed)


@contextlib.contextmanager
def bounded(daemon, figure, what, mebibytes):
    """Inside, the daemon's largest memory grows by no more than this; the figure is printed."""
    before = daemon.memory("VmHWM")
    yield
    grown = (daemon.memory("VmHWM") - before) / 1024
    figure(f"{what}: largest memory grew by {grown:.1f} MiB")
    assert grown < mebibytes, f"{what}: memory grew by {grown:.1f} MiB"
    daemon.assert_serving()


def send_until_refused(wire, octets, times):
    """How many octets the server let itself be told before it closed."""
    sent = 0
    with contextlib.suppress(*GONE):
        for _ in range(times):
            wire.send(octets)
            sent += len(octets)
    return sent


@pytest.mark.parametrize("seed", range(20 if SOAK else 2))
def test_random_octets(serve, figure, seed):
    daemon = serve(timeout=5)
    generator = random.Random(seed)
    starts = [b"", b"EHLO x\r\n", b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<user@example.com>\r\n",
              b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<user@example.com>\r\nDATA\r\n", b"MAIL FROM:<", b"RCPT TO:<@"]
    with bounded(daemon, figure, "random octets", 40):
        for _ in range(150):
            with Wire(daemon.port) as wire, contextlib.suppress(*GONE):
                wire.send(generator.choice(starts))
                octets = generator.randbytes(generator.randrange(1, 20_000))
                if generator.random() < 0.5:
                    octets = octets.replace(b"\n", b"\r\n").replace(b"a", b"\r\n")
                wire.send(octets)
                if generator.random() < 0.5:
                    wire.half_close()
                    wire.drain()
                else:
                    wire.reset()


def test_endless_command_line(serve, figure):
    daemon = serve()
    with bounded(daemon, figure, "command line of 50 MB", 20):
        with daemon.wire() as wire:
            sent = send_until_refused(wire, b"A" * 65536, 50_000_000 // 65536)
            figure(f"command line of 50 MB: {sent:,} octets taken before the connection ended")


def test_many_endless_command_lines(serve, figure):
    daemon = serve()
    with bounded(daemon, figure, "100 endless command lines", 40):
        wires = [daemon.wire() for _ in range(100)]
        for _ in range(20):
            for wire in wires:
                send_until_refused(wire, b"NOOP " + b"A" * 20_000, 1)
        for wire in wires:
            wire.close()


def test_command_line_too_long_is_500_and_the_session_goes_on_or_ends(serve):
    daemon = serve()
    with daemon.session() as wire:
        wire.send(b"NOOP " + b"x" * 5_000 + b"\r\n")
        assert wire.reply().code in (500, 421)


def test_message_beyond_max_size_is_552_and_the_session_goes_on(serve):
    daemon = serve(max_size=100_000)
    with daemon.session() as wire:
        reply = wire.command("MAIL FROM:<sender@example.org> SIZE=100001")
        assert (reply.code, reply.text[:5]) == (552, "5.3.4")
        wire.envelope()
        wire.send(stuff(messages.attachment("large", octets=200_000)) + b".\r\n")
        reply = wire.expect(552)
        assert reply.text.startswith("5.3.4")
        queued = wire.deliver(messages.plain("small"))
        wire.quit()
    assert [entry.queued_id for entry in daemon.mail_list()] == [queued]


@pytest.mark.parametrize("octets", [b"X-Endless: " + b"h" * 65536, b"h" * 65536, b"h: v\r\n" * 10_000, b"\r\n" * 30_000,
                                    b".\r" * 30_000, b"\n.\n" * 20_000],
                         ids=["one header field", "one line", "header fields", "blank lines", "dot CR", "bare dots"])
def test_endless_data(serve, figure, octets):
    daemon = serve(max_size=100_000)
    with bounded(daemon, figure, "endless DATA", 20):
        with daemon.session() as wire:
            wire.envelope()
            sent = send_until_refused(wire, octets, 100_000_000 // len(octets))
            assert sent < 60_000_000, "nobody stopped it"
            with contextlib.suppress(OSError):
                rest = wire.drain()
                assert rest == b"" or rest.startswith((b"552", b"500", b"421")), rest
    assert len(daemon.mail_list()) == 1  # the one that shows it still serves


def test_large_header_section_is_bounded(serve, figure):
    daemon = serve(max_size=20_000_000)
    with bounded(daemon, figure, "header section of 15 MB", 120):
        with daemon.session() as wire:
            wire.envelope()
            wire.send(b"X-Field: " + b"h" * 900 + b"\r\n")
            for _ in range(15):
                wire.send((b"X-Field: " + b"h" * 900 + b"\r\n") * 1_100)
            wire.send(b"\r\nbody\r\n.\r\n")
            assert wire.reply().code in (250, 552, 554)


def test_chunks_of_one_octet(serve, figure):
    daemon = serve()
    octets = b"Subject: one by one\r\n\r\n" + b"chunk\r\n" * (20_000 if SOAK else 2_000)
    with bounded(daemon, figure, f"{len(octets):,} chunks of one octet", 20):
        with daemon.session() as wire:
            wire.expect(250, "MAIL FROM:<sender@example.org>")
            wire.expect(250, "RCPT TO:<user@example.com>")
            for start in range(0, len(octets), 500):
                part = octets[start:start + 500]
                wire.send(b"".join(b"BDAT 1\r\n%c" % octet for octet in part))
                for _ in part:
                    wire.expect(250)
            queued = queued_id(wire.expect(250, "BDAT 0 LAST"))
            wire.quit()
    assert daemon.stored(queued) == octets


def test_empty_chunks_are_a_flood(serve):
    daemon = serve(max_idle_commands=50)
    with daemon.session() as wire:
        wire.expect(250, "MAIL FROM:<sender@example.org>")
        wire.expect(250, "RCPT TO:<user@example.com>")
        with contextlib.suppress(*GONE):
            wire.send(b"BDAT 0\r\n" * 10_000)
        codes = []
        with contextlib.suppress(*GONE):
            while True:
                codes.append(wire.reply().code)
        assert codes == [250] * 49 + [421]
    daemon.assert_serving()


def test_announced_chunks_take_no_memory(serve, figure):
    daemon = serve(max_size=100_000_000)
    with bounded(daemon, figure, "100 clients that announce chunks of 100 MB", 30):
        wires = [daemon.session() for _ in range(100)]
        for wire in wires:
            wire.expect(250, "MAIL FROM:<sender@example.org> SIZE=100000000")
            wire.expect(250, "RCPT TO:<user@example.com>")
            wire.send(b"BDAT 100000000 LAST\r\nSubject: a beginning\r\n")
        for wire in wires:
            wire.wait_until_read()
            wire.close()


@pytest.mark.parametrize("begin", [b"", b"MAIL FROM:<sender@example.org>\r\nRCPT TO:<user@example.com>\r\n"],
                         ids=["refused", "accepted"])
@pytest.mark.parametrize("size", [b"9223372036854775807", b"9223372036854775808", b"99999999999999999999"])
def test_chunk_that_is_not_worth_reading_ends_the_session(serve, begin, size):
    daemon = serve()
    with daemon.session() as wire:
        wire.send(begin + b"BDAT " + size + b" LAST\r\nQUIT\r\n")
        codes = []
        with contextlib.suppress(*GONE):
            while True:
                codes.append(wire.reply().code)
        assert codes == ([250, 250, 552] if begin else [503])
    daemon.assert_serving()


@pytest.mark.parametrize("start", [b"", b"EHLO x\r\n", b"NOO"], ids=["silent", "after EHLO", "within a command"])
def test_silent_client_is_cut_off(serve, start):
    daemon = serve(timeout=1)
    with Wire(daemon.port) as wire:
        wire.send(start)
        replies = [line for line in wire.drain().split(b"\r\n") if line]
        assert all(line.startswith((b"250", b"421")) for line in replies), replies


def test_client_that_dribbles_a_command_is_cut_off(serve):
    """An octet now and then does not push the end of `timeout` ahead for ever."""
    daemon = serve(timeout=2)
    with daemon.wire() as wire:
        began = time.monotonic()
        with contextlib.suppress(*GONE):
            while time.monotonic() - began < DEADLINE:
                wire.send(b"A")
                wire.sock.settimeout(0.2)
                with contextlib.suppress(TimeoutError):
                    if wire.sock.recv(100) == b"":
                        break
        assert time.monotonic() - began < DEADLINE, "a dribbling client is kept for ever"


def test_client_silent_in_data_is_cut_off_and_nothing_is_kept(serve):
    daemon = serve(timeout=1)
    with daemon.session() as wire:
        wire.envelope()
        wire.send(b"Subject: never finished\r\n\r\n")
        wire.drain()
    assert daemon.mail_list() == []


@pytest.mark.parametrize("how", ["fin", "reset", "close"])
def test_client_that_vanishes_in_data_leaves_nothing(serve, how):
    daemon = serve()
    daemon.assert_serving()
    files = daemon.open_files()
    for _ in range(50):
        wire = daemon.session()
        wire.envelope()
        wire.send(b"Subject: never finished\r\n\r\nbody\r\n")
        if how == "fin":
            wire.half_close()
            assert b"250" not in wire.drain()
        {"fin": wire.close, "reset": wire.reset, "close": wire.close}[how]()
    eventually(lambda: daemon.open_files() <= files, f"{files} open files again, not {daemon.open_files()}")
    assert len(daemon.mail_list()) == 1


def test_client_that_never_reads_is_bounded(serve, figure):
    """It asks and asks, and does not take the answers."""
    daemon = serve(timeout=5)
    with bounded(daemon, figure, "a client that never reads", 30):
        with daemon.wire() as wire:
            wire.sock.settimeout(1)
            with contextlib.suppress(TimeoutError, *GONE):
                for _ in range(2_000):
                    wire.sock.sendall(b"EHLO client.example.org\r\n" * 1_000)


def test_one_client_too_many_gets_421(serve):
    daemon = serve(max_clients=3)
    wires = [daemon.wire() for _ in range(3)]
    with Wire(daemon.port, greeting=False) as refused:
        reply = refused.expect(421)
        assert reply.text.startswith("4.3.2"), reply
        assert refused.at_end()
    for wire in wires:
        wire.hello()  # nobody was disturbed
    wires.pop().quit()

    def served():
        with Wire(daemon.port, greeting=False) as wire:
            return wire.reply().code == 220

    eventually(served, "a free place is given to the next client")
    for wire in wires:
        wire.close()


def limit_open_files(daemon, spare):
    """Lets the daemon open so many more files than it has; as many as it may for None."""
    hard = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)[1]
    limit = hard if spare is None else max(map(int, os.listdir(f"/proc/{daemon.pid}/fd"))) + 1 + spare
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (limit, hard))


def test_running_out_of_open_files_makes_clients_wait_and_nothing_else(serve, figure):
    daemon = serve(max_clients=200)
    daemon.assert_serving()
    limit_open_files(daemon, spare=20)
    wires = [Wire(daemon.port, greeting=False) for _ in range(60)]
    try:
        assert "level=error" in daemon.wait_for_line("Out of open files.*max_clients")
        before, seconds = daemon.processor_time(), 4
        time.sleep(seconds)
        busy = daemon.processor_time() - before
        figure(f"out of open files for {seconds} s: {busy:.2f} s of processor time")
        assert busy < seconds / 4, f"{busy} s of {seconds} s: it tries again and again"
        # Those who came first leave, the others are served.
        for wire in wires[:50]:
            wire.close()
        for wire in wires[50:]:
            wire.expect(220)
    finally:
        for wire in wires:
            wire.close()
    limit_open_files(daemon, spare=None)
    daemon.assert_serving()


def test_too_many_bad_commands_close_the_connection(serve):
    daemon = serve()
    answered = 0
    with daemon.session() as wire, contextlib.suppress(*GONE):
        while answered < 100:
            assert wire.command("XYZZY").code in (421, 500, 502, 554)
            answered += 1
    assert 5 <= answered <= 20, f"the connection ends after {answered} bad commands"
    daemon.assert_serving()


def test_idle_connections(serve, figure, need):
    wanted = 5_000
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    need(f"only {limit} open files are allowed here" if limit < wanted + 500 else None)
    daemon = serve(max_clients=wanted + 200, timeout=3_600)
    daemon.assert_serving()
    before = daemon.memory()
    wires = []
    try:
        for index in range(wanted):
            wires.append(Wire(daemon.port, source=f"127.0.0.{2 + index % 50}"))
            if index % 2:
                wires[-1].hello()
        grown = daemon.memory() - before
        figure(f"{wanted} idle connections, half of them after EHLO: {before / 1024:.1f} MiB before, "
               f"{grown / 1024:.1f} MiB more, {grown / wanted:.1f} KiB each")
        assert grown / wanted < 16, f"{grown / wanted:.1f} KiB for an idle connection"
        daemon.assert_serving()
        wires[-1].deliver(messages.plain("after all"))
    finally:
        for wire in wires:
            wire.close()
    daemon.assert_serving()


def test_message_memory_is_bounded_as_a_whole(serve, figure):
    """Many large messages at the same time, none of them ever finished, against a small budget."""
    daemon = serve(max_message_memory=50_000_000, max_size=20_000_000, max_clients=200)
    daemon.assert_serving()
    with bounded(daemon, figure, "100 unfinished messages of 5 MB, budget 50 MB", 150):
        wires = []
        chunk = b"x" * 998 + b"\r\n"
        for _ in range(100):
            wire = daemon.session()
            if wire.command("MAIL FROM:<sender@example.org>").code == 250 \
                    and wire.command("RCPT TO:<user@example.com>").code == 250 and wire.command("DATA").code == 354:
                wire.send(chunk * 5_000)
                wires.append(wire)
            else:
                wire.close()
        for wire in wires:
            wire.reset()
        eventually(lambda: daemon.open_files() < 60, "the connections gone")


def test_memory_stays_level_under_load(serve, figure):
    """Messages for a while (minutes of them under make soak); after the first part, memory does not grow."""
    daemon = serve()
    parts, seconds = (int(os.environ["MINUTES"]), 60) if "MINUTES" in os.environ else (3, 2)
    samples = []
    load = os.path.join(os.path.dirname(os.path.abspath(__file__)), "load.py")
    for _ in range(parts):
        subprocess.run([sys.executable, load, str(daemon.port), f"{daemon.directory}/acknowledged", "50", str(seconds)],
                       check=True, timeout=seconds + 2 * DEADLINE, stdout=subprocess.DEVNULL)
        samples.append(daemon.memory())
    figure(f"memory after each {seconds} s of load, MiB: " + " ".join(f"{kib / 1024:.0f}" for kib in samples))
    assert max(samples) - samples[0] < 40 * 1024
    daemon.assert_serving()
