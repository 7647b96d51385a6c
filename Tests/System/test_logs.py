"""The logs: rotated by logrotate under load without losing a line, one for each server, in JSON, forged by nobody."""
import collections
import getpass
import glob
import grp
import gzip
import json
import os
import re
import signal
import subprocess
import sys

import pytest

from daemon import BINARY, HERE, LISTENING, Daemon, configuration
from smtpwire import DEADLINE, ReservedPort, Wire, eventually

LOGROTATE = "/usr/sbin/logrotate"
SHIPPED = os.path.join(HERE, "..", "..", "packaging", "logrotate", "guerrillad")
RECEIVED = re.compile(r'msg="Message received" smtp.queued_id=(\S+) .* smtp.ms=[0-9.]+$')


class LoggedDaemon(Daemon):
    """A daemon whose main log is a file."""

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="strict") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def wait_for_line(self, pattern, timeout=DEADLINE):
        assert self.process.poll() is None, "\n".join(self.lines)
        eventually(lambda: any(re.search(pattern, line) for line in self.log()), f"a line with {pattern}")
        return next(line for line in self.log() if re.search(pattern, line))

    @property
    def ports(self):
        return [int(match[2]) for match in map(LISTENING.search, self.log()) if match]


@pytest.fixture
def logs(directory):
    path = os.path.join(directory, "logs")
    os.mkdir(path, 0o755)
    return path


@pytest.fixture
def serve_logged(directory, logs):
    """`serve_logged(log_level="debug", …)`: a running daemon with its main log in `logs/main.log`. `servers` has the `log_file` of
    each server by its interface."""
    running = []

    def start(*arguments, servers=None, **changes):
        config = configuration(directory, **{"log_file": os.path.join(logs, "main.log"), **changes})
        if servers:
            config["servers"] = [
                {**config["servers"][0], "listen_interface": interface, **({"log_file": log} if log else {})}
                for interface, log in servers.items()
            ]
        daemon = LoggedDaemon(directory, config, arguments)
        daemon.log_path = config["log_file"]
        running.append(daemon)
        return daemon.start()

    yield start
    for daemon in running:
        daemon.end()


def all_lines(directory, name):
    """The lines of a log and of all that was rotated away."""
    lines = []
    for path in glob.glob(os.path.join(directory, f"{name}*")):
        with (gzip.open if path.endswith(".gz") else open)(path, "rb") as file:
            octets = file.read()
        assert octets == b"" or octets.endswith(b"\n"), f"{path} ends within a line"
        assert b"\0" not in octets, f"{path} has a hole"
        lines += octets.decode().splitlines()
    return lines


def queued_ids(lines):
    return [match[1] for match in map(RECEIVED.search, lines) if match]


class Load:
    """Sessions that send for as long as the test wants them to."""

    def __init__(self, port, record, sessions=20, seconds=3600):
        self.record = record
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "load.py"), str(port), record, str(sessions), str(seconds)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )

    def acknowledged(self):
        try:
            with open(self.record) as file:
                return [line.split()[0] for line in file if line.endswith("\n")]
        except FileNotFoundError:
            return []

    def wait_for_more(self, count):
        wanted = len(self.acknowledged()) + count
        eventually(lambda: len(self.acknowledged()) >= wanted, f"{count} more messages")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def rotation(directory, logs, pid_file):
    """The file that is shipped, with the test's paths and user; a function that rotates by it."""
    with open(SHIPPED) as file:
        text = file.read()
    group = grp.getgrgid(os.getgid()).gr_name
    for old, new in [
        ("/var/log/guerrilla/", f"{logs}/"),
        ("/var/run/go-guerrilla.pid", pid_file),
        ("/run/systemd/system", os.path.join(directory, "no-systemd")),
        ("create 0640 guerrilla adm", f"create 0640 {getpass.getuser()} {group}"),
    ]:
        assert old in text, old
        text = text.replace(old, new)
    path = os.path.join(directory, "logrotate.conf")
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o644)

    def rotate():
        done = subprocess.run(
            [LOGROTATE, "--force", "--state", os.path.join(directory, "logrotate.state"), path],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE,
        )
        assert done.returncode == 0, done.stdout

    return rotate


# Rotation


@pytest.fixture
def logrotate(need):
    need(None if os.access(LOGROTATE, os.X_OK) else "logrotate is not installed")


