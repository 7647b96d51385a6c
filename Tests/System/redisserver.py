"""Redis servers of the test's own, on the loopback, and a client of a few lines to read what is in them."""
import os
import shutil
import signal
import socket
import ssl
import subprocess

from smtpwire import DEADLINE, ReservedPort, eventually

SERVER = shutil.which("redis-server")


def missing():
    """Why there can be no Redis here; None if there can."""
    return None if SERVER else "redis-server is not installed (make deps)"


class Refused(Exception):
    """An error reply."""


class Connection:
    """Commands in, replies out."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(DEADLINE)
        self.stream = sock.makefile("rb")

    def close(self):
        self.stream.close()
        self.sock.close()

    def __call__(self, *arguments):
        octets = [a if isinstance(a, bytes) else str(a).encode() for a in arguments]
        self.sock.sendall(b"*%d\r\n" % len(octets) + b"".join(b"$%d\r\n%s\r\n" % (len(a), a) for a in octets))
        return self._reply()

    def _reply(self):
        line = self.stream.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the connection has ended")
        kind, text = line[:1], line[1:-2]
        if kind == b"-":
            raise Refused(text.decode())
        if kind == b":":
            return int(text)
        if kind == b"$":
            return None if text == b"-1" else self.stream.read(int(text) + 2)[:-2]
        if kind == b"*":
            return [self._reply() for _ in range(int(text))]
        return text


class RedisServer:
    """One `redis-server`. What it has taken is on the disk before it answers, so that it survives a restart.

    `options` are its own: `requirepass="secret"`. `tls` is a `Certificates` with the pair `redis`: then it speaks nothing else.
    """

    def __init__(self, directory, name="redis", tls=None, cluster=False, **options):
        self.directory = os.path.join(directory, name)
        os.makedirs(self.directory)
        self.tls = tls
        self.reserved = ReservedPort()
        self.port = self.reserved.number
        self.socket = os.path.join(self.directory, "redis.sock")
        self.options = {
            "bind": "127.0.0.1", "port": self.port, "dir": self.directory, "save": "", "appendonly": "yes",
            "appendfsync": "always", "unixsocket": self.socket, "unixsocketperm": "777", "daemonize": "no",
        }
        if tls:
            self.options.update({
                "port": 0, "tls-port": self.port, "tls-cert-file": tls.path("redis.crt"), "tls-key-file": tls.path("redis.key"),
                "tls-ca-cert-file": tls.path("redis.crt"), "tls-auth-clients": "no",
            })
        self.bus = None
        if cluster:
            self.bus = ReservedPort()
            self.options.update({"cluster-enabled": "yes", "cluster-config-file": "nodes.conf", "cluster-port": self.bus.number})
        self.options.update({key.replace("_", "-"): value for key, value in options.items()})
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if kind:
            print(f"--- log of redis-server {self.port}\n" + self.read_log()[-2000:])
        self.kill()
        self.reserved.release()
        if self.bus:
            self.bus.release()

    def read_log(self):
        with open(os.path.join(self.directory, "log"), errors="replace") as file:
            return file.read()

    def start(self):
        path = os.path.join(self.directory, "redis.conf")
        with open(path, "w") as file:
            for key, value in self.options.items():
                for one in value if isinstance(value, list) else [value]:
                    file.write(f"{key} {one}\n" if one != "" else f'{key} ""\n')
        with open(os.path.join(self.directory, "log"), "ab") as log:
            self.process = subprocess.Popen([SERVER, path], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        eventually(self._answers, "Redis answering")
        return self

    def _answers(self):
        assert self.process.poll() is None, "Redis did not start: " + self.read_log()
        try:
            self.command("PING")
        except Refused as refused:
            return not str(refused).startswith("LOADING")
        except OSError:
            return False
        return True

    def connect(self):
        if self.tls:
            context = ssl.create_default_context(cafile=self.tls.path("redis.crt"))
            return Connection(context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), DEADLINE),
                                                  server_hostname="127.0.0.1"))
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(DEADLINE)
        sock.connect(self.socket)
        return Connection(sock)

    def command(self, *arguments, login=None, database=0):
        """One command on a connection of its own. `login`: the arguments of AUTH."""
        connection = self.connect()
        try:
            if login:
                connection("AUTH", *login)
            if database:
                connection("SELECT", database)
            return connection(*arguments)
        finally:
            connection.close()

    def stop(self):
        """Ends it in its own way."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(DEADLINE)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(DEADLINE)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)


class RedisCluster:
    """Three masters, each with a replica."""

    def __init__(self, directory, node_timeout=3000):
        self.servers = [RedisServer(directory, f"node{n}", cluster=True, cluster_node_timeout=node_timeout) for n in range(6)]

    def __enter__(self):
        try:
            for server in self.servers:
                server.start()
            first, *others = self.servers
            slots = [range(0, 5461), range(5461, 10923), range(10923, 16384)]
            for other in others:
                first.command("CLUSTER", "MEET", "127.0.0.1", other.port, other.bus.number)
            for server, mine in zip(self.servers, slots):
                server.command("CLUSTER", "ADDSLOTSRANGE", mine[0], mine[-1])
            for master, replica in zip(self.servers[:3], self.servers[3:]):
                name = master.command("CLUSTER", "MYID").decode()
                eventually(lambda: name in replica.command("CLUSTER", "NODES").decode(), "the replica knows its master")
                eventually(lambda: self._done(replica, "CLUSTER", "REPLICATE", name), "the replica accepts its master")
            eventually(self._is_whole, "the cluster being whole")
        except BaseException:
            self.__exit__(True)
            raise
        return self

    def __exit__(self, kind, *_):
        for server in self.servers:
            server.__exit__(kind)

    @staticmethod
    def _done(server, *command):
        try:
            return server.command(*command) == b"OK"
        except Refused:
            return False

    def _is_whole(self):
        for server in self.servers:
            if b"cluster_state:ok" not in server.command("CLUSTER", "INFO"):
                return False
        return all(b"master_link_status:up" in server.command("INFO", "replication") for server in self.servers[3:]) \
            and all(len(entry) >= 4 for entry in self.servers[0].command("CLUSTER", "SLOTS"))

    @property
    def interface(self):
        return ",".join(f"127.0.0.1:{server.port}" for server in self.servers)

    def all(self):
        """Every key and value of the masters that are alive."""
        found = {}
        for server in self.servers:
            if server.process.poll() is None and b"role:master" in server.command("INFO", "replication"):
                found.update(everything(server))
        return found


def everything(server, **how):
    """All keys and their values."""
    keys = server.command("KEYS", "*", **how)
    connection = server.connect()
    try:
        if how.get("login"):
            connection("AUTH", *how["login"])
        if how.get("database"):
            connection("SELECT", how["database"])
        return {key.decode(): connection("GET", key) for key in keys}
    finally:
        connection.close()
