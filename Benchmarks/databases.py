#!/usr/bin/env python3
"""Starts a MariaDB and a PostgreSQL in $BENCH_WORK, runs stores.py with these arguments, and ends them.

    databases.py [arguments of stores.py]

They sync every commit, as installed; MariaDB's buffer pool is 64 MB.
"""
import os
import shutil
import subprocess
import sys

import bench

sys.path.insert(0, os.path.join(bench.HERE, "..", "Tests", "System"))
import mariadb  # noqa: E402
import postgres  # noqa: E402


def main():
    places = [os.path.join(bench.WORK, name) for name in ("mariadb", "postgres")]
    for place in places:
        shutil.rmtree(place, ignore_errors=True)
        os.makedirs(place)
        os.chmod(place, 0o755)
    try:
        with mariadb.MariaDB(places[0]) as first, postgres.Postgres(places[1]) as second:
            for server in (first, second):
                schema = subprocess.run([bench.ours(), "schema", "--driver", server.dialect], check=True,
                                        stdout=subprocess.PIPE, text=True).stdout
                server.create(schema)
            environment = {**os.environ, "BENCH_MARIADB": first.dsn(), "BENCH_POSTGRES": second.dsn()}
            return subprocess.run([sys.executable, os.path.join(bench.HERE, "stores.py"), *sys.argv[1:]],
                                  env=environment).returncode
    finally:
        for place in places:
            shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
