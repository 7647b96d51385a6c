#!/usr/bin/env python3
"""Runs the examples that dev/check-embedding.sh has built, and sees whether they do what they say.

    dev/check_examples.py FOLDER        where the built programs are
"""
import contextlib
import json
import os
import pathlib
import re
import smtplib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILT = pathlib.Path(sys.argv[1]).resolve()
PATIENCE = 120


@contextlib.contextmanager
def receiver(name, *arguments):
    """An example that listens: its process, and a client that has been greeted."""
    # Standard output in lines, though it is no terminal.
    process = subprocess.Popen(["stdbuf", "-oL", BUILT / name, *arguments], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        for line in process.stderr:
            if listening := re.search(r"Listening on TCP 127\.0\.0\.1:(\d+)", line):
                break
        else:
            raise AssertionError(f"{name} does not listen")
        with smtplib.SMTP("127.0.0.1", int(listening[1]), timeout=PATIENCE) as client:
            yield process, client
    finally:
        process.kill()
        process.communicate()


def embedded_server():
    with receiver("EmbeddedServer", "0") as (process, client):
        client.sendmail("a@example.org", ["b@example.com"], "Subject: first\r\n\r\nHello.\r\n")
        line = process.stdout.readline()
        assert line == "26 octets for [b@example.com]: first\n", line


def custom_processor():
    with receiver("CustomProcessor", "0") as (_, client):
        client.sendmail("a@example.org", ["b@example.com"], "Subject: Hello\r\n\r\n")
        try:
            client.sendmail("a@example.org", ["b@example.com"], "Subject: Your inheritance\r\n\r\n")
        except smtplib.SMTPDataError as refused:
            assert refused.smtp_code == 550 and b"Nothing about inheritance" in refused.smtp_error, refused
        else:
            raise AssertionError("nothing is refused")


def maildir_drop():
    with tempfile.TemporaryDirectory() as directory:
        drop = os.path.join(directory, "drop")
        with receiver("MaildirDrop", "0", drop) as (_, client):
            client.sendmail("a@example.org", ["drop@example.com"], "Subject: dropped\r\n\r\nHello.\r\n")
            names = os.listdir(os.path.join(drop, "new"))
        assert len(names) == 1, names
        with open(os.path.join(drop, "new", names[0])) as file:
            assert file.read().endswith("Subject: dropped\n\nHello.\n")


def events_subscriber():
    configuration = {
        "log_file": "off",
        "allowed_hosts": ["example.com"],
        "servers": [{"is_enabled": True, "listen_interface": "127.0.0.1:0"}],
    }
    with tempfile.TemporaryDirectory() as directory:
        files = []
        for changes in ({}, {"allowed_hosts": ["example.com", "example.org"], "log_level": "info"}, {"servers": [
            {"is_enabled": True, "listen_interface": "127.0.0.1:0", "timeout": 60},
            {"is_enabled": True, "listen_interface": "localhost:0"},
        ]}):
            configuration |= changes
            files.append(os.path.join(directory, f"{len(files)}.json"))
            with open(files[-1], "w") as file:
                json.dump(configuration, file)
        output = subprocess.run([BUILT / "EventsSubscriber", *files], capture_output=True, text=True, timeout=PATIENCE)
    lines = output.stdout.splitlines()
    told = 'mail for ["example.com", "example.org"]'
    assert output.returncode == 0 and lines.count(told) == 1, output
    lines.remove(told)  # It comes when the event does, the rest when it is taken out.
    assert lines == [
        "config_change:new_config", "config_change:allowed_hosts", "config_change:log_level",
        "server_change:reopen_log_file",
        "config_change:new_config", "server_change:update_config", "server_change:reopen_log_file",
        "server_change:timeout", "server_change:new_server",
    ], lines


def tutorial():
    """The tutorial and README show the examples as they are."""
    shown = ROOT.joinpath("Sources/Guerrilla/Guerrilla.docc/WritingAProcessor.md").read_text()
    for path in ROOT.glob("Examples/CustomProcessor/*/*/*.swift"):
        assert f"```swift\n{path.read_text()}```" in shown, f"{path} is not in the tutorial as it is"
    embedded = ROOT.joinpath("Examples/EmbeddedServer/Sources/EmbeddedServer/main.swift").read_text()
    assert f"```swift\n{embedded}```" in ROOT.joinpath("README.md").read_text(), "README shows another EmbeddedServer"


failed = False
for check in (embedded_server, custom_processor, maildir_drop, events_subscriber, tutorial):
    try:
        check()
        print(f"{check.__name__}: ok")
    except Exception as error:
        failed = True
        print(f"{check.__name__}: {error!r}", file=sys.stderr)
sys.exit(1 if failed else 0)
