"""MailDir: what Dovecot and Python's mailbox read is what was sent; nothing acknowledged is lost; nothing leaves its directory."""
import json
import mailbox
import os
import random
import re
import resource
import subprocess
import sys
import time

import pytest

import dovecot
import load
import messages
from conftest import SOAK
from daemon import DELIVERY_HEADER, Daemon, configuration, run
from smtpwire import DEADLINE, Wire, eventually, queued_id, stuff
from test_kill import acknowledged
from test_sync import READS, SENDS, SYNCS, WRITES, SmallDisk, strace  # noqa: F401 (a fixture)

ROUNDS = int(os.environ.get("ROUNDS") or (20 if SOAK else 2))
HERE = os.path.dirname(os.path.abspath(__file__))
COPY = re.compile(rb"Delivered-To: ([^\r\n]*)\r\n(.*)", re.DOTALL)


def settings(directory, users="user=-1:-1,other=-1:-1", **changes):
    base = os.path.join(directory, "mail")
    os.makedirs(base, exist_ok=True)
    return {
        "save_process": "HeadersParser|Header|MailDir", "validate_process": "MailDir",
        "maildir_path": f"{base}/[user]", "maildir_user_map": users, "min_free_space": 0, **changes,
    }


@pytest.fixture
def maildir(serve, directory):
    """A running daemon that delivers to `mail/[user]`."""
    return lambda **changes: serve(**settings(directory, **changes))


def files(directory, user="user", folder="new"):
    path = os.path.join(directory, "mail", user, folder)
    return [os.path.join(path, name) for name in sorted(os.listdir(path))]


def parts(octets):
    """Whose copy it is, the delivery header, the message."""
    copy = COPY.match(octets)
    assert copy, octets[:200]
    header = DELIVERY_HEADER.match(copy[2])
    assert header, octets[:400]
    return copy[1].decode(), header[0], copy[2][header.end():]


def stored(directory, user="user"):
    """The messages in the user's `new`, in the order of delivery."""
    result = []
    for path in sorted(files(directory, user), key=lambda path: int(re.search(r"_(\d+)\.", path)[1])):
        with open(path, "rb") as file:
            octets = file.read()
        assert path.endswith(f",S={len(octets)}")
        result.append(parts(octets)[2])
    return result


def test_dovecot_and_python_read_what_was_sent(maildir, directory, need):
    need(dovecot.missing())
    daemon = maildir(users=f"user={dovecot.NOBODY}:{dovecot.NOBODY},other={dovecot.NOBODY}:{dovecot.NOBODY}")
    sent = [make(f"maildir{number}") for number, make in enumerate(messages.COMMON)]
    with daemon.session() as wire:
        for octets in sent:
            wire.deliver(octets, recipients=("User@example.com", "other+detail@example.com"))
        wire.quit()
    for folder in ("", "/tmp", "/new", "/cur"):
        status = os.stat(os.path.join(directory, "mail/user" + folder))
        assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (dovecot.NOBODY, dovecot.NOBODY, 0o700)
    for path in files(directory):
        status = os.stat(path)
        assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (dovecot.NOBODY, dovecot.NOBODY, 0o600)
    for user, address in (("user", "User@example.com"), ("other", "other+detail@example.com")):
        assert files(directory, user, "tmp") == []
        box = mailbox.Maildir(os.path.join(directory, "mail", user), create=False)
        read = {parts(box.get_bytes(key))[2] for key in box.keys()}
        # Python turns the line endings into its own when it reads.
        assert {octets.replace(b"\r\n", b"\n") for octets in sent} == {octets.replace(b"\r\n", b"\n") for octets in read}
    with dovecot.Dovecot(directory, f"{directory}/mail/%u") as server:
        for user, address in (("user", "User@example.com"), ("other", "other+detail@example.com")):
            read = [parts(octets) for octets in server.messages(user)]
            assert {delivered_to for delivered_to, _, _ in read} == {address}
            assert sorted(octets for _, _, octets in read) == sorted(sent)


def test_only_users_of_the_map_are_accepted(maildir, directory):
    daemon = maildir()
    strangers = ["nobody", "../user", '"../user"', '"user/../other"', '".."', '"."', '""', "~", '"~/x"', "user%00", '"user "']
    with daemon.session() as wire:
        wire.expect(250, "MAIL FROM:<>")
        for stranger in strangers:
            reply = wire.command(f"RCPT TO:<{stranger}@example.com>")
            assert reply.code in (501, 550), f"{stranger}: {reply}"
        reply = wire.expect(550, "RCPT TO:<nobody@example.com>")
        assert reply.text.startswith("5.1.1"), reply
        reply = wire.expect(550, "RCPT TO:<postmaster>")
        for friend in ("user", "USER", "User+detail", '"user"', '"other+a b"'):
            wire.expect(250, f"RCPT TO:<{friend}@example.com>")
        wire.quit()
    assert sorted(os.listdir(os.path.join(directory, "mail"))) == ["other", "user"]
    assert not os.listdir(os.path.join(directory, "mail/user/new"))


