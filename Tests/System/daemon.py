"""Starts, watches and ends one real `guerrillad`, and reads what it has stored through its own command line."""
import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import threading
import time

from smtpwire import DEADLINE, Wire

HERE = os.path.dirname(os.path.abspath(__file__))
BINARY = os.path.abspath(os.environ.get("GUERRILLAD") or os.path.join(HERE, "../../.build/release/guerrillad"))
LISTENING = re.compile(r"Listening on TCP (127\.0\.0\.1:(\d+))")


def configuration(directory, **changes):
    """A configuration with one server on a free port and the SQLite store in `directory`.

    Names in `changes` that the server or the backend knows go there; the rest is top level.
    """
    server = {
        "is_enabled": True,
        "host_name": "mail.example.com",
        "listen_interface": "127.0.0.1:0",
        "max_size": 20_000_000,
        "timeout": 300,
        "max_clients": 500,
    }
    backend = {
        "save_process": "HeadersParser|Header|sqlite",
        "primary_mail_host": "mail.example.com",
        "sqlite_path": os.path.join(directory, "guerrilla.sqlite"),
        "gw_save_timeout": "100s",
        "sqlite_busy_timeout": "50s",
    }
    top = {
        "log_file": "stderr",
        "log_level": "info",
        "allowed_hosts": ["example.com"],
        "pid_file": os.path.join(directory, "guerrillad.pid"),
    }
    backend_keys = {"save_process", "validate_process", "sqlite_path", "gw_save_timeout", "sqlite_busy_timeout",
                    "save_workers_size", "stored_line_endings", "maildir_path", "maildir_user_map", "gw_val_rcpt_timeout",
                    "rcpt_cache_seconds", "sql_driver", "sql_dsn", "mail_table", "sql_insert", "sql_values", "sql_validate",
                    "sql_max_open_conns", "sql_max_idle_conns", "sql_max_conn_lifetime", "sql_batch_size"}
    top_keys = set(top) | {"log_format", "shutdown_timeout", "event_loops", "max_message_memory", "min_free_space",
                           "certificate_check_interval", "user", "group"}
    for key, value in changes.items():
        where = top if key in top_keys else backend if key in backend_keys or key.startswith("fcgi_") else server
        where[key] = value
    return {**top, "servers": [server], "backend_config": backend}


