"""What header sections cost that were made to be dear: in CPU time, compared with ordinary fields of the same size, and in memory."""
import glob
import os
import resource
import sqlite3
import subprocess
import threading

import pytest

from daemon import BINARY, Daemon, configuration
from hostileheaders import ORDINARY, SHAPES, section
from smtpwire import DEADLINE, eventually, stuff

SIZE = 900 * 1024
# How much more than ordinary fields a section of the same size may cost, and what is too little to be measured.
FACTOR, NOISE = 12, 0.004

CHAINS = {
    "sqlite": ("HeadersParser|Debugger|Header|sqlite", {"log_received_mails": True}),
    "sql": ("HeadersParser|Hasher|Header|Compressor|sql", {"sql_driver": "sqlite3", "mail_table": "mail", "sql_max_open_conns": 1}),
    "rows": ("HeadersParser|Header|sql", {"sql_driver": "sqlite3", "mail_table": "mail", "stored_line_endings": "lf"}),
    "MailDir": ("HeadersParser|Header|MailDir", {"stored_line_endings": "lf"}),
}


def start(directory, chain, **changes):
    save_process, backend = CHAINS[chain]
    backend = dict(backend)
    if "sql_driver" in backend:
        backend["sql_dsn"] = os.path.join(directory, "mail.sqlite3")
        schema = subprocess.run([BINARY, "schema", "--driver", "sqlite3", "--table", "mail"], check=True, timeout=DEADLINE,
                                stdout=subprocess.PIPE).stdout.decode()
        with sqlite3.connect(backend["sql_dsn"]) as database:
            database.executescript(schema)
    if "MailDir" in save_process:
        backend["maildir_path"] = os.path.join(directory, "[user]")
        backend["maildir_user_map"] = "user=-1:-1"
    config = configuration(directory, save_process=save_process, max_header_fields=1_000_000, max_header_size=4 << 20, **changes)
    config["backend_config"].update(backend)
    return Daemon(directory, config)


