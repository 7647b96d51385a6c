"""The process itself: its pid file, its user, what systemd gives it and hears from it."""
import contextlib
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

import daemon as guerrillad
from certificates import Certificates
from daemon import Daemon, configuration, run
from smtpwire import DEADLINE, ReservedPort, Wire, eventually

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
SERVICE = f"{ROOT}/packaging/systemd/guerrillad.service"
SOCKET = f"{ROOT}/packaging/systemd/guerrillad.socket"


def text(path):
    with open(path) as file:
        return file.read()


def write(directory, config):
    path = f"{directory}/guerrillad.json"
    with open(path, "w") as file:
        json.dump(config, file)
    return path


def said(result):
    return (result.stdout + result.stderr).decode()


# The pid file.


def test_second_daemon_with_the_same_pid_file_is_refused(directory):
    with Daemon(directory, configuration(directory)) as daemon:
        result = run("serve", "-c", daemon.config_path)
        assert result.returncode == 1
        assert re.search(rf"pid_file \(.*\) belongs to a daemon that is running, pid {daemon.pid};", said(result))
        assert text(f"{directory}/guerrillad.pid") == str(daemon.pid)
        daemon.assert_serving()
    assert not os.path.exists(f"{directory}/guerrillad.pid")


def test_pid_file_of_a_killed_daemon_is_replaced(directory):
    daemon = Daemon(directory, configuration(directory))
    with daemon:
        daemon.kill()
        left = daemon.pid
        assert text(f"{directory}/guerrillad.pid") == str(left)
        daemon.start()
        daemon.wait_for_line(rf"level=warning .*was left behind by pid {left}, which has gone: replaced")
        assert text(f"{directory}/guerrillad.pid") == str(daemon.pid)


def test_one_of_two_that_start_at_once_gets_the_pid_file(directory):
    path = write(directory, configuration(directory))
    with open(f"{directory}/guerrillad.pid", "w") as file:
        file.write("1")  # of a process that lives and is no guerrillad
    both = [subprocess.Popen([guerrillad.BINARY, "serve", "-c", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, cwd=directory) for _ in range(2)]
    try:
        loser = eventually(lambda: next((p for p in both if p.poll() is not None), None), "one of them to be refused")
        winner = both[1 - both.index(loser)]
        assert loser.returncode == 1
        assert b"belongs to a daemon that is running" in loser.stdout.read()
        assert winner.poll() is None
        assert text(f"{directory}/guerrillad.pid") == str(winner.pid)
        winner.send_signal(signal.SIGTERM)
        assert winner.wait(DEADLINE) == 0
    finally:
        for process in both:
            process.kill()
            process.wait()
            process.stdout.close()


def test_pid_file_that_is_another_ones_by_now_stays(directory):
    with Daemon(directory, configuration(directory)) as daemon:
        os.unlink(f"{directory}/guerrillad.pid")
        with open(f"{directory}/guerrillad.pid", "w") as file:
            file.write("4711")
        assert daemon.stop() == 0
    assert text(f"{directory}/guerrillad.pid") == "4711"


# The user.


@pytest.fixture
def home(need):
    """A directory that any user may look into, with a binary in it that any user may run."""
    need("only root can become another user" if os.geteuid() != 0 else None)
    path = tempfile.mkdtemp(prefix="guerrilla-test-")
    os.chmod(path, 0o755)
    os.mkdir(f"{path}/bin", 0o755)
    shutil.copy(guerrillad.BINARY, f"{path}/bin/guerrillad")
    os.mkdir(f"{path}/mail", 0o755)
    yield path
    shutil.rmtree(path)


def for_nobody(home):
    shutil.chown(f"{home}/mail", "nobody", "nogroup")
    return configuration(f"{home}/mail", user="nobody")


def ids(pid):
    """User, group and supplementary groups as the kernel sees them, and what is left of root's capabilities."""
    found = {}
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            key, _, value = line.partition(":")
            if key in ("Uid", "Gid", "Groups", "CapPrm", "CapEff"):
                found[key] = value.split()
    return found


def test_user_is_changed_before_files_are_opened(home):
    config = for_nobody(home)
    config["log_file"] = f"{home}/mail/log"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guerrillad, "LISTENING", re.compile("never"))
        daemon = Daemon(home, config)
        daemon.process = subprocess.Popen([f"{home}/bin/guerrillad", "serve", "-c", daemon.config_path], cwd=home,
                                          stdin=subprocess.DEVNULL)
    try:
        line = eventually(lambda: os.path.exists(f"{home}/mail/log") and re.search(
            r"Listening on TCP 127\.0\.0\.1:(\d+)", text(f"{home}/mail/log")), "it listens")
        for key, value in ids(daemon.pid).items():
            expected = ["65534"] if key == "Groups" else ["0000000000000000"] if key.startswith("Cap") else ["65534"] * 4
            assert value == expected, key
        with Wire(int(line[1])) as wire:
            wire.hello()
            wire.deliver(b"Subject: for nobody\r\n\r\nHello.\r\n")
            wire.quit()
        for name in ("log", "guerrillad.pid", "guerrilla.sqlite"):
            assert os.stat(f"{home}/mail/{name}").st_uid == 65534, name
    finally:
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(DEADLINE) == 0
    assert not os.path.exists(f"{home}/mail/guerrillad.pid")


