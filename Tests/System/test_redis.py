"""Messages in Redis: what is kept, how the server is reached, and that nothing acknowledged is missing while it comes and goes."""
import contextlib
import hashlib
import os
import subprocess
import sys
import time
import zlib

import pytest

import messages
import redisserver
from certificates import Certificates
from conftest import SOAK
from daemon import DELIVERY_HEADER, Daemon, configuration, run, without_delivery_header
from redisserver import RedisCluster, RedisServer, everything
from smtpwire import DEADLINE, eventually

HERE = os.path.dirname(os.path.abspath(__file__))
SESSIONS = 50
SECONDS = 20 if SOAK else 1.5  # of load before and after what happens
AWAY, BACK = "Redis does not take messages", "Redis takes messages again"


@pytest.fixture(autouse=True)
def redis_is_there(need):
    need(redisserver.missing())


def settings(directory, interface, chain="HeadersParser|Hasher|Header|redis", **backend):
    config = configuration(directory, save_process=chain, gw_save_timeout="100s")
    config["backend_config"].update({"redis_interface": interface, "redis_expire_seconds": 3600, **backend})
    return config


def here(server):
    return f"127.0.0.1:{server.port}"


def refused(wire, octets=b"Subject: refused\r\n\r\n"):
    wire.envelope()
    wire.send(octets + b".\r\n")
    assert wire.expect(451).text.startswith("4.3.")


# What is kept.


@pytest.mark.parametrize("endings", ["crlf", "lf"])
@pytest.mark.parametrize("compressor", [True, False])
def test_value_is_what_was_sent(directory, compressor, endings):
    """Read back by another program, and inflated by Python's zlib: the delivery header, then the message; one key a message."""
    chain = "HeadersParser|Hasher|Header|Compressor|Redis" if compressor else "Hasher|Header|redis"
    with RedisServer(directory) as redis:
        sent = {}
        with Daemon(directory, settings(directory, here(redis), chain, stored_line_endings=endings)) as daemon:
            with daemon.session() as wire:
                for make in messages.COMMON:
                    octets = make(make.__name__)
                    sent[wire.deliver(octets, recipients=["user@example.com", "other@example.com"])] = octets
                wire.quit()
            assert daemon.stop() == 0
        kept = everything(redis)
        assert set(kept) == set(sent)
        for key, octets in sent.items():
            assert len(key) == 32 and 3000 < redis.command("TTL", key) <= 3600
            value = zlib.decompress(kept[key]) if compressor else kept[key]
            if endings == "lf":
                octets = octets.replace(b"\r\n", b"\n")
                assert value.startswith(b"Return-Path: <sender@example.org>\nReceived: ") and value.endswith(b"\n" + octets)
            else:
                assert without_delivery_header(value) == octets
                assert DELIVERY_HEADER.match(value)[0].startswith(b"Return-Path: <sender@example.org>\r\n")


# How it is reached.


def ways(directory, way):
    """A server, its `redis_interface`, how a test reads it, and further keys."""
    if way == "password":
        return RedisServer(directory, requirepass="pass-word"), "redis://:pass-word@127.0.0.1:{port}", {"login": ["pass-word"]}, {}
    if way == "user":
        acl = ["default off", "reader on >r ~* +@all", "guerrilla on >p@ss:w/rd ~* +setex +select"]
        return (RedisServer(directory, user=acl), "redis://guerrilla:p%40ss%3Aw%2Frd@127.0.0.1:{port}/5",
                {"login": ["reader", "r"], "database": 5}, {})
    if way == "socket":
        return RedisServer(directory, port=0), "{socket}", {}, {}
    certificates = Certificates(directory).self_signed("redis", "127.0.0.1")
    return (RedisServer(directory, tls=certificates), "rediss://127.0.0.1:{port}", {},
            {"redis_ca_file": certificates.path("redis.crt")})


@contextlib.contextmanager
def answering(server, login):
    """A server whose own readiness test may need a login."""
    if login:
        plain = server.command
        server.command = lambda *arguments, **how: plain(*arguments, **{"login": login, **how})
    with server:
        yield server


@pytest.mark.parametrize("way", ["password", "user", "socket", "tls"])
def test_ways_to_reach_it(directory, way):
    server, interface, how, keys = ways(directory, way)
    with answering(server, how.get("login")) as redis:
        interface = interface.format(port=redis.port, socket=redis.socket)
        with Daemon(directory, settings(directory, interface, **keys)) as daemon:
            with daemon.session() as wire:
                key = wire.deliver(b"Subject: hello\r\n\r\n")
                wire.quit()
            assert daemon.stop() == 0
        assert list(everything(redis, **how)) == [key]
        assert not [line for line in daemon.lines if AWAY in line]


