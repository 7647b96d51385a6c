"""Stands between a client and the daemon and keeps what the client said, for clients that cannot be asked."""
import re
import socket
import threading

from smtpwire import DEADLINE


class Recorder:
    """A context manager: forwards connections from `port` to another one of the loopback until it is left."""

    def __init__(self, server_port):
        self.server_port = server_port
        self.said = []  # by each connection
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.threads = []

    def __enter__(self):
        self._start(self._accept)
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(DEADLINE)

    def _start(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.server_port), DEADLINE)
            server.settimeout(None)
            self.said.append(bytearray())
            self._start(self._forward, client, server, self.said[-1])
            self._start(self._forward, server, client, None)

    @staticmethod
    def _forward(source, target, record):
        try:
            while octets := source.recv(65536):
                if record is not None:
                    record += octets
                target.sendall(octets)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def commands_and_chunks(said):
    """What a client with BDAT said: its command lines, and the octets of its chunks, joined for each message."""
    commands, messages, rest, message = [], [], bytes(said), b""
    while rest:
        line, _, rest = rest.partition(b"\r\n")
        commands.append(line)
        assert line != b"DATA", commands
        if chunk := re.fullmatch(rb"BDAT (\d+)( LAST)?", line):
            size = int(chunk[1])
            assert len(rest) >= size, f"{line!r}, and then {len(rest)} octets"
            message, rest = message + rest[:size], rest[size:]
            if chunk[2]:
                messages.append(message)
                message = b""
    return commands, messages
