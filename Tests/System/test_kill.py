"""Nothing acknowledged is ever lost: `kill -9` under load, start again, and every acknowledged message is there."""
import os
import random
import sqlite3
import subprocess
import sys
import time

import pytest

import load
from conftest import SOAK
from daemon import Daemon, configuration, without_delivery_header
from smtpwire import DEADLINE, eventually

ROUNDS = int(os.environ.get("ROUNDS") or (20 if SOAK else 3))
SESSIONS = 50
HERE = os.path.dirname(os.path.abspath(__file__))


def acknowledged(path):
    with open(path) as file:
        lines = file.read().split("\n")
    return [line.split(" ") for line in lines[:-1]]  # what stands after the last newline was not finished


@pytest.mark.parametrize("round", range(ROUNDS))
def test_every_acknowledged_message_survives_kill_9(directory, figure, round):
    config = configuration(directory)
    record = os.path.join(directory, "acknowledged")
    delay = random.Random(f"{os.getpid()}/{round}").uniform(0.05, 1.5)
    with Daemon(directory, config) as daemon:
        client = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "load.py"), str(daemon.port), record, str(SESSIONS), "3600"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        try:
            eventually(lambda: os.path.exists(record) and os.path.getsize(record) > 2000, "the load running")
            time.sleep(delay)  # the random moment
            daemon.kill()
            output, _ = client.communicate(timeout=2 * DEADLINE)
        finally:
            client.kill()
            client.wait()
    assert output == f"{SESSIONS} sessions: the server has gone\n", output
    records = acknowledged(record)
    queued_ids = [entry[0] for entry in records]
    assert len(set(queued_ids)) == len(queued_ids), "a queued id was given twice"

    with Daemon(directory, config) as daemon:
        entries = {}
        for entry in daemon.mail_list():
            assert entry.queued_id not in entries, f"{entry.queued_id} is stored twice"
            entries[entry.queued_id] = entry
        lost = [queued for queued in queued_ids if queued not in entries]
        assert not lost, f"{len(lost)} of {len(queued_ids)} acknowledged messages are lost: {lost[:5]}"
        for queued, session, number, *_ in records:
            assert entries[queued].subject == f"load {session} {number}"

        # The octets of the ones at risk, the last of each session, and of some of the others. One process each.
        last = {session: entry for entry in records for session in [entry[1]]}
        chosen = list(last.values()) + records[:: max(1, len(records) // 50)]
        for queued, session, number, *_ in chosen:
            stored = without_delivery_header(daemon.export(entries[queued]))
            assert stored == load.message(session, int(number)), f"{queued} is not what was sent"
        daemon.assert_serving()
        assert daemon.stop() == 0
    with sqlite3.connect(f"file:{config['backend_config']['sqlite_path']}?mode=ro", uri=True) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    figure(f"kill -9 after {delay:.2f} s: {len(records)} acknowledged, {len(entries)} stored, 0 lost")