def test_certificate_of_nobody_is_refused(directory):
    certificates = Certificates(directory).self_signed("redis", "127.0.0.1").self_signed("other", "127.0.0.1")
    with RedisServer(directory, tls=certificates) as redis:
        config = settings(directory, f"rediss://127.0.0.1:{redis.port}", redis_ca_file=certificates.path("other.crt"))
        with Daemon(directory, config) as daemon:
            assert "TLS: certificate verify failed" in daemon.wait_for_line(AWAY)
            with daemon.session() as wire:
                refused(wire)
            assert everything(redis) == {}


@pytest.mark.parametrize("change, sentence", [
    ({"save_process": "HeadersParser|Header|redis|Hasher"}, "backend_config.save_process: `redis` needs `Hasher` before it"),
    ({"redis_interface": "redis://:secret@h:port"}, "backend_config.redis_interface: the port is not a number from 1 to 65535"),
    ({"redis_expire_seconds": 0}, "backend_config.redis_expire_seconds"),
    ({"redis_interface": "rediss://:secret@h", "redis_ca_file": "/nowhere"}, "backend_config.redis_ca_file"),
])
def test_wrong_settings_are_told_before_the_start(directory, change, sentence):
    config = settings(directory, "127.0.0.1:1")
    config["backend_config"].update(change)
    result = run("check", *Daemon(directory, config).store(), cwd=directory)
    said = (result.stdout + result.stderr).decode()
    assert result.returncode == 1 and sentence in said and "secret" not in said, said


def test_too_few_replicas(directory):
    """`redis_wait_replicas`: without a replica's word there is no 250."""
    with RedisServer(directory) as redis:
        config = settings(directory, here(redis), redis_wait_replicas=1, redis_wait_timeout="100ms")
        with Daemon(directory, config) as daemon:
            with daemon.session() as wire:
                refused(wire)
                refused(wire)
                assert "replicas" in daemon.wait_for_line(AWAY)
                with RedisServer(directory, "replica", replicaof=f"127.0.0.1 {redis.port}") as replica:
                    eventually(lambda: b"master_link_status:up" in replica.command("INFO", "replication"), "the replica")
                    key = wire.deliver(b"Subject: replicated\r\n\r\n")
                    assert key in everything(replica)
            assert len([line for line in daemon.lines if AWAY in line]) == 1


# When it is away.


class Load:
    """Sessions that send one message after the other, and what of it was acknowledged."""

    def __init__(self, daemon, directory):
        self.record = os.path.join(directory, "acknowledged")
        self.client = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "load.py"), str(daemon.port), self.record, str(SESSIONS), "3600", "again"],
            stdout=subprocess.DEVNULL,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.kill()
        self.client.wait()

    def octets(self):
        return os.path.getsize(self.record) if os.path.exists(self.record) else 0

    def goes_on(self, what):
        """Messages are being acknowledged; then a while of it."""
        before = self.octets()
        eventually(lambda: self.octets() > before + 4000, what)
        time.sleep(SECONDS)

    def acknowledged(self):
        """Queued ids and digests."""
        self.client.kill()
        self.client.wait()
        with open(self.record) as file:
            return {fields[0]: fields[4] for fields in (line.split() for line in file.read().split("\n")[:-1])}

    def compare(self, read):
        """Ends the load; then everything that was acknowledged is among what `read()` finds."""
        acknowledged = self.acknowledged()
        kept = read()
        lost = [key for key in acknowledged if key not in kept]
        assert not lost, f"{len(lost)} of {len(acknowledged)} acknowledged messages are missing: {lost[:5]}"
        for key, digest in acknowledged.items():
            assert hashlib.sha256(without_delivery_header(kept[key])).hexdigest() == digest, key
        return f"{len(acknowledged)} acknowledged, {len(kept)} kept, 0 missing"


class Away:
    """The ways to be away: what happens, and how it ends."""

    @staticmethod
    def restarted(redis):
        redis.stop()
        yield
        redis.start()

    @staticmethod
    def killed(redis):
        redis.kill()
        yield
        redis.start()

    @staticmethod
    def frozen(redis):
        redis.freeze()
        yield
        redis.thaw()

    @staticmethod
    def full(redis):
        redis.command("CONFIG", "SET", "maxmemory", "1")
        yield
        redis.command("CONFIG", "SET", "maxmemory", "0")

    @staticmethod
    def login_refused(redis):
        redis.command("CONFIG", "SET", "requirepass", "another")
        redis.command("CLIENT", "KILL", "TYPE", "normal", login=["another"])
        yield
        redis.command("CONFIG", "SET", "requirepass", "", login=["another"])

    @staticmethod
    def read_only(redis):
        redis.command("REPLICAOF", "127.0.0.1", "1")
        yield
        redis.command("REPLICAOF", "NO", "ONE")