def test_port_below_1024_is_had_before_the_rights_are_given_up(home, need):
    config = for_nobody(home)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.77", 25))
        except OSError:
            need("port 25 of 127.0.0.77 is taken")
    config["servers"][0]["listen_interface"] = "127.0.0.77:25"
    path = write(home, config)
    process = subprocess.Popen([f"{home}/bin/guerrillad", "serve", "-c", path], cwd=home, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        line = ""
        while "started with" not in line:
            line = process.stdout.readline()
            assert line, "it has ended"
        assert ids(process.pid)["Uid"] == ["65534"] * 4
        with socket.create_connection(("127.0.0.77", 25), DEADLINE) as client:
            assert client.recv(100).startswith(b"220 ")
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("changes, words", [
    ({"user": "nonesuch"}, "user: this system has no user `nonesuch`"),
    ({"user": "nobody", "group": "nonesuch"}, "group: this system has no group `nonesuch`"),
    ({"group": "nogroup"}, "group: has no meaning without `user`"),
])
def test_unknown_user_or_group_is_named(directory, changes, words):
    path = write(directory, configuration(directory, **changes))
    for command in ("serve", "check"):
        result = run(command, "-c", path)
        assert result.returncode == 1 and words in said(result), said(result)
    assert os.listdir(directory) == ["guerrillad.json"]


def test_who_is_not_root_cannot_become_another(home):
    path = write(home, configuration(f"{home}/mail", user="root"))

    def as_nobody(path):
        return subprocess.run([f"{home}/bin/guerrillad", "serve", "-c", path], user="nobody", group="nogroup",
                              extra_groups=[], cwd="/", stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE)

    result = as_nobody(path)
    assert result.returncode == 1
    assert "user: only root can become `root`, and the daemon was started with user id 65534" in said(result)


def test_check_tries_the_rights_of_the_user(home, need):
    config = for_nobody(home)
    files = Certificates(home).self_signed("mail", "mail.example.com")
    config["servers"][0]["tls"] = {"start_tls_on": True, **files.pair("mail")}
    config["log_file"] = f"{home}/mail/log"
    path = write(home, config)
    os.chmod(files.path("mail.key"), 0o600)
    os.chmod(path, 0o600)
    result = run("check", "-c", path)
    assert result.returncode == 1
    lines = [line for line in said(result).splitlines() if line.startswith("error")]
    assert lines.pop(0) == (f"error: file {path} cannot be read by the user `nobody`; as root: "
                            f"chown nobody {path}; chmod u=rw,go= {path}")
    os.chmod(path, 0o644)
    assert lines == [f"error: servers[0].tls: file {files.path('mail.key')} cannot be read by the user `nobody`; as root: "
                     f"chown nobody {files.path('mail.key')}; chmod u=rw,go= {files.path('mail.key')}"]
    # What it advises is what helps.
    assert subprocess.run(lines[0].split("as root: ")[1], shell=True).returncode == 0
    result = run("check", "-c", path)
    assert result.returncode == 0, said(result)

    shutil.chown(f"{home}/mail", "root", "root")
    os.mkdir(f"{home}/closed", 0o700)
    config["log_file"] = f"{home}/closed/log"
    result = run("check", "-c", write(home, config))
    assert result.returncode == 1
    found = {line.split(": ")[1]: line for line in said(result).splitlines() if line.startswith("error: ")}
    assert set(found) == {"log_file", "pid_file", "backend_config.sqlite_path"}
    assert f"directory {home}/closed cannot be entered" in found["log_file"]
    assert f"chown nobody {home}/mail" in found["pid_file"]
    assert f"no file can be made in directory {home}/mail" in found["backend_config.sqlite_path"]
    assert sorted(os.listdir(f"{home}/mail")) == [], "check only looks"


# systemd.


class Manager:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(path)
        self.sock.settimeout(DEADLINE)

    def next(self):
        return self.sock.recv(4096).decode().splitlines()


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_systemd_is_told(directory, kind, monkeypatch):
    name = f"{directory}/notify"
    manager = Manager(name if kind == "path" else "\0" + name)
    monkeypatch.setenv("NOTIFY_SOCKET", name if kind == "path" else "@" + name)
    with Daemon(directory, configuration(directory)) as daemon:
        told = manager.next()
        assert "READY=1" in told and any(line.startswith("STATUS=Listening on 127.0.0.1:") for line in told)
        daemon.process.send_signal(signal.SIGHUP)
        told = manager.next()
        assert told[0] == "RELOADING=1" and re.fullmatch(r"MONOTONIC_USEC=\d+", told[1])
        assert "READY=1" in manager.next()
        daemon.process.send_signal(signal.SIGTERM)
        assert "STOPPING=1" in manager.next()
        assert daemon.process.wait(DEADLINE) == 0


def activate(directory, *arguments, **options):
    return subprocess.Popen(["systemd-socket-activate", *arguments], cwd=directory, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def test_socket_of_systemd_is_used(directory, need):
    need(None if shutil.which("systemd-socket-activate") else "systemd is not installed (make deps)")
    port = ReservedPort()
    path = write(directory, configuration(directory, listen_interface=f"127.0.0.1:{port.number}"))
    port.release()
    process = activate(directory, "-l", f"127.0.0.1:{port.number}", "--fdname=smtp", guerrillad.BINARY, "serve", "-c", path)
    try:
        assert "Listening on" in process.stdout.readline()
        # The first client is there before the daemon is.
        with Wire(port.number) as wire:
            wire.hello()
            wire.deliver(b"Subject: activated\r\n\r\nHello.\r\n")
            environment = text(f"/proc/{process.pid}/environ")
            assert "LISTEN_FDS=1" in environment
            assert os.path.realpath(f"/proc/{process.pid}/exe") == os.path.realpath(guerrillad.BINARY)
            wire.quit()
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def serve_with(directory, files, **variables):
    """`serve` with these open files as 3, 4, …; `LISTEN_PID` is its own unless it is given."""
    def give():
        copies = [os.dup2(file.fileno(), 100 + index) for index, file in enumerate(files)]
        for index, copy in enumerate(copies):
            os.dup2(copy, 3 + index, inheritable=True)
            os.close(copy)
        os.environ.update({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(files)), **variables})

    pid = os.fork()
    if pid == 0:
        try:
            give()
            output = os.open(f"{directory}/output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.execv(guerrillad.BINARY, [guerrillad.BINARY, "serve", "-c", f"{directory}/guerrillad.json"])
        finally:
            os._exit(127)
    return pid


def exit_code(pid):
    return eventually(lambda: (lambda found: found if found[0] else None)(os.waitpid(pid, os.WNOHANG)), "its end")[1] >> 8


@pytest.mark.parametrize("what", ["file", "udp", "connected", "unix"])
def test_what_is_no_listening_socket_is_refused(directory, what):
    write(directory, configuration(directory))
    opened = {
        "file": lambda: open("/dev/null"),
        "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "connected": lambda: socket.socketpair()[0],
        "unix": lambda: socket.socket(socket.AF_UNIX),
    }[what]()
    with opened as file:
        pid = serve_with(directory, [file])
        assert exit_code(pid) == 1
    output = text(f"{directory}/output")
    assert len(output.splitlines()) == 1 and "LISTEN_FDS: descriptor 3 is not a TCP socket that listens" in output, output


def test_sockets_for_another_process_are_left_alone(directory):
    write(directory, configuration(directory))
    with open("/dev/null") as file:
        pid = serve_with(directory, [file], LISTEN_PID="1")
        eventually(lambda: os.path.exists(f"{directory}/output") and "started with" in text(f"{directory}/output"), "it serves")
        os.kill(pid, signal.SIGTERM)
        assert exit_code(pid) == 0


def test_unit_is_valid_and_as_closed_as_documented(need, directory):
    need(None if shutil.which("systemd-analyze") else "systemd is not installed (make deps)")
    # As the unit would be installed.
    with open(SERVICE) as source, open(f"{directory}/guerrillad.service", "w") as target:
        target.write(source.read().replace("/usr/local/bin/guerrillad", guerrillad.BINARY))
    shutil.copy(SOCKET, directory)
    result = subprocess.run(["systemd-analyze", "verify", f"{directory}/guerrillad.service", f"{directory}/guerrillad.socket"],
                            capture_output=True, text=True, timeout=DEADLINE)
    assert result.returncode == 0 and "guerrillad" not in result.stdout + result.stderr, result.stdout + result.stderr
    result = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", SERVICE], capture_output=True,
                            text=True, timeout=DEADLINE)
    score = float(re.search(r"exposure level for guerrillad\.service: ([0-9.]+)", result.stdout)[1])
    documented = float(re.search(r"systemd-analyze security.* ([0-9.]+) ", text(f"{ROOT}/Docs/OPERATIONS.md"))[1])
    assert score <= documented


def test_unit_allows_every_system_call_that_is_made(need, directory):
    """strace sees what the daemon asks for, systemd-analyze says what the filter of the unit lets through."""
    need(None if shutil.which("systemd-analyze") and shutil.which("strace") else "systemd, strace are not installed")
    def members(group):
        result = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, timeout=DEADLINE)
        names = {line.strip() for line in result.stdout.splitlines() if re.match(r"\s+[@a-z]", line)}
        return {member for name in names for member in (members(name) if name.startswith("@") else {name})}

    allowed = set()
    for line in re.findall(r"^SystemCallFilter=(.*)$", text(SERVICE), re.MULTILINE):
        for word in line.lstrip("~").split():
            found = members(word) if word.startswith("@") else {word}
            allowed = allowed - found if line.startswith("~") else allowed | found
    trace = f"{directory}/trace"
    path = write(directory, configuration(directory))
    process = subprocess.Popen(["strace", "-f", "-qq", "-o", trace, guerrillad.BINARY, "serve", "-c", path], cwd=directory,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        line = ""
        while not (port := re.search(r"Listening on TCP 127\.0\.0\.1:(\d+)", line)):
            line = process.stdout.readline()
            assert line, "it has ended"
        with Wire(int(port[1])) as wire:
            wire.hello()
            wire.deliver(b"Subject: filtered\r\n\r\nHello.\r\n")
            wire.quit()
        pid = int(eventually(lambda: os.path.exists(f"{directory}/guerrillad.pid") and text(f"{directory}/guerrillad.pid"), "pid"))
        os.kill(pid, signal.SIGTERM)
        process.communicate(timeout=DEADLINE)
    finally:
        process.kill()
        process.wait()
    calls = text(trace)
    made = set(re.findall(r"^\d+\s+([a-z_0-9]+)\(", calls, re.MULTILINE)) - {"execve", "exit_group", "exit"}
    assert "sendto" in made or "write" in made
    # SQLite gives files of root's to others, and Dispatch looks whether it may be faster: what is not allowed to them is no harm.
    made -= {"fchown", "setpriority"}
    assert not made - allowed, f"not allowed by the unit: {made - allowed}"
    # MemoryDenyWriteExecute=
    assert not re.search(r"mmap\([^)]*PROT_WRITE\|PROT_EXEC|mprotect\([^)]*PROT_EXEC", calls.split("Listening on")[0].split("\n", 400)[-1])


# Limits of the system.


def limited(directory, user_id, **limits):
    """Runs as a user that has nothing else to do with these limits, `serve` first. Returns the process."""
    def become():
        os.setgid(user_id)
        os.setgroups([])
        os.setuid(user_id)
        for name, value in limits.items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))

    program = f"{directory}/bin/guerrillad"
    return subprocess.Popen([program, "serve", "-c", f"{directory}/guerrillad.json"], cwd="/", stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=become)


