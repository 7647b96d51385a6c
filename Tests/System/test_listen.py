"""`listen_interface`: every form listens where the document says, alone and beside others, or is a problem that `check` names.

All interfaces of a network of one's own, where port 25 is nobody else's.
"""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import traceback

import pytest

import sandbox
from daemon import BINARY, configuration, run
from smtpwire import DEADLINE, Wire, eventually

# What is reached over 127.0.0.1 and over ::1.
FORMS = {
    ":25": (True, True), "*:25": (True, True), "0.0.0.0:25": (True, True), "[::]:25": (True, True), "[0:0::0]:25": (True, True),
    "127.0.0.1:25": (True, False), "[127.0.0.1]:25": (True, False), "[::ffff:127.0.0.1]:25": (True, False), "[::1]:25": (False, True),
    "localhost:25": (True, False), "LocalHost:25": (True, False),
}
REFUSED = ["0:25", "127.1:25", "0x7f.1:25", "0177.0.0.1:25", "2130706433:25", "0x7f000001:25", "127.0.0.01:25", "::1:25", "[::1:25",
           "*.example.com:25", "127.0.0.1%lo:25", ":smtp", ":65536", ":-1", "25", "", "[fe80::1]:25", "nonesuch.invalid:25",
           "http://localhost:25", "127.0.0.1", "[fe80::1%nosuch]:25", "[::1%lo]:25"]
PAIRS = [(":25", "127.0.0.1:25"), (":25", "[::1]:25"), (":25", "0.0.0.0:25"), (":25", "[::]:25"), ("*:25", "127.0.0.1:25"),
         ("0.0.0.0:25", "[::]:25"), ("127.0.0.1:25", "[::]:25"), ("0.0.0.0:25", "[::1]:25"), ("0.0.0.0:25", "127.0.0.1:25"),
         ("[::]:25", "[::1]:25"), ("localhost:25", "127.0.0.1:25"), ("localhost:25", "[::]:25"), ("localhost:25", "0.0.0.0:25"),
         ("localhost:25", "[::1]:25"), ("localhost:25", ":25"), ("[::ffff:127.0.0.1]:25", "127.0.0.1:25"),
         ("[::ffff:127.0.0.1]:25", "[::]:25"), ("[::ffff:127.0.0.1]:25", "0.0.0.0:25"), ("127.0.0.1:25", "[::1]:25"),
         ("127.0.0.1:25", "127.0.0.2:25"), (":25", ":26")]


@pytest.mark.parametrize("what", ["forms", "refused", "pairs", "link_local", "families_at_a_reload", "no_ipv6"])
def test_listen_interface(directory, need, what):
    need(None if shutil.which("unshare") else "unshare is not installed")
    need(None if what != "link_local" or shutil.which("ip") else "iproute2 is not installed")
    os.makedirs(f"{directory}/root/listen")
    visit = subprocess.run(sandbox.command(f"{directory}/root", sys.executable, os.path.abspath(__file__), what),
                           capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=4 * DEADLINE)
    assert visit.returncode == 0, visit.stdout + visit.stderr


# In the sandbox.


def write(*interfaces):
    config = configuration("/listen", pid_file="")
    server = config["servers"][0]
    config["servers"] = [{**server, "listen_interface": interface, "host_name": f"server{index}.example.com"}
                         for index, interface in enumerate(interfaces)]
    with open("/listen/guerrillad.json", "w") as file:
        json.dump(config, file)


