"""A small SMTP client on a bare socket, for tests that have to decide every octet and every segment themselves.

Nothing here waits without a deadline, and nothing tidies up what it sends: what a test hands over is what goes out.
"""
import contextlib
import re
import socket
import struct
import time

DEADLINE = 120.0  # seconds any single wait may take: on the slowest machine, only a fault makes a test wait that long


class Reply:
    """One reply: its code, and the text of each line (RFC 5321 section 4.2)."""

    def __init__(self, code, lines):
        self.code = code
        self.lines = lines

    @property
    def text(self):
        return " / ".join(self.lines)

    def __repr__(self):
        return f"{self.code} {self.text}"


class Closed(Exception):
    """The server closed the connection where a reply was due."""


class Wire:
    """One connection. `port` is on `address`; `source` an address of the loopback network to connect from."""

    def __init__(self, port, source=None, timeout=DEADLINE, greeting=True, address="127.0.0.1"):
        self.timeout = timeout
        self.pending = b""
        self.sock = socket.create_connection(
            (address, port), timeout, source_address=(source, 0) if source else None
        )
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.greeting = self.reply() if greeting else None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def reset(self):
        """Ends the connection with RST instead of FIN, as a vanished client does."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def half_close(self):
        """Sends FIN; replies can still be read."""
        self.sock.shutdown(socket.SHUT_WR)

    def send(self, octets):
        self.sock.settimeout(self.timeout)
        self.sock.sendall(octets)

    def _line(self, deadline):
        while b"\r\n" not in self.pending:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"no reply in {self.timeout} s; so far {self.pending[:200]!r}")
            self.sock.settimeout(left)
            more = self.sock.recv(65536)
            if not more:
                raise Closed(f"connection closed; so far {self.pending[:200]!r}")
            self.pending += more
        line, self.pending = self.pending.split(b"\r\n", 1)
        return line

    def reply(self):
        """Reads one reply, however many lines it has, and checks its form."""
        deadline = time.monotonic() + self.timeout
        code, lines = None, []
        while True:
            line = self._line(deadline)
            match = re.fullmatch(rb"([2-5][0-9][0-9])([ -]?)([\t\x20-\x7e\x80-\xff]*)", line)
            assert match, f"not a reply line: {line!r}"
            assert code in (None, int(match[1])), f"reply changes its code: {line!r} after {code}"
            code = int(match[1])
            lines.append(match[3].decode("latin-1"))
            if match[2] != b"-":
                return Reply(code, lines)

    def command(self, line):
        """Sends one command line and reads its reply."""
        self.send((line.encode() if isinstance(line, str) else line) + b"\r\n")
        return self.reply()

    def expect(self, code, line=None):
        """The reply to `line` (or the next one, without `line`), which has to have this code."""
        reply = self.command(line) if line is not None else self.reply()
        assert reply.code == code, f"{line!r}: expected {code}, got {reply}"
        return reply

    def hello(self, name="client.example.org"):
        return self.expect(250, f"EHLO {name}")

    def envelope(self, reverse_path="sender@example.org", recipients=("user@example.com",)):
        """MAIL, RCPT and DATA, up to the 354."""
        self.expect(250, f"MAIL FROM:<{reverse_path}>")
        for recipient in recipients:
            self.expect(250, f"RCPT TO:<{recipient}>")
        self.expect(354, "DATA")

    def deliver(self, message, **envelope):
        """One whole transaction; returns the queued id of the 250."""
        self.envelope(**envelope)
        self.send(stuff(message) + b".\r\n")
        return queued_id(self.expect(250))

    def quit(self):
        self.expect(221, "QUIT")
        assert self.at_end(), "the connection stays open after QUIT"
        self.close()

    def at_end(self):
        """Reads until the server closes; False if it sends something else or nothing happens in time."""
        if self.pending:
            return False
        self.sock.settimeout(self.timeout)
        try:
            return self.sock.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def drain(self):
        """Everything the server still sends until it closes or resets; octets."""
        octets, self.pending = self.pending, b""
        end = time.monotonic() + self.timeout
        with contextlib.suppress(ConnectionResetError):
            while True:
                self.sock.settimeout(max(0.01, end - time.monotonic()))
                more = self.sock.recv(65536)
                if not more:
                    break
                octets += more
        return octets

    def wait_until_read(self):
        """Waits until the server's process has taken everything sent so far out of its socket.

        This is what makes a split between two `send`s a split between two reads of the server. Looks at the kernel's
        table, so it is no guess.
        """
        mine = self.sock.getsockname()[1]
        theirs = self.sock.getpeername()[1]

        def is_read():
            with open("/proc/net/tcp") as table:
                for row in table:
                    fields = row.split()
                    if fields[1].endswith(f":{theirs:04X}") and fields[2].endswith(f":{mine:04X}"):
                        return int(fields[4].split(":")[1], 16) == 0

        eventually(is_read, "the server has read everything", pause=0)


def stuff(message):
    """Dot-stuffing as RFC 5321 section 4.5.2 has it: a line begins at the start and after CRLF, nowhere else."""
    if message.startswith(b"."):
        message = b"." + message
    return message.replace(b"\r\n.", b"\r\n..")


def unstuff(wire):
    """What a strict receiver keeps of the octets between 354 and the final dot."""
    if wire.startswith(b"."):
        wire = wire[1:]
    return wire.replace(b"\r\n.", b"\r\n")


def queued_id(reply):
    """The queued id in the reply to the end of data."""
    match = re.search(r"queued as (\S+)", reply.text)
    assert match, f"no queued id in {reply}"
    return match[1]


class ReservedPort:
    """A port of 127.0.0.1 that the system gives to nobody else until it is released, and that a server may listen on.

    A socket is bound to it that does not listen: with SO_REUSEADDR on both, another may.
    """

    def __init__(self):
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.bind(("127.0.0.1", 0))
        self.number = self.sock.getsockname()[1]

    def release(self):
        self.sock.close()


def eventually(condition, what, timeout=DEADLINE, pause=0.02):
    """Asks again until `condition` holds and returns its value; fails with `what` after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {timeout} s: {what}"
        time.sleep(pause)