# Users that no other test runs as: the limit of processes is one for all that a user has.
FIRST_USER_ID = 61_000 + os.getpid() % 1_000 * 4


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def allow_threads(process, user_id, number):
    """From now on the user has no more than these. (Not as root: that may need more rights than a container has.)"""
    subprocess.run(["prlimit", "--pid", str(process.pid), f"--nproc={number}:{number}"], user=user_id, group=user_id,
                   extra_groups=[], check=True)


def test_too_few_threads_are_told_of(home, figure):
    """Whatever the limit is: it serves, or it says in one sentence what is missing."""
    config = configuration(f"{home}/mail")
    write(home, config)
    os.chown(f"{home}/mail", FIRST_USER_ID, FIRST_USER_ID)
    served = refused = 0
    for limit in [*range(1, 12), *range(12, 200, 6)]:
        process = limited(home, FIRST_USER_ID, NPROC=limit)
        try:
            said = ""
            while "started with" not in said and (line := process.stdout.readline()):
                said += line
            if "started with" in said:
                served = served or limit
                process.send_signal(signal.SIGTERM)
                process.stdout.read()
                assert process.wait(DEADLINE) == 0, limit
            else:
                refused = limit
                assert process.wait(DEADLINE) == 1, (limit, said)
                assert re.fullmatch(r"guerrillad: \d+ more threads are needed and cannot be started\. Please increase .*\n", said), said
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        if served:
            break
    assert served and refused
    figure(f"the daemon starts with a limit of {served} threads, and says why it does not with {refused}")


