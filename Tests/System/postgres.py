"""A PostgreSQL server of the test's own, on loopback, in a directory of its own."""
import contextlib
import glob
import os
import pwd
import shutil
import signal
import subprocess
import time

from mariadb import free_port
from smtpwire import DEADLINE

PLACES = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
reason = None if PLACES else "not installed: postgresql (make deps)"

USER, PASSWORD, DATABASE = "guerrilla", "p@ss:w/rd", "mail"


def program(name):
    return os.path.join(PLACES[0], name)


def as_server(*command):
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return list(command)
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]


class Postgres:
    """A context manager: the server has ended after it."""

    dialect = "postgres"

    def __init__(self, directory, *options):
        self.directory = directory
        self.data = os.path.join(directory, "data")
        self.options = list(options)
        self.port = free_port()
        self.process = None

    def __enter__(self):
        if os.geteuid() == 0:
            os.chown(self.directory, pwd.getpwnam("postgres").pw_uid, -1)
        subprocess.run(
            as_server(program("initdb"), "-D", self.data, "-A", "scram-sha-256", "-U", "postgres", "--no-locale",
                      "--encoding=UTF8", "--auth-local=trust", "--no-sync"),
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=DEADLINE, cwd=self.directory,
        )
        self.start()
        self.query(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'", database="postgres")
        self.query(f"CREATE DATABASE {DATABASE} OWNER {USER}", database="postgres")
        return self

    def __exit__(self, *_):
        self.end(signal.SIGQUIT)

    def start(self):
        log = open(os.path.join(self.directory, "postgres.log"), "ab")
        self.process = subprocess.Popen(
            as_server(program("postgres"), "-D", self.data, "-p", str(self.port), "-h", "127.0.0.1",
                      "-k", self.directory, "-c", "max_connections=60", *self.options),
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory,
        )
        log.close()
        end = time.monotonic() + DEADLINE
        while True:
            with contextlib.suppress(subprocess.CalledProcessError):
                self.query("SELECT 1", database="postgres")
                return
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError("postgres does not run:\n" + self.log()[-2000:])
            time.sleep(0.1)

    def _signal(self, how):
        """To the server and its children: each connection has a process."""
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], stdout=subprocess.PIPE, text=True)
        for number in [self.process.pid, *map(int, children.stdout.split())]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, how)

    def stop(self):
        self._signal(signal.SIGSTOP)

    def resume(self):
        self._signal(signal.SIGCONT)

    def end(self, how=signal.SIGINT):
        if self.process and self.process.poll() is None:
            self.resume()
            self.process.send_signal(how)
            self.process.wait(DEADLINE)

    def log(self):
        with open(os.path.join(self.directory, "postgres.log"), errors="replace") as file:
            return file.read()

    def query(self, text, database=DATABASE):
        """The rows of a query, as lists of strings; run as the superuser."""
        output = subprocess.run(
            [program("psql"), "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", self.directory,
             "-p", str(self.port), "-U", "postgres", "-d", database, "-c", text],
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=DEADLINE,
        ).stdout.decode()
        return [line.split("\t") for line in output.split("\n") if line]

    @contextlib.contextmanager
    def holding(self, *statements):
        """A transaction of another client, which holds what these statements lock."""
        with subprocess.Popen(
            [program("psql"), "-X", "-q", "-A", "-t", "-h", self.directory, "-p", str(self.port), "-U", "postgres",
             "-d", DATABASE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as client:
            client.stdin.write("".join(f"{text};\n" for text in ("BEGIN", *statements, "SELECT 'is held'")))
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
        return self.query(f"SELECT wait_event, query FROM pg_stat_activity WHERE usename = '{USER}'")

    def configure(self, name, value):
        """Changes a setting of the running server."""
        self.query(f"ALTER SYSTEM SET {name} = '{value}'")
        self.query("SELECT pg_reload_conf()")
        deadline = time.monotonic() + DEADLINE
        while self.query(f"SHOW {name}") != [[value]]:
            assert time.monotonic() < deadline, f"{name} does not become {value}"
            time.sleep(0.05)

    def dsn(self, user=USER, password=PASSWORD, **parameters):
        parameters = {"sslmode": "disable", **parameters}
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        secret = password.replace("@", "%40").replace(":", "%3A").replace("/", "%2F")
        return f"postgres://{user}:{secret}@127.0.0.1:{self.port}/{DATABASE}?{query}"

    def create(self, statements):
        self.query(f"SET ROLE {USER}; {statements}")

    def kill_connections(self):
        self.query(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{USER}'")

    def change_password(self, password):
        self.query(f"ALTER ROLE {USER} PASSWORD '{password}'")

    def mail(self, columns):
        columns = columns.replace("`", '"').replace("ip_addr", "upper(encode(ip_addr, 'hex'))").replace("is_tls", "is_tls::int")
        columns = columns.replace(" from,", ' "from",')
        return self.query(f"SELECT {columns} FROM mail ORDER BY mail_id")

    def octets(self):
        return [(row[0], bytes.fromhex(row[1])) for row in
                self.query("SELECT recipient, encode(mail, 'hex') FROM mail ORDER BY mail_id")]