def cpu_seconds(daemon, thread=""):
    """What the threads whose name begins with this have computed."""
    total = 0
    for task in glob.glob(f"/proc/{daemon.process.pid}/task/*"):
        try:
            with open(task + "/comm") as comm:
                if comm.read().startswith(thread):
                    with open(task + "/schedstat") as schedstat:
                        total += int(schedstat.read().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            pass  # It has ended since it was listed.
    return total / 1e9


@pytest.mark.parametrize("chain", CHAINS)
def test_no_shape_is_much_dearer_than_ordinary_fields(directory, chain, figure):
    """Nor does any hold an event loop: what takes long is done elsewhere."""
    assert len(SHAPES) >= 160
    with start(directory, chain) as daemon:
        def cost(message, rounds):
            costs = []
            for _ in range(rounds):
                before = cpu_seconds(daemon), cpu_seconds(daemon, "NIO-ELT")
                with daemon.session() as wire:
                    wire.envelope()
                    wire.send(stuff(message) + b".\r\n")
                    wire.expect(250)
                    wire.quit()
                costs.append((cpu_seconds(daemon) - before[0], cpu_seconds(daemon, "NIO-ELT") - before[1]))
            # What else the daemon does can only add to it.
            return [min(part) for part in zip(*costs)]

        ordinary = section(ORDINARY, SIZE)
        cost(ordinary, 3)
        all_of_it, on_loop = cost(ordinary, 5)
        dearest = {}
        for name, shape in SHAPES.items():
            message = section(shape, SIZE)
            for rounds in (1, 3, 6):
                costs = cost(message, rounds)
                if costs[0] <= FACTOR * all_of_it + NOISE and costs[1] <= FACTOR * on_loop + NOISE:
                    break
            dearest[name] = costs
            assert costs[0] <= FACTOR * all_of_it + NOISE, f"{name}: {costs[0]:.3f} s, ordinary fields {all_of_it:.3f} s"
            assert costs[1] <= FACTOR * on_loop + NOISE, \
                f"{name}: {costs[1]:.3f} s on an event loop, ordinary fields {on_loop:.3f} s"
        most = sorted(dearest, key=lambda name: -dearest[name][0])[:3]
        figure(f"{len(SHAPES)} header sections of 900 KiB, {chain}: ordinary fields {1000 * all_of_it:.1f} ms "
               f"({1000 * on_loop:.1f} on a loop); " + ", ".join(f"{name} {1000 * dearest[name][0]:.0f}" for name in most)
               + f"; longest on a loop {1000 * max(cost[1] for cost in dearest.values()):.1f} ms")


def test_reading_stored_mail_costs_little(directory, figure):
    """`mail list` and `mail show` of what those messages left behind."""
    def cost(*arguments):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([BINARY, "mail", *arguments], check=True, stdout=subprocess.DEVNULL, timeout=DEADLINE)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    names = ["Subject: NUL", "Subject: combining marks", "Subject: emoji", "Subject: bidi", "Subject: controls",
             "Subject: broken UTF-8", "X: controls", "X: empty continuations", "words: four charsets", "Subject: spaces"]
    with start(directory, "sqlite") as daemon:
        with daemon.session() as wire:
            ordinary = wire.deliver(section(ORDINARY, SIZE))
            queued = {name: wire.deliver(section(SHAPES[name], SIZE)) for name in names}
            wire.quit()
    store = ["--config", daemon.config_path]
    for command in (["show"], ["show", "--json"]):
        usual = min(cost(*command, *store, ordinary) for _ in range(3))
        for name in names:
            dear = min(cost(*command, *store, queued[name]) for _ in range(2))
            assert dear <= FACTOR * usual + 0.05, f"{name}: mail {command} takes {dear:.2f} s, ordinary fields {usual:.2f} s"
    for command in (["list"], ["list", "--json"]):
        assert cost(*command, *store) < 1.5


# Name: a section, larger than which no header section is taken.
HELD = {
    "one folded field": section((b"X: ", b"y" * 990 + b"\r\n "), 990 << 10),
    "1,000 fields": section((b"", b"X: " + b"y" * 1000 + b"\r\n"), 980 << 10),
    "a subject": section((b"Subject: ", b"y" * 990 + b"\r\n "), 990 << 10),
    "a subject that becomes longer": section((b"Subject: ", b"=?koi8-r?b?" + b"wcHBwcHBwcHBwcHB" * 1000 + b"?=\r\n "), 950 << 10),
}


@pytest.mark.parametrize("name", HELD)
def test_what_is_held_of_header_sections_counts(directory, name, figure):
    """Messages that are nothing but header wait for a store that another process has locked: with all that is made of them they take
    what max_message_memory allows, and senders beyond that are told so."""
    budget, clients = 64 << 20, 100
    with start(directory, "sqlite", max_message_memory=budget) as daemon:
        daemon.assert_serving()
        before = daemon.memory()
        database = sqlite3.connect(os.path.join(directory, "guerrilla.sqlite"), isolation_level=None, timeout=DEADLINE)
        database.execute("BEGIN IMMEDIATE")
        replies, sent = [], []

        def send():
            with daemon.session() as wire:
                wire.send(b"MAIL FROM:<>\r\nRCPT TO:<user@example.com>\r\nDATA\r\n")
                codes = [wire.reply().code for _ in range(3)]
                if codes[-1] == 354:
                    wire.send(HELD[name] + b"\r\nx\r\n.\r\n")
                    sent.append(name)
                    codes.append(wire.reply().code)
                replies.append(452 if 452 in codes else codes[-1])

        senders = [threading.Thread(target=send) for _ in range(clients)]
        for sender in senders:
            sender.start()
        # Some are answered at once and the others wait for the store, when nothing moves any more.
        sizes = []
        eventually(lambda: len(replies) + len(sent) >= clients, "everything sent")
        eventually(lambda: sizes.append((daemon.memory(), len(replies))) or sizes[-10:] == [sizes[-1]] * 10, "nothing moving", pause=0.1)
        peak = daemon.memory("VmHWM")
        database.execute("ROLLBACK")
        for sender in senders:
            sender.join(DEADLINE)
        database.close()
        figure(f"{clients} messages of 1 MB, {name}, budget {budget >> 20} MiB: {(peak - before) / 1024:.0f} MiB more")
        assert peak - before < 2.5 * (budget >> 10) + 16 * 1024
        assert set(replies) == {250, 452}
        daemon.assert_serving()