def test_without_validation_strangers_are_refused_after_the_data(maildir, directory):
    daemon = maildir(validate_process="")
    with daemon.session() as wire:
        for recipients in (["nobody@example.com"], ["user@example.com", '"../user"@example.com']):
            wire.envelope(recipients=recipients)
            wire.send(b"Subject: x\r\n\r\n.\r\n")
            assert wire.expect(550).text.startswith("5.1.1")
        assert stored(directory) == []
        wire.deliver(b"Subject: kept\r\n\r\n")
        wire.quit()
    assert stored(directory) == [b"Subject: kept\r\n\r\n"]


def test_line_endings_of_go_guerrilla(maildir, directory):
    daemon = maildir(stored_line_endings="lf")
    with daemon.session() as wire:
        wire.deliver(messages.plain("lf"))
        wire.quit()
    with open(files(directory)[0], "rb") as file:
        octets = file.read()
    assert b"\r" not in octets
    assert octets.startswith(b"Delivered-To: user@example.com\nReturn-Path: <sender@example.org>\nReceived: ")
    assert octets.endswith(b"\n" + messages.plain("lf").replace(b"\r\n", b"\n"))


@pytest.mark.parametrize("round", range(ROUNDS))
def test_every_acknowledged_message_survives_kill_9(directory, round):
    config = configuration(directory, **settings(directory))
    record = os.path.join(directory, "acknowledged")
    with Daemon(directory, config) as daemon:
        client = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "load.py"), str(daemon.port), record, "50", "3600"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        try:
            eventually(lambda: os.path.exists(record) and os.path.getsize(record) > 2000, "the load running")
            time.sleep(random.Random(f"{os.getpid()}/{round}").uniform(0.05, 1.5))  # the random moment
            daemon.kill()
            output, _ = client.communicate(timeout=2 * DEADLINE)
        finally:
            client.kill()
            client.wait()
    assert output == "50 sessions: the server has gone\n", output
    kept = {}
    for path in files(directory):
        with open(path, "rb") as file:
            octets = file.read()
        assert path.endswith(f",S={len(octets)}"), path
        _, header, message = parts(octets)
        queued = re.search(rb" id (\S+)", header)[1].decode()
        assert queued not in kept, f"{queued} is stored twice"
        kept[queued] = message
    records = acknowledged(record)
    lost = [entry[0] for entry in records if entry[0] not in kept]
    assert not lost, f"{len(lost)} of {len(records)} acknowledged messages are lost: {lost[:5]}"
    for queued, session, number, *_ in records:
        assert kept[queued] == load.message(session, int(number)), f"{queued} is not what was sent"
    with Daemon(directory, config) as daemon, daemon.session() as wire:
        wire.deliver(messages.plain("after"))
        wire.quit()
    assert messages.plain("after") in stored(directory)


def test_file_and_directory_are_synced_before_the_250_leaves(maildir, strace, directory):  # noqa: F811
    daemon = maildir()
    rounds, tmp, new = 5, f"<{directory}/mail/user/tmp/", f"<{directory}/mail/user/new>"

    def replies(calls):
        return [call for call in calls if call.name in SENDS and "250 2.0.0 OK: queued as" in call.arguments]

    with daemon.session() as wire:
        wire.deliver(messages.plain("warm"))
        names = ",".join(sorted(SYNCS | WRITES | READS | SENDS | {"renameat", "renameat2"}))
        with strace(daemon.pid, "-e", f"trace={names}") as trace:
            for _ in range(rounds):
                wire.deliver(b"Subject: traced\r\n\r\nshort\r\n")
            eventually(lambda: len(replies(trace.calls())) >= rounds, "all replies in the trace")
    calls = trace.calls()
    before = -1
    for reply in replies(calls):
        mine = [call for call in calls if call.began > before and call.ended < reply.began and call.result >= 0]
        before = reply.ended
        text = "\n".join(map(repr, mine))
        written = [call for call in mine if call.name in WRITES and tmp in call.arguments]
        assert written, "nothing was written to tmp:\n" + text
        synced = [call for call in mine if call.name in SYNCS and tmp in call.arguments and call.began > written[-1].ended]
        assert synced, "no sync of the file after its last write:\n" + text
        moved = [call for call in mine if call.name.startswith("rename") and call.began > synced[-1].ended]
        assert moved, "no rename after the sync:\n" + text
        assert [call for call in mine if call.name in SYNCS and new in call.arguments and call.began > moved[-1].ended], \
            "no sync of the directory after the rename:\n" + text


