#!/usr/bin/env python3
"""What keeping a message costs: guerrillad with one store after the other under the load of 1, 50 and 500 sessions.

    stores.py [--stores chain,chain-compress,sqlite,maildir,maildir-1,chain-hash,redis] [--seconds 3] [--repeat 2] [--raw stores.jsonl]
    stores.py report stores.jsonl

Generator, accounting and environment are bench.py's (`bench.py build` first); what is stored goes to $BENCH_WORK, so that is
where the disk to be measured has to be. Another store is one more line in STORES. The databases of `sql` are started by
databases.py.
"""
import argparse
import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import time

import bench

SESSIONS = (1, 50, 500)
SIZES = {"4 KB": 4096, "100 KB": 100_000}
CHAIN = "HeadersParser|Header"
MAILDIR = {"maildir_path": "{tmp}/[user]", "maildir_user_map": "user0=-1:-1"}
REDIS = {"redis_interface": "{tmp}/../redis.sock", "redis_expire_seconds": 60}
STORES = {
    # name: (what it is, maker of the command line)
    "chain": ("no store: accepts and discards", bench.guerrilla(bench.ours)),
    "sqlite": ("`sqlite`, one synced transaction for all that wait",
               bench.guerrilla(bench.ours, CHAIN + "|sqlite", sqlite_path="{tmp}/guerrilla.sqlite")),
    "maildir": ("`MailDir`, syncs shared by all that wait", bench.guerrilla(bench.ours, CHAIN + "|MailDir", **MAILDIR)),
    "maildir-1": ("`MailDir` with `maildir_batch` 1: file and directory synced for one message after the other",
                  bench.guerrilla(bench.ours, CHAIN + "|MailDir", maildir_batch=1, **MAILDIR)),
    "chain-hash": ("no store, with Hasher", bench.guerrilla(bench.ours, "HeadersParser|Hasher|Header")),
    "chain-compress": ("no store, with Hasher and Compressor",
                       bench.guerrilla(bench.ours, "HeadersParser|Header|Hasher|Compressor")),
    "redis": ("`redis` in front of a Redis on a Unix socket that keeps all in memory, whose CPU time is not counted",
              bench.guerrilla(bench.ours, "HeadersParser|Hasher|Header|redis", **REDIS)),
}
for database, driver in (("mariadb", "mysql"), ("postgres", "postgres")):
    if dsn := os.environ.get(f"BENCH_{database.upper()}"):
        for suffix, what, keys in (
            ("", "one connection, a commit shared by all that wait", {"save_workers_size": 1}),
            ("-4", "4 connections, a commit shared by all that wait for each", {"save_workers_size": 4}),
            ("-1x1", "one connection, a commit for each message", {"save_workers_size": 1, "sql_batch_size": 1}),
            ("-16x1", "16 connections, a commit for each message", {"save_workers_size": 16, "sql_batch_size": 1}),
        ):
            STORES[database + suffix] = (
                f"`sql` with {database}: {what}",
                bench.guerrilla(bench.ours, CHAIN + "|sql", sql_driver=driver, sql_dsn=dsn, mail_table="mail", **keys))


@contextlib.contextmanager
def redis():
    """A Redis on $BENCH_WORK/redis.sock that never writes to the disk."""
    path = os.path.join(bench.WORK, "redis.sock")
    server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no",
                               "--maxmemory", "512mb", "--maxmemory-policy", "allkeys-random"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=bench.WORK)
    try:
        end = time.monotonic() + 30
        while not os.path.exists(path):
            if server.poll() is not None or time.monotonic() > end:
                sys.exit("redis-server does not start")
            time.sleep(0.02)
        yield
    finally:
        server.terminate()
        server.wait()


def measure(store, sessions, size, port, seconds):
    args = f"--sessions {sessions} --per-session 100 --size {size}"
    with bench.Server(store, STORES[store][1], port) as server:
        warm, code = bench.load(server.port, f"{args} --total {max(sessions, 20)}")
        if code:
            raise RuntimeError(warm.get("error", "?"))
        warm, code = bench.load(server.port, f"{args} --total {2 * max(sessions, 20)}")
        if code:
            raise RuntimeError(warm.get("error", "?"))
        total = max(2 * sessions, 20, min(200_000, int(warm["msgs_per_s"] * seconds)))
        bench.settle(server.proc.pid)
        before = bench.cpu(server.proc.pid)
        result, code = bench.load(server.port, f"{args} --total {total}")
        bench.settle(server.proc.pid)
        result["server_cpu_us_per_msg"] = (bench.cpu(server.proc.pid) - before) * 1e6 / max(1, result["acked"])
        result["ok"] = result["ok"] and code == 0
    return result


def run(options):
    stores = options.stores.split(",")
    if unknown := [name for name in stores if name not in STORES]:
        sys.exit(f"unknown: {unknown}; known: {list(STORES)}")
    port = options.port
    with open(options.raw, "a") as raw, redis() if "redis" in stores else contextlib.nullcontext():
        for label, size in SIZES.items():
            for sessions in SESSIONS:
                for repetition in range(options.repeat):
                    for store in stores:
                        port = bench.free_port(options.port, port)
                        with bench.lock():
                            result = measure(store, sessions, size, port, options.seconds)
                        result.update(store=store, sessions=sessions, size=label, repetition=repetition)
                        raw.write(json.dumps(result) + "\n")
                        raw.flush()
                        print(label, sessions, store, repetition, "ok" if result["ok"] else "FAILED",
                              round(result["msgs_per_s"]), round(result["server_cpu_us_per_msg"], 1), flush=True)


def report(path):
    with open(path) as file:
        rows = [json.loads(line) for line in file]
    stores = [name for name in STORES if any(row["store"] == name for row in rows)]
    print("Messages per second / CPU µs per message / p99 in ms; medians.\n")
    print("| message | sessions | " + " | ".join(f"`{name}`" for name in stores) + " |")
    print("|---|--:" + "|--:" * len(stores) + "|")
    for label in SIZES:
        for sessions in SESSIONS:
            cells = []
            for name in stores:
                mine = [row for row in rows if (row["store"], row["sessions"], row["size"]) == (name, sessions, label)
                        and row["ok"]]
                p99 = bench.med(mine, "p99_us")
                cells.append(" / ".join((bench.num(bench.med(mine, "msgs_per_s")),
                                         bench.num(bench.med(mine, "server_cpu_us_per_msg")),
                                         bench.num(p99 and p99 / 1000, 1))))
            print(f"| {label} | {sessions} | " + " | ".join(cells) + " |")
    print()
    for name in stores:
        print(f"- `{name}`: {STORES[name][0]}")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the running server is stopped, too
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", nargs="?", choices=("run", "report"), default="run")
    parser.add_argument("file", nargs="?")
    parser.add_argument("--stores", default=",".join(STORES))
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--port", type=int, default=22425)
    parser.add_argument("--raw", default="stores.jsonl")
    options = parser.parse_args()
    if options.verb == "run":
        os.makedirs(bench.WORK, exist_ok=True)
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # for the server, too
        run(options)
    report(options.file or options.raw)


if __name__ == "__main__":
    main()