@pytest.mark.parametrize("has_server_log", [False, True])
def test_logrotate_under_load_loses_and_doubles_nothing(logrotate, serve_logged, directory, logs, figure, has_server_log):
    name = "server" if has_server_log else "main"
    daemon = serve_logged(servers={"127.0.0.1:0": os.path.join(logs, "server.log") if has_server_log else None})
    rotate = rotation(directory, logs, os.path.join(directory, "guerrillad.pid"))
    with Load(daemon.port, os.path.join(directory, "acknowledged")) as load:
        for turn in range(6):
            load.wait_for_more(200)
            rotate()
            # The daemon has to have opened the new file before the next turn moves that one away.
            eventually(lambda: "re-opened main log file" in "\n".join(daemon.log()), "a reopened log")
        load.wait_for_more(200)
        assert daemon.stop() == 0  # the messages in hand are acknowledged and logged
    lines = all_lines(logs, f"{name}.log")
    counts = collections.Counter(queued_ids(lines))
    acknowledged = set(load.acknowledged())
    assert [queued for queued, count in counts.items() if count > 1] == []
    assert acknowledged - set(counts) == set(), "acknowledged, but not in the log"
    # The last messages may have been stored without the client having read so.
    assert len(set(counts) - acknowledged) <= 20
    assert len(glob.glob(os.path.join(logs, f"{name}.log*"))) == 7
    assert all(line.startswith('time="') for line in lines)
    if has_server_log:
        assert queued_ids(all_lines(logs, "main.log")) == []
        assert sum("] re-opened log file [" in line for line in lines) == 6
    figure(f"logrotate under load: {len(counts)} messages in 7 files, none missing, none twice")


def test_copytruncate_leaves_no_hole(logrotate, serve_logged, directory, logs):
    """What is written between the copy and the truncation is lost; that is logrotate's way, not ours. Nothing else is."""
    daemon = serve_logged()
    port = daemon.port  # the line that says so is rotated away
    rotate = rotation(directory, logs, os.path.join(directory, "guerrillad.pid"))
    path = os.path.join(directory, "logrotate.conf")
    with open(path) as file:
        text = file.read()
    text = re.sub(r"    postrotate\n.*?endscript\n", "", text, flags=re.S)
    text = re.sub(r"    create .*\n", "    copytruncate\n", text)
    with open(path, "w") as file:
        file.write(text)
    sent = []
    for _ in range(3):
        with Wire(port) as wire:
            wire.hello()
            sent += [wire.deliver(b"Subject: x\r\n\r\n\r\n") for _ in range(10)]
            wire.quit()
        eventually(lambda: set(sent) == set(queued_ids(all_lines(logs, "main.log"))), "all lines")
        rotate()
    assert daemon.stop() == 0
    assert sorted(queued_ids(all_lines(logs, "main.log"))) == sorted(sent)


def test_file_that_cannot_be_opened_again_stays(serve_logged, directory, logs):
    daemon = serve_logged()
    os.rename(logs, logs + ".old")
    daemon.log_path = os.path.join(logs + ".old", "main.log")
    daemon.process.send_signal(signal.SIGUSR1)
    line = daemon.wait_for_line("main log file .* failed to re-open")
    assert " level=error " in line and "No such file or directory" in line
    with daemon.session() as wire:
        queued = wire.deliver(b"Subject: x\r\n\r\n\r\n")
    daemon.wait_for_line(f"smtp.queued_id={queued} ")


# Destinations


def test_servers_have_logs_of_their_own(serve_logged, logs):
    # Port 0 on one address would be one server: a server is known by its interface.
    daemon = serve_logged(log_level="debug", servers={
        "127.0.0.1:0": os.path.join(logs, "own.log"), "127.0.0.2:0": "off", "127.0.0.3:0": None,
    })
    ports = dict(re.findall(r"Listening on TCP (127\.0\.0\.\d):(\d+)", "\n".join(daemon.log())))
    queued = {}
    for address, port in ports.items():
        with Wire(int(port), address=address) as wire:
            wire.hello()
            queued[address] = wire.deliver(b"Subject: x\r\n\r\n\r\n")
            wire.quit()
    assert daemon.stop() == 0
    own, main = all_lines(logs, "own.log"), all_lines(logs, "main.log")
    assert queued_ids(own) == [queued["127.0.0.1"]]
    assert queued_ids(main) == [queued["127.0.0.3"]]
    assert sum("Handle client [" in line for line in own) == 1
    assert sum("Handle client [" in line for line in main) == 1
    assert not [line for line in own if "Backend" in line or "pid_file" in line]
    assert [line for line in main if "Shutdown completed, exiting." in line]
    assert daemon.lines == []