class Served:
    """The daemon, if it starts; `lines` are what it says."""

    def __init__(self):
        self.lines = []
        self.process = subprocess.Popen([BINARY, "serve", "-c", "/listen/guerrillad.json"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.has_started = bool(self.wait_for("started with"))

    def wait_for(self, words):
        while not (found := [line for line in self.lines if words in line]):
            line = self.process.stdout.readline()
            if not line:
                return None
            self.lines.append(line.rstrip("\n"))
        return found[0]

    def send(self, number, words):
        self.process.send_signal(number)
        assert self.wait_for(words), self.lines

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.lines += self.process.stdout.read().splitlines()
        self.process.wait(DEADLINE)
        self.process.stdout.close()


def greeting(address):
    """Who says hello there; None when nobody listens."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as sock:
        sock.settimeout(DEADLINE)
        try:
            sock.connect(socket.getaddrinfo(address, 25, type=socket.SOCK_STREAM)[0][4])
        except OSError:
            return None
        return re.match(rb"220 (server\d)", sock.recv(200))[1].decode()


def check():
    result = run("check", "-c", "/listen/guerrillad.json")
    return result.returncode, (result.stdout + result.stderr).decode()


def forms():
    for interface, (ipv4, ipv6) in FORMS.items():
        write(interface)
        code, said = check()
        assert code == 0, (interface, said)
        with Served() as served:
            assert served.has_started, (interface, served.lines)
            assert (bool(greeting("127.0.0.1")), bool(greeting("::1"))) == (ipv4, ipv6), interface
            if ipv4:
                with Wire(25) as wire:
                    wire.hello()
                    wire.deliver(b"Subject: x\r\n\r\nx\r\n")
                    wire.quit()
                # Whatever the socket is, the client is one of IPv4.
                assert " smtp.client=127.0.0.1 " in served.wait_for("Message received"), interface


def link_local():
    """An address that there is on every link: the zone says on which."""
    subprocess.run(["ip", "address", "add", "fe80::25/64", "dev", "lo"], check=True)
    for interfaces, expected in ((["[fe80::25%lo]:25"], 0), (["[fe80::25%lo]:25", "[::]:25"], 1), (["[fe80::25%lo]:25", "0.0.0.0:25"], 0)):
        write(*interfaces)
        # An address is not there at once.
        code, said = check()
        assert code == expected, said
        with eventually(lambda: (lambda served: served if served.has_started == (code == 0) else None)(Served()), "the start") as served:
            if served.has_started:
                assert greeting("fe80::25%lo") == "server0" and greeting("::1") is None


def refused():
    for interface in REFUSED:
        write(interface)
        code, said = check()
        assert code == 1 and "servers[0].listen_interface: " in said, (interface, said)
        with Served() as served:
            assert not served.has_started, interface
            assert len(served.lines) == 1 and "Address already in use" not in served.lines[0], served.lines


def pairs():
    for pair in PAIRS:
        for interfaces in (pair, pair[::-1]):
            write(*interfaces)
            code, said = check()
            with Served() as served:
                assert served.has_started == (code == 0), (interfaces, said, served.lines)
                if not served.has_started:
                    assert "servers[1].listen_interface: " in said and len(served.lines) == 1, (interfaces, said, served.lines)
                    continue
                # Each is where it says, and nobody is where nobody is wanted.
                reached = {address: greeting(address) for address in ("127.0.0.1", "127.0.0.2", "::1")}
                expected = dict.fromkeys(reached)
                for index, interface in enumerate(interfaces):
                    for address in WHERE[interface]:
                        if expected[address] is None or interface not in ("0.0.0.0:25", "[::]:25", ":25"):
                            expected[address] = f"server{index}"
                # One address for two: the later one is dropped, with a warning.
                if "has the same interface" in said:
                    expected = {address: "server0" if name else None for address, name in expected.items()}
                assert reached == expected, (interfaces, said)
                for first, second in (interfaces, interfaces[::-1]):
                    second = second.replace("[::ffff:127.0.0.1]", "127.0.0.1")
                    if first in ("0.0.0.0:25", "[::]:25") and second not in ("0.0.0.0:25", "[::]:25", ":26"):
                        assert f"{first} is on IPv{'4' if first[0] == '0' else '6'} alone, because {second} of another server" in said


# Where a server of this interface is reached beside another.
WHERE = {
    ":25": ["127.0.0.1", "127.0.0.2", "::1"], ":26": [], "*:25": ["127.0.0.1", "127.0.0.2", "::1"], "0.0.0.0:25": ["127.0.0.1", "127.0.0.2"],
    "[::]:25": ["::1"], "127.0.0.1:25": ["127.0.0.1"], "127.0.0.2:25": ["127.0.0.2"], "localhost:25": ["127.0.0.1"],
    "[::ffff:127.0.0.1]:25": ["127.0.0.1"], "[::1]:25": ["::1"],
}


def families_at_a_reload():
    """A socket keeps the families that it has; what that prevents is named, and changes nothing."""
    write("0.0.0.0:25")
    with Served() as served:
        write("0.0.0.0:25", "[::]:25")
        served.send(signal.SIGHUP, "Could not reload config: cannot listen on [::]:25: 0.0.0.0:25 of another server is on that address, too")
        assert greeting("127.0.0.1") == greeting("::1") == "server0"
        write("[::]:25")
        served.send(signal.SIGHUP, "Configuration was reloaded")
        assert greeting("127.0.0.1") == greeting("::1") == "server0"
    write("0.0.0.0:25", "[::]:25")
    with Served() as served:
        assert (greeting("127.0.0.1"), greeting("::1")) == ("server0", "server1")
        write("0.0.0.0:25")
        served.send(signal.SIGHUP, "0.0.0.0:25 goes on with the families that it had, until the daemon is started again")
        assert (greeting("127.0.0.1"), greeting("::1")) == ("server0", None)
        assert served.wait_for("Configuration was reloaded")
        served.lines.clear()
        # Another server is another socket.
        write(":25")
        served.send(signal.SIGHUP, "Configuration was reloaded")
        assert greeting("127.0.0.1") == greeting("::1") == "server0"


def no_ipv6():
    with open("/proc/sys/net/ipv6/conf/all/disable_ipv6", "w") as file, contextlib.suppress(OSError):
        file.write("1")
    for interface in (":25", "*:25", "0.0.0.0:25"):
        write(interface)
        assert check()[0] == 0
        with Served() as served:
            assert served.has_started, (interface, served.lines)
            assert greeting("127.0.0.1") == "server0" and greeting("::1") is None


if __name__ == "__main__":
    try:
        {test.__name__: test for test in (forms, link_local, refused, pairs, families_at_a_reload, no_ipv6)}[sys.argv[1]]()
    except Exception:
        traceback.print_exc()
        sys.exit(1)