@pytest.mark.parametrize("limit", [4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 30, 63, 100])
def test_too_few_open_files_are_told_of(home, limit):
    config = configuration(f"{home}/mail", max_clients=100, event_loops=16)
    write(home, config)
    os.chown(f"{home}/mail", FIRST_USER_ID, FIRST_USER_ID)
    process = limited(home, FIRST_USER_ID, NOFILE=limit)
    try:
        said, _ = process.communicate(timeout=DEADLINE)
        assert process.returncode == 1 and len(said.splitlines()) == 1 and "open file limit" in said, (limit, said)
    finally:
        process.kill()
        process.wait()


def serve_as_a_user_of_its_own(home, user_id, **changes):
    port = ReservedPort()
    write(home, configuration(f"{home}/mail", listen_interface=f"127.0.0.1:{port.number}", **changes))
    os.chown(f"{home}/mail", user_id, user_id)
    process = limited(home, user_id)
    said = ""
    while "started with" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    return process, port


def test_a_stop_needs_no_thread_that_cannot_be_had(home):
    """What the user may have is used up, by other programs for one, and threads that have nothing to do have ended."""
    process, port = serve_as_a_user_of_its_own(home, FIRST_USER_ID + 1)
    try:
        with Wire(port.number) as idle, Wire(port.number) as busy:
            idle.hello()
            busy.hello()
            # Those that tasks run on end by themselves when they have nothing to do.
            seen = threads(process.pid)
            with contextlib.suppress(AssertionError):
                eventually(lambda: threads(process.pid) < seen, "a thread less", timeout=7)
            number = threads(process.pid)
            allow_threads(process, FIRST_USER_ID + 1, number)
            busy.envelope()
            busy.send(b"Subject: in hand\r\n")
            busy.wait_until_read()
            begin = time.monotonic()
            process.send_signal(signal.SIGTERM)
            idle.expect(421)
            busy.send(b"\r\nx\r\n.\r\n")
            busy.expect(250)
        assert process.wait(DEADLINE) == 0
        assert time.monotonic() - begin < 15
        assert "Shutdown completed, exiting." in process.stdout.read()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        port.release()