@pytest.fixture
def small_disk(directory):
    """A file system of 1 MiB; None where mounting is not allowed."""
    path = os.path.join(directory, "small")
    os.mkdir(path)
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path], capture_output=True)
    yield path if mount.returncode == 0 else None
    if mount.returncode == 0:
        subprocess.run(["umount", "--lazy", path], check=True)


def test_lines_that_a_full_disk_has_swallowed_are_counted(serve_logged, small_disk, figure):
    if not small_disk:
        figure("lines that a full disk has swallowed: not tried, mounting is not allowed here")
        return
    daemon = serve_logged(log_file=os.path.join(small_disk, "main.log"), log_level="trace")
    ballast = os.path.join(small_disk, "ballast")
    sent = 0

    def send(count):
        nonlocal sent
        with daemon.session() as wire:
            for _ in range(count):
                wire.expect(250, f"NOOP {sent} {'x' * 400}")
                sent += 1
            wire.quit()

    def seen():
        return [int(match[1]) for match in re.finditer(r'msg="Client sent: NOOP (\d+) ', "\n".join(daemon.log()))]

    send(10)
    with pytest.raises(OSError), open(ballast, "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    # A page is left to be filled, in the middle of some line; then nothing more can be written.
    send(200)
    eventually(lambda: not os.statvfs(small_disk).f_bavail, "the last page")
    with daemon.session() as wire:
        queued = wire.deliver(b"Subject: x\r\n\r\n\r\n")
        wire.quit()
    os.remove(ballast)
    send(10)
    daemon.wait_for_line(f"NOOP {sent - 1} ")
    line = daemon.wait_for_line("Log lines are missing: they could not be written")
    match = re.search(r' level=error .* lines=(\d+) from=(\S+Z) until=(\S+Z) reason="No space left on device"$', line)
    assert match and match[2] <= match[3]
    # Whole lines stand on both sides of it, but for the one that was written in part.
    lines = daemon.log()
    assert [text for text in lines if not text.startswith('time="')] == []
    torn = [text for text in lines if not re.search(r'" |"$|=\S+$', text)]
    missing = set(range(sent)) - set(seen())
    assert missing and not queued_ids(lines).count(queued)
    # Each command has a line, and each reply.
    assert int(match[1]) >= 2 * len(missing) - 2
    assert len(torn) <= 1
    assert daemon.stop() == 0


def is_greeted(port):
    try:
        with Wire(port):
            return True
    except OSError:
        return False


def test_what_a_full_disk_has_swallowed_is_said_at_the_end(directory):
    port = ReservedPort()
    daemon = Daemon(directory, configuration(directory, log_file="/dev/full", listen_interface=f"127.0.0.1:{port.number}"))
    process = subprocess.Popen([BINARY, "serve", "-c", daemon.config_path], cwd=directory, stderr=subprocess.PIPE, text=True)
    try:
        eventually(lambda: is_greeted(port.number), "the greeting")
        process.terminate()
        assert process.wait(DEADLINE) == 0
        said = process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
        port.release()
    assert re.fullmatch(r"guerrillad: log /dev/full: \d+ lines since \S+Z are missing: No space left on device\n", said), said


def test_log_behind_another_users_link_is_refused(directory, need):
    """Who may write into the log's directory must not choose the file that root writes to."""
    need("only root can give a link to another user" if os.geteuid() != 0 else None)
    target, link = f"{directory}/target", f"{directory}/log"
    os.symlink(target, link)
    daemon = Daemon(directory, configuration(directory, log_file=link))
    process = subprocess.Popen([BINARY, "serve", "-c", daemon.config_path], cwd=directory, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: os.path.exists(target) and "Listening on" in open(target).read(), "one's own link is followed")
    finally:
        process.terminate()
        assert process.wait(DEADLINE) == 0
    os.remove(target)
    os.lchown(link, 65534, 65534)
    result = subprocess.run([BINARY, "serve", "-c", daemon.config_path], cwd=directory, capture_output=True, text=True,
                            timeout=DEADLINE)
    assert result.returncode == 1 and f"could not open log file {link}: it is a symbolic link of another user's" in result.stderr
    assert not os.path.exists(target)


# Values


HOSTILE = [
    b'"a\\" level=error msg=\\"forged"@example.org',
    b'"a\\"}\\",\\"level\\":\\"error"@example.org',
    b'"\\\\"@example.org',
    "grüße@exämple.org".encode(),
    "\u202eevil\u2028line@example.org".encode(),
    "\u0085next@example.org".encode(),
]


def hostile_session(daemon):
    """Sends what could forge a line; returns the queued ids of what was taken."""
    taken = []
    with Wire(daemon.port) as wire:
        for name in [b"\xff\xfe\x80", "ho\u2028st".encode(), b'x"y', b"a\x1b[31m", b"client.example"]:
            wire.command(b"EHLO " + name)
        wire.hello()
        for path in HOSTILE:
            if wire.command(b"MAIL FROM:<" + path + b"> SMTPUTF8").code != 250:
                continue
            wire.expect(250, "RCPT TO:<user@example.com>")
            wire.expect(250, "RCPT TO:<other@example.com>")
            wire.expect(354, "DATA")
            wire.send(b"Subject: x\r\n\r\n\r\n.\r\n")
            taken.append(wire.expect(250).lines[0].split()[-1])
        wire.quit()
    assert len(taken) >= 4
    return taken


def test_every_json_line_is_an_object(serve_logged):
    daemon = serve_logged(log_format="json", log_level="trace")
    taken = hostile_session(daemon)
    assert daemon.stop() == 0
    with open(daemon.log_path, "rb") as file:
        octets = file.read()
    assert octets.endswith(b"}\n")
    lines = [json.loads(line) for line in octets.split(b"\n")[:-1]]
    levels = {"trace", "debug", "info", "warning"}
    for line in lines:
        assert list(line)[:3] == ["time", "level", "msg"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
        assert line["level"] in levels
    messages = {line["smtp.queued_id"]: line for line in lines if line["msg"] == "Message received"}
    assert set(messages) == set(taken)
    for line in messages.values():
        assert list(line) == ["time", "level", "msg", "smtp.queued_id", "smtp.client", "smtp.helo", "smtp.from",
                              "smtp.to", "smtp.size", "smtp.verdict", "smtp.reply", "smtp.ms"]
        assert line["smtp.client"] == "127.0.0.1"
        assert line["smtp.helo"] == "client.example.org"
        assert line["smtp.to"] == ["<user@example.com>", "<other@example.com>"]
        assert line["smtp.reply"] == 250 and isinstance(line["smtp.size"], int)
        assert line["smtp.verdict"] == "stored" and 0 <= line["smtp.ms"] < 1e6
    senders = {line["smtp.from"] for line in messages.values()}
    assert '<"a\\" level=error msg=\\"forged"@example.org>' in senders


def test_no_text_line_is_forged(serve_logged):
    daemon = serve_logged(log_level="trace")
    taken = hostile_session(daemon)
    assert daemon.stop() == 0
    lines = all_lines(os.path.dirname(daemon.log_path), "main.log")
    assert all(re.match(r'time="[^"]*Z" level=(trace|debug|info|warning) msg="', line) for line in lines)
    assert sorted(queued_ids(lines)) == sorted(taken)


# Levels


@pytest.mark.parametrize("level, arguments, seen, unseen", [
    ("trace", [], ["Client sent: NOOP", "Writing response to client: 250 2.0.0 OK", "Handle client ["], []),
    ("debug", [], ["Handle client ["], ["Client sent: "]),
    ("info", ["--verbose"], ["Handle client ["], ["Client sent: "]),
    ("info", [], ["Listening on TCP "], ["Handle client ["]),
])
def test_level_decides_what_is_logged(serve_logged, logs, level, arguments, seen, unseen):
    daemon = serve_logged(*arguments, log_level=level)
    with daemon.wire() as wire:
        wire.expect(250, "NOOP")
        wire.quit()
    assert daemon.stop() == 0
    text = "\n".join(all_lines(logs, "main.log"))
    assert [line for line in seen if line not in text] == []
    assert [line for line in unseen if line in text] == []


def test_level_form_and_destination_change_while_clients_are_connected(serve_logged, logs):
    daemon = serve_logged()
    other = os.path.join(logs, "other.log")

    def reload(**changes):
        with open(daemon.config_path) as file:
            config = json.load(file)
        config.update(changes)
        with open(daemon.config_path, "w") as file:
            json.dump(config, file)
        daemon.process.send_signal(signal.SIGHUP)

    with daemon.session() as wire:
        sent = [wire.deliver(b"Subject: 1\r\n\r\n\r\n")]
        reload(log_level="trace")
        daemon.wait_for_line(r"log level changed to \[trace\]")
        wire.expect(250, "NOOP")
        daemon.wait_for_line("Client sent: NOOP")
        reload(log_file=other, log_level="info")
        daemon.log_path = other
        daemon.wait_for_line(rf"main log for new clients changed to \[{other}\]")
        wire.expect(250, "NOOP two")
        sent.append(wire.deliver(b"Subject: 2\r\n\r\n\r\n"))
        reload(log_format="json")
        daemon.wait_for_line(r'^\{.*"msg":"Configuration was reloaded"')
        sent.append(wire.deliver(b"Subject: 3\r\n\r\n\r\n"))
        wire.quit()
    assert daemon.stop() == 0
    main, other = all_lines(logs, "main.log"), all_lines(logs, "other.log")
    assert queued_ids(main) == sent[:1]
    assert queued_ids(other) == sent[1:2]
    assert not [line for line in other if "NOOP two" in line]
    text = [line for line in other if line.startswith("time=")]
    objects = [json.loads(line) for line in other[len(text):]]
    assert [line["smtp.queued_id"] for line in objects if line["msg"] == "Message received"] == sent[2:]


# go-guerrilla's lines


def test_what_go_guerrillas_users_look_for_is_there(serve_logged, directory, logs):
    daemon = serve_logged(log_level="debug", timeout=1)
    port = daemon.port
    with daemon.wire() as silent:
        silent.expect(421)
    daemon.wire().close()
    daemon.wait_for_line(r"Client closed the connection: 127\.0\.0\.1")
    daemon.process.send_signal(signal.SIGUSR1)
    daemon.wait_for_line("re-opened main log file")
    assert daemon.stop() == 0
    path = os.path.join(logs, "main.log")
    messages = [re.match(r'time="[^"]*" level=(\w+) msg="([^"]*)"', line).groups() for line in daemon.log()]
    for expected in [
        ("info", f"pid_file ({directory}/guerrillad.pid) written with pid:{daemon.pid}"),
        ("info", f"Listening on TCP 127.0.0.1:{port}"),
        ("info", f"main log configured to {path}"),
        ("debug", "Handle client [127.0.0.1], id: 1"),
        ("info", "Timeout: 127.0.0.1"),
        ("debug", "Client closed the connection: 127.0.0.1"),
        ("info", f"re-opened main log file [{path}]"),
        ("info", f"Server [127.0.0.1:0] re-opened log file [{path}]"),
        ("info", "Shutdown signal caught"),
        ("info", "Server [127.0.0.1:0] has stopped accepting new clients"),
        ("info", "shutdown completed for [127.0.0.1:0]"),
        ("info", "Backend shutdown completed"),
        ("info", "Shutdown completed, exiting."),
    ]:
        assert expected in messages, f"{expected} not in {messages}"


def test_standard_error_that_does_not_block_loses_nothing(directory):
    """A pipe is made so by any program that has it, and it holds 64 KiB."""
    path = os.path.join(directory, "guerrillad.json")
    with open(path, "w") as file:
        json.dump(configuration(directory, log_level="trace"), file)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    process = subprocess.Popen([BINARY, "serve", "-c", path], cwd=directory, stderr=writer)
    os.close(writer)
    lines = []
    try:
        with os.fdopen(reader, encoding="utf-8") as log:
            while not lines or not LISTENING.search(lines[-1]):
                lines.append(log.readline())
            count = 1_000
            with Wire(int(LISTENING.search(lines[-1])[2])) as wire:
                for number in range(count):
                    wire.expect(250, f"NOOP {number}")
            process.terminate()
            lines += log.readlines()
    finally:
        process.kill()
        process.wait()
    assert sum("NOOP" in line for line in lines) == count, lines[-1]
    assert all(line.startswith("time=") and line.endswith("\n") for line in lines)
