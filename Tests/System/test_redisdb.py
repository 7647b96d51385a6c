"""Messages in Redis and rows about them in SQL: go-guerrilla's chain of two processors, and `guerrillaredisdb`, which is one."""
import contextlib
import json
import os
import re
import sqlite3
import zlib

import pytest

import mariadb
import redisserver
import test_sql
from daemon import Daemon, configuration, run, without_delivery_header
from redisserver import RedisServer, everything
from swifttests import run_swift_tests


@pytest.fixture(autouse=True)
def redis_is_there(need):
    need(redisserver.missing())


def test_the_chain_of_go_guerrillas_readme(directory, need):
    """The body in Redis and a row in MySQL that says so, for each recipient."""
    need(mariadb.reason)
    octets = b"From: a@example.org\r\nTo: user@example.com\r\nSubject: both\r\n\r\n" + bytes(range(256)) * 300 + b"\r\n"
    place = os.path.join(directory, "database")
    os.mkdir(place)
    os.chmod(place, 0o755)
    with mariadb.MariaDB(place) as database, RedisServer(directory) as redis:
        database.create(test_sql.schema("mysql"))
        config = configuration(directory, **test_sql.settings(
            database, save_process="HeadersParser|Hasher|Header|Compressor|Redis|MySQL"))
        config["backend_config"].update({"redis_interface": f"127.0.0.1:{redis.port}", "redis_expire_seconds": 3600})
        with Daemon(directory, config) as daemon:
            with daemon.session() as wire:
                key = wire.deliver(octets, recipients=["user@example.com", "other@example.com"])
                wire.quit()
            assert daemon.stop() == 0
        kept = everything(redis)
        assert list(kept) == [key] and without_delivery_header(zlib.decompress(kept[key])) == octets
        rows = database.mail("recipient, hash, body, length(mail), subject")
        assert sorted(rows) == [[who, key, "redis", "0", "both"] for who in ("other@example.com", "user@example.com")]


def test_message_is_in_redis_and_its_row_in_sql(directory):
    path = os.path.join(directory, "rows.sqlite")
    schema = run("schema", "--driver", "sqlite3", "--table", "mail")
    assert schema.returncode == 0, schema.stderr
    with sqlite3.connect(path) as rows:
        rows.executescript(schema.stdout.decode())
    redis = RedisServer(directory)
    config = configuration(directory, save_process="GuerrillaRedisDB")
    config["backend_config"].update({
        "redis_interface": f"127.0.0.1:{redis.port}", "redis_expire_seconds": 3600, "redis_sql_batch_timeout": 1,
        "sql_driver": "sqlite3", "sql_dsn": path, "mail_table": "mail",
    })
    octets = b"Subject: =?UTF-8?Q?gr=C3=BC=C3=9Fe?=\r\nTo: user@example.com\r\n\r\nhello\r\n"
    with Daemon(directory, config) as daemon:
        with daemon.session() as wire:
            without = wire.deliver(octets)
            with redis:
                daemon.wait_for_line("Redis takes messages again")
                key = wire.deliver(octets)
                kept = everything(redis)
            wire.quit()
        assert daemon.stop() == 0
    assert list(kept) == [key]
    assert without_delivery_header(zlib.decompress(kept[key])) == octets
    with sqlite3.connect(path) as database:
        rows = {row[0]: row[1:] for row in database.execute("SELECT hash, body, mail, subject, recipient FROM mail")}
    assert set(rows) == {without, key}
    assert rows[key][0] == "redis" and not rows[key][1] and rows[key][2:] == ("grüße", "user@example.com")
    assert rows[without][0] == "gzip" and without_delivery_header(zlib.decompress(rows[without][1])) == octets


@pytest.mark.parametrize("is_there", [True, False])
def test_fits_into_a_chain(directory, is_there):
    """What it asks of a processor that others have written, with Redis and without."""
    path = os.path.join(directory, "rows.sqlite")
    with sqlite3.connect(path) as rows:
        rows.executescript(run("schema", "--driver", "sqlite3", "--table", "mail").stdout.decode())
    redis = RedisServer(directory)
    with redis if is_there else contextlib.nullcontext():
        output = run_swift_tests("guerrillaRedisDBFitsIntoAChain",
                                 GUERRILLA_TEST_REDIS=f"127.0.0.1:{redis.port}", GUERRILLA_TEST_SQLITE3=path)
        keys = len(everything(redis)) if is_there else 0
    assert re.search(r"(?m)^\S+ Test guerrillaRedisDBFitsIntoAChain\(\) passed", output), output[-4000:]
    with sqlite3.connect(path) as rows:
        bodies = dict(rows.execute("SELECT body, count(*) FROM mail GROUP BY body"))
    assert set(bodies) == {"redis" if is_there else "gzip"} and (keys > 0) == is_there


@pytest.mark.parametrize("chain", ["HeadersParser|Hasher|Header|Redis|SQL", "GuerrillaRedisDB"])
def test_check_connects(directory, chain):
    rows = os.path.join(directory, "rows.sqlite")
    with sqlite3.connect(rows) as database:
        database.executescript(run("schema", "--driver", "sqlite3", "--table", "mail").stdout.decode())
    redis = RedisServer(directory)
    config = configuration(directory, save_process=chain)
    config["backend_config"].update({
        "redis_interface": f"127.0.0.1:{redis.port}", "redis_expire_seconds": 3600,
        "sql_driver": "sqlite3", "sql_dsn": rows, "mail_table": "mail",
    })
    path = os.path.join(directory, "guerrillad.json")
    with open(path, "w") as file:
        json.dump(config, file)
    with redis:
        result = run("check", "--connect", "-c", path)
        assert result.returncode == 0, result
    result = run("check", "--connect", "-c", path)
    assert result.returncode == 1
    assert f"127.0.0.1:{redis.port}" in (result.stdout + result.stderr).decode(), result
    assert run("check", "-c", path).returncode == 0