def raise_open_files():
    """As many file descriptors as the system lets us have, here and in the children."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def run(*arguments, cwd=None, user=None, timeout=DEADLINE):
    """`guerrillad` with these arguments, to its end. Output as octets."""
    return subprocess.run(
        [BINARY, *arguments], cwd=cwd, user=user, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=timeout,
    )


class Daemon:
    """`guerrillad serve`. A context manager: whatever happens in a test, the process has ended after it."""

    def __init__(self, directory, config=None, arguments=(), environment=None):
        self.directory = directory
        self.environment = {**os.environ, **(environment or {})}
        self.arguments = list(arguments)
        self.config_path = None
        if config is not None:
            self.config_path = os.path.join(directory, "guerrillad.json")
            with open(self.config_path, "w") as file:
                json.dump(config, file, indent=2)
            self.arguments += ["--config", self.config_path]
        self.process = None
        self.lines = []
        self.changed = threading.Condition()

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        self.end()
        if kind:
            print(f"--- log of guerrillad, last lines ({len(self.lines)} in all)")
            print("\n".join(line[:400] for line in self.lines[-40:]))

    def start(self):
        self.lines = []
        self.process = subprocess.Popen(
            [BINARY, "serve", *self.arguments], cwd=self.directory, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )
        self.reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self.reader.start()
        self.wait_for_line(LISTENING)
        return self

    def _read(self, stream):
        for line in stream:
            with self.changed:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self.changed.notify_all()
        stream.close()
        with self.changed:
            self.changed.notify_all()

    def wait_for_line(self, pattern, timeout=DEADLINE):
        """The first line of output, old or new, in which `pattern` is found."""
        pattern = re.compile(pattern)
        end = time.monotonic() + timeout
        with self.changed:
            while True:
                for line in self.lines:
                    if pattern.search(line):
                        return line
                if not self.reader.is_alive():
                    raise AssertionError("guerrillad ended:\n" + "\n".join(self.lines[-20:]))
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"no line {pattern.pattern!r}:\n" + "\n".join(self.lines[-20:]))
                self.changed.wait(min(left, 0.2))

    @property
    def ports(self):
        with self.changed:
            return [int(m[2]) for m in map(LISTENING.search, self.lines) if m]

    @property
    def port(self):
        return self.ports[0]

    @property
    def pid(self):
        return self.process.pid

    def wire(self, **options):
        """A greeted connection."""
        return Wire(self.port, **options)

    def session(self, **options):
        """A connection after EHLO."""
        wire = self.wire(**options)
        wire.hello()
        return wire

    def kill(self):
        """`kill -9`."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE)
        self.reader.join(DEADLINE)

    def stop(self, how=signal.SIGTERM, timeout=DEADLINE):
        """Asks the daemon to end and returns its exit code."""
        self.process.send_signal(how)
        code = self.process.wait(timeout)
        self.reader.join(DEADLINE)
        return code

    def end(self):
        if self.process and self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.stop(timeout=30)
            if self.process.poll() is None:
                self.kill()

    def is_alive(self):
        return self.process.poll() is None

    def assert_serving(self):
        """A whole message is still taken, and kept."""
        assert self.is_alive(), f"guerrillad has ended with {self.process.poll()}"
        with self.session() as wire:
            queued = wire.deliver(b"Subject: still there\r\n\r\nYes.\r\n")
            wire.quit()
        assert queued in {entry.queued_id for entry in self.mail_list()}

    # What the kernel knows about the process.

    def memory(self, field="VmRSS"):
        """In KiB: VmRSS is now, VmHWM the most so far."""
        with open(f"/proc/{self.pid}/status") as file:
            for line in file:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
        raise AssertionError(f"no {field}")

    def processor_time(self):
        """Seconds of processor time that it has used so far."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    # What it has stored.

    def store(self):
        return ["-c", self.config_path] if self.config_path else []

    def mail_list(self):
        return mail_list(*self.store(), cwd=self.directory)

    def export(self, entry):
        return export(entry.id, *self.store(), cwd=self.directory)

    def stored(self, queued):
        """The message octets stored under this queued id, without the delivery header."""
        matches = [entry for entry in self.mail_list() if entry.queued_id == queued]
        assert len(matches) == 1, f"{len(matches)} messages with queued id {queued}"
        return without_delivery_header(self.export(matches[0]))


class Entry:
    """One line of `guerrillad mail list`."""

    def __init__(self, line):
        fields = line.split("\t")
        assert len(fields) == 7, f"{len(fields)} fields in {line!r}"
        self.id, self.queued_id, self.received, size, self.reverse_path, recipients, self.subject = fields
        self.size = int(size)
        self.recipients = recipients.split(",")


def mail_list(*store, cwd=None):
    result = run("mail", "list", *store, cwd=cwd)
    assert result.returncode == 0, result.stderr.decode(errors="replace")
    return [Entry(line) for line in result.stdout.decode(errors="replace").split("\n") if line]


def export(identifier, *store, cwd=None):
    """The stored octets: delivery header, then message."""
    result = run("mail", "export", identifier, *store, cwd=cwd)
    assert result.returncode == 0, result.stderr.decode(errors="replace")
    return result.stdout


DELIVERY_HEADER = re.compile(rb"Return-Path: <[^\r\n]*>\r\nReceived: [^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*")


def without_delivery_header(octets):
    match = DELIVERY_HEADER.match(octets)
    assert match, f"no delivery header: {octets[:300]!r}"
    return octets[match.end():]