def test_a_reload_and_an_upgrade_without_threads_change_nothing(home):
    process, port = serve_as_a_user_of_its_own(home, FIRST_USER_ID + 2)
    lines = []
    try:
        number = threads(process.pid)
        allow_threads(process, FIRST_USER_ID + 2, number)
        for sent, expected in ((signal.SIGHUP, "Could not reload config: "), (signal.SIGUSR2, "Upgrade failed, going on as before")):
            process.send_signal(sent)
            while not any(expected in line for line in lines):
                line = process.stdout.readline()
                assert line, lines
                lines.append(line)
        assert any("more threads are needed and cannot be started" in line for line in lines)
        with Wire(port.number) as wire:
            wire.hello()
            wire.deliver(b"Subject: still there\r\n\r\nYes.\r\n")
            wire.quit()
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        assert process.wait(DEADLINE) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        port.release()


def test_a_stop_without_any_thread_ends_all_the_same(home):
    """Less than it has already: not even those that it keeps for this are replaced by others."""
    process, port = serve_as_a_user_of_its_own(home, FIRST_USER_ID + 3)
    try:
        seen = threads(process.pid)
        with contextlib.suppress(AssertionError):
            eventually(lambda: threads(process.pid) < seen, "a thread less", timeout=7)
        allow_threads(process, FIRST_USER_ID + 3, 1)
        with Wire(port.number) as idle:
            process.send_signal(signal.SIGTERM)
            idle.expect(421)
            # Nobody new is greeted.
            with socket.create_connection(("127.0.0.1", port.number), DEADLINE) as late, contextlib.suppress(OSError):
                assert late.recv(100) == b""
        process.stdout.read()
        assert process.wait(DEADLINE) in (0, 1)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        port.release()