@pytest.mark.parametrize("way", [Away.restarted, Away.killed, Away.frozen, Away.full, Away.login_refused, Away.read_only],
                         ids=lambda way: way.__name__)
def test_away_and_back_under_load(directory, figure, way):
    with RedisServer(directory) as redis:
        with Daemon(directory, settings(directory, here(redis), redis_timeout="3s")) as daemon:
            with Load(daemon, directory) as load, daemon.session() as wire:
                load.goes_on("messages being acknowledged")
                happening = way(redis)
                next(happening)
                try:
                    daemon.wait_for_line(AWAY)
                    refused(wire)
                    refused(wire)
                finally:
                    next(happening, None)
                load.goes_on("messages being acknowledged again")
                daemon.wait_for_line(BACK)
                told = [line for line in daemon.lines if AWAY in line]
                assert len(told) <= 10, "\n".join(told)
                assert not [line for line in daemon.lines if "could not be saved" in line]
                figure(f"redis {way.__name__}: {load.compare(lambda: everything(redis))}")
            assert daemon.stop() == 0


def test_killed_connections_under_load(directory, figure):
    with RedisServer(directory) as redis:
        with Daemon(directory, settings(directory, here(redis))) as daemon:
            with Load(daemon, directory) as load:
                for _ in range(20 if SOAK else 5):
                    load.goes_on("messages being acknowledged")
                    redis.command("CLIENT", "KILL", "TYPE", "normal")
                load.goes_on("messages being acknowledged again")
                figure(f"redis connections killed: {load.compare(lambda: everything(redis))}")
            assert daemon.stop() == 0


def test_away_from_the_start(directory):
    """The daemon starts, says so once, and takes messages as soon as there is a server."""
    redis = RedisServer(directory)
    with Daemon(directory, settings(directory, here(redis))) as daemon:
        daemon.wait_for_line(AWAY)
        with daemon.session() as wire:
            for _ in range(20):
                refused(wire)
            assert len([line for line in daemon.lines if AWAY in line]) == 1
            with redis:
                daemon.wait_for_line(BACK)
                key = wire.deliver(b"Subject: at last\r\n\r\n")
                assert list(everything(redis)) == [key]
                assert daemon.stop() == 0


def test_cluster_loses_a_master_under_load(directory, figure):
    with RedisCluster(directory) as cluster:
        config = settings(directory, cluster.interface, redis_wait_replicas=1, redis_timeout="3s")
        with Daemon(directory, config) as daemon:
            daemon.wait_for_line("Redis Cluster")
            with Load(daemon, directory) as load:
                load.goes_on("messages being acknowledged")
                cluster.servers[0].kill()
                replica = cluster.servers[3]
                eventually(lambda: b"role:master" in replica.command("INFO", "replication"), "the replica taking over")
                # It has no replica of its own, so the new master alone cannot acknowledge; the other two do.
                load.goes_on("messages being acknowledged again")
                cluster.servers[0].start()
                eventually(lambda: b"connected_slaves:1" in replica.command("INFO", "replication"), "the old master following")
                before = len(everything(replica))
                eventually(lambda: len(everything(replica)) > before + 20, "messages on the new master")
                load.goes_on("messages being acknowledged again")
                figure(f"redis cluster, a master killed: {load.compare(cluster.all)}")
            assert daemon.stop() == 0


def test_cluster_moves_slots_under_load(directory, figure):
    """MOVED, ASK and TRYAGAIN are followed: nobody is answered 451."""
    # No fail-over by mistake on a slow machine: without a wait for replicas it may lose something.
    with RedisCluster(directory, node_timeout=60_000) as cluster:
        source, target = cluster.servers[0], cluster.servers[1]
        names = [server.command("CLUSTER", "MYID").decode() for server in (source, target)]
        with Daemon(directory, settings(directory, here(source), redis_timeout="20s")) as daemon:
            with Load(daemon, directory) as load:
                load.goes_on("messages being acknowledged")
                for slot in range(0, 5461, 100 if SOAK else 500):
                    target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", names[0])
                    source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", names[1])
                    eventually(lambda: moved_all(source, target, slot), "the slot's keys moved")
                    for server in (target, source, cluster.servers[2]):
                        server.command("CLUSTER", "SETSLOT", slot, "NODE", names[1])
                load.goes_on("messages being acknowledged")
                figure(f"redis cluster, slots moved: {load.compare(cluster.all)}")
                assert not [line for line in daemon.lines if AWAY in line]
            assert daemon.stop() == 0


def moved_all(source, target, slot):
    """Moves what is in the slot; whether nothing is left."""
    keys = source.command("CLUSTER", "GETKEYSINSLOT", slot, 100)
    if keys:
        source.command("MIGRATE", "127.0.0.1", target.port, "", 0, 60_000, "KEYS", *keys)
    return not keys