def refused(wire, octets):
    wire.envelope()
    wire.send(stuff(octets) + b".\r\n")
    reply = wire.expect(451)
    assert reply.text.startswith("4.3."), reply


def test_failing_sync_is_451_until_it_works_again(maildir, strace, directory):  # noqa: F811
    daemon = maildir()
    with daemon.session() as wire:
        wire.deliver(messages.plain("before"))
        with strace(daemon.pid, "-e", "trace=fsync", "-e", "inject=fsync:error=EIO"):
            refused(wire, messages.plain("refused"))
            refused(wire, messages.plain("refused"))
        wire.deliver(messages.plain("after"))
        wire.quit()
    assert stored(directory) == [messages.plain("before"), messages.plain("after")]
    assert files(directory, folder="tmp") == []
    assert "Input/output error" in daemon.wait_for_line("Message not saved|Message could not|Input/output error")


def test_maildir_that_vanishes_is_451_for_its_user_only(maildir, directory):
    daemon = maildir(validate_process="")
    gone, away = os.path.join(directory, "mail/user"), os.path.join(directory, "away")
    with daemon.session() as wire:
        os.rename(gone, away)
        refused(wire, messages.plain("refused"))
        wire.envelope(recipients=("other@example.com", "user@example.com"))
        wire.send(b"Subject: x\r\n\r\n.\r\n")
        wire.expect(451)
        wire.deliver(messages.plain("other"), recipients=("other@example.com",))
        os.rename(away, gone)
        wire.deliver(messages.plain("after"))
        wire.quit()
    assert stored(directory) == [messages.plain("after")]
    assert stored(directory, "other") == [messages.plain("other")]


@pytest.mark.parametrize("how", ["file system", "file size"])
def test_full_disk_is_451_until_there_is_room(serve, directory, how):
    disk = SmallDisk(directory, mounting=how == "file system")
    try:
        daemon = serve(**settings(directory, maildir_path=f"{disk.path}/[user]"))
        octets = messages.attachment("full", octets=500_000)
        with daemon.session() as wire:
            wire.deliver(octets)
            kept = 1
            if not disk.is_mounted:
                resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
            failed = 0
            while failed < 3:
                wire.envelope()
                wire.send(stuff(octets) + b".\r\n")
                reply = wire.reply()
                assert reply.code in (250, 451), reply
                kept, failed = kept + (reply.code == 250), failed + (reply.code == 451)
                assert kept < 30, "the disk does not fill"
            assert not os.listdir(f"{disk.path}/user/tmp")
            assert len(os.listdir(f"{disk.path}/user/new")) == kept
            disk.relieve(daemon.pid)
            wire.deliver(octets)
            wire.quit()
        for name in os.listdir(f"{disk.path}/user/new"):
            with open(f"{disk.path}/user/new/{name}", "rb") as file:
                assert parts(file.read())[2] == octets
    finally:
        for started in serve.running:
            started.end()
        disk.remove()


def test_too_little_space_is_noticed_beforehand(maildir):
    daemon = maildir(min_free_space=1 << 60)
    with daemon.session() as wire:
        assert wire.expect(452, "MAIL FROM:<>").text.startswith("4.3.1")
        wire.quit()


@pytest.mark.parametrize("change, sentence", [
    ({"maildir_user_map": "user=1:mail"}, 'backend_config.maildir_user_map: "mail" in "user=1:mail" is no gid'),
    ({"maildir_user_map": "../x=1:1"}, 'backend_config.maildir_user_map: "../x" cannot be the name of a directory'),
    ({"maildir_path": "/no/such/[user]"}, "backend_config.maildir_path: the directory '/no/such' does not exist"),
    ({"maildir_path": None}, "backend_config.maildir_path: required by the processor `maildir`, but not set"),
])
def test_check_says_what_is_wrong(directory, change, sentence):
    config = configuration(directory, **settings(directory))
    config["backend_config"].update(change)
    path = os.path.join(directory, "config.json")
    with open(path, "w") as file:
        json.dump(config, file)
    result = run("check", "-c", path)
    output = (result.stdout + result.stderr).decode()
    assert result.returncode == 1
    assert len([line for line in output.splitlines() if sentence in line]) == 1, output