# Rights that the file of the program would give.


@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o6755])
@pytest.mark.parametrize("command", [["serve"], ["check"], ["mail", "list"], ["version"]], ids=" ".join)
def test_setuid_program_is_refused(home, mode, command):
    config = for_nobody(home)
    path = write(home, config)
    program = f"{home}/bin/guerrillad"
    os.chown(program, 0, 0)
    os.chmod(program, mode)
    options = [] if command == ["version"] else ["-c", path]
    result = subprocess.run([program, *command, *options], user="nobody", group="nogroup", extra_groups=[], cwd="/",
                            stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE)
    assert result.returncode == 1
    assert re.fullmatch(r"guerrillad: the program is setuid or setgid, .*\n", said(result)), said(result)
    assert os.listdir(f"{home}/mail") == []
    # Root gets nothing by it.
    assert subprocess.run([program, "version"], capture_output=True, timeout=DEADLINE).returncode == 0


def test_a_capability_of_the_file_is_no_reason_to_refuse(home, need):
    program = f"{home}/bin/guerrillad"
    given = subprocess.run(["setcap", "cap_net_bind_service=+ep", program], capture_output=True)
    need(None if given.returncode == 0 else "setcap is not allowed here, or not installed")
    result = subprocess.run([program, "version"], user="nobody", group="nogroup", extra_groups=[], cwd="/", capture_output=True,
                            timeout=DEADLINE)
    assert result.returncode == 0, said(result)


def test_what_became_a_user_can_become_nothing_else(home):
    """No rights of a program that it starts, and no look into its memory."""
    config = for_nobody(home)
    config["log_file"] = f"{home}/mail/log"
    process = subprocess.Popen([f"{home}/bin/guerrillad", "serve", "-c", write(home, config)], cwd=home, stdin=subprocess.DEVNULL)
    try:
        eventually(lambda: os.path.exists(f"{home}/mail/log") and "started with" in text(f"{home}/mail/log"), "the start")
        assert "NoNewPrivs:\t1" in text(f"/proc/{process.pid}/status")
        # What is not dumpable belongs to root here.
        assert os.stat(f"/proc/{process.pid}/mem").st_uid == 0
        result = subprocess.run(["head", "-c", "1", f"/proc/{process.pid}/environ"], user="nobody", group="nogroup", extra_groups=[],
                                capture_output=True)
        assert result.returncode != 0 and b"Permission denied" in result.stderr
        # And an upgrade works.
        old = text(f"{home}/mail/guerrillad.pid")
        process.send_signal(signal.SIGUSR2)
        new = eventually(lambda: (lambda found: found if found not in ("", old) else None)(text(f"{home}/mail/guerrillad.pid")), "a new pid")
        assert process.wait(DEADLINE) == 0
        eventually(lambda: f"pid {new} has taken over" in text(f"{home}/mail/log"), "the upgrade")
        assert "NoNewPrivs:\t1" in text(f"/proc/{new}/status")
        os.kill(int(new), signal.SIGTERM)
        eventually(lambda: not os.path.exists(f"{home}/mail/guerrillad.pid"), "its end")
    finally:
        process.kill()
        process.wait()


def test_upgrade_of_process_1_is_refused(directory, need):
    """Its end would be the end of all others in its namespace, the new one among them."""
    need("only root can make a namespace" if os.geteuid() != 0 else None)
    path = write(directory, configuration(directory))
    process = subprocess.Popen(["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", guerrillad.BINARY, "serve", "-c", path],
                               cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []

    def wait_for(words):
        while not any(words in line for line in lines):
            line = process.stdout.readline()
            assert line, lines
            lines.append(line)

    try:
        wait_for("started with")
        first, = eventually(lambda: children(process.pid), "the process in the namespace")
        assert text(f"{directory}/guerrillad.pid") == "1"
        os.kill(first, signal.SIGUSR2)
        wait_for("Upgrade failed, going on as before")
        assert 'level=error' in lines[-1] and 'reason="this is process 1, ' in lines[-1]
        assert children(first) == []
        os.kill(first, signal.SIGHUP)
        wait_for("Configuration was reloaded")
        os.kill(first, signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
        assert not [line for line in lines if "is starting" in line]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def children(pid):
    return [int(child) for child in text(f"/proc/{pid}/task/{pid}/children").split()]
