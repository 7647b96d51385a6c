"""A MariaDB server of the test's own, on loopback, in a directory of its own."""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time

from smtpwire import DEADLINE

PROGRAMS = ("mariadb-install-db", "mariadbd", "mariadb")
MISSING = [name for name in PROGRAMS if not (shutil.which(name) or os.path.exists(f"/usr/sbin/{name}"))]
reason = f"not installed: {', '.join(MISSING)} (make deps)" if MISSING else None

USER, PASSWORD, DATABASE = "guerrilla", "p@ss:w/rd?", "mail"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class MariaDB:
    """A context manager: the server has ended after it."""

    dialect = "mysql"

    def __init__(self, directory, *options):
        self.directory = directory
        self.data = os.path.join(directory, "data")
        self.socket = os.path.join(directory, "my.sock")
        self.options = list(options)
        self.port = free_port()
        self.process = None

    def __enter__(self):
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={self.data}",
             "--auth-root-authentication-method=normal", "--skip-test-db"],
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=DEADLINE,
        )
        self.start()
        self.query(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4; "
                   f"CREATE USER {USER}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'; "
                   f"GRANT ALL ON {DATABASE}.* TO {USER}@'127.0.0.1'", database=None)
        return self

    def __exit__(self, *_):
        self.end(signal.SIGKILL)

    def start(self):
        log = open(os.path.join(self.directory, "mariadbd.log"), "ab")
        self.process = subprocess.Popen(
            [shutil.which("mariadbd") or "/usr/sbin/mariadbd", "--no-defaults", "--user=root",
             f"--datadir={self.data}", f"--socket={self.socket}", f"--pid-file={self.directory}/my.pid",
             "--bind-address=127.0.0.1", f"--port={self.port}", "--skip-name-resolve", "--innodb-buffer-pool-size=64M",
             "--innodb-log-file-size=32M", *self.options],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )
        log.close()
        end = time.monotonic() + DEADLINE
        while True:
            with contextlib.suppress(subprocess.CalledProcessError):
                self.query("SELECT 1", database=None)
                return
            if self.process.poll() is not None or time.monotonic() > end:
                with open(os.path.join(self.directory, "mariadbd.log"), errors="replace") as file:
                    raise AssertionError("mariadbd does not run:\n" + file.read()[-2000:])
            time.sleep(0.1)

    def end(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(how)
            self.process.wait(DEADLINE)

    def query(self, text, database=DATABASE):
        """The rows of a query, as lists of strings; run as root."""
        output = subprocess.run(
            ["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root", "--batch", "--skip-column-names",
             "--default-character-set=utf8mb4", "-e", text, *([database] if database else [])],
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=DEADLINE,
        ).stdout.decode()
        return [line.split("\t") for line in output.split("\n") if line]

    @contextlib.contextmanager
    def holding(self, *statements):
        """A transaction of another client, which holds what these statements lock."""
        with subprocess.Popen(
            ["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root", "--batch", "--skip-column-names",
             "--unbuffered", DATABASE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as client:
            client.stdin.write("".join(f"{text};\n" for text in ("START TRANSACTION", *statements, "SELECT 'is held'")))
            client.stdin.flush()
            for line in client.stdout:
                if "is held" in line:
                    break
            else:
                raise AssertionError("the lock is not to be had")
            yield
            client.stdin.close()

    def connections(self):
        """How many the daemon's user has, and what each is doing."""
        return self.query(f"SELECT state, info FROM information_schema.processlist WHERE user = '{USER}'")

    def dsn(self, user=USER, password=PASSWORD, **parameters):
        query = "&".join(f"{name.replace('_', '-')}={value}" for name, value in parameters.items())
        return f"{user}:{password}@tcp(127.0.0.1:{self.port})/{DATABASE}" + (f"?{query}" if query else "")

    def create(self, statements):
        self.query(statements)

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def kill_connections(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            self.query(f"KILL CONNECTION USER {USER}@'127.0.0.1'")

    def change_password(self, password):
        self.query(f"ALTER USER {USER}@'127.0.0.1' IDENTIFIED BY '{password}'")

    def mail(self, columns):
        """Columns of all rows in the order they were stored; `ip_addr` in hexadecimal, `is_tls` as a digit."""
        columns = columns.replace("ip_addr", "HEX(ip_addr)").replace("is_tls", "is_tls+0")
        return self.query(f"SELECT {columns} FROM mail ORDER BY mail_id")

    def octets(self):
        """Recipient and message of all rows."""
        return [(row[0], bytes.fromhex(row[1])) for row in self.query("SELECT recipient, HEX(mail) FROM mail ORDER BY mail_id")]
