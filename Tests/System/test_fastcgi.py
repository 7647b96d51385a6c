"""The processor FastCGI with a real php-fpm: what a script gets is what was sent, and nothing acknowledged is lost."""
import json
import os
import re
import signal
import subprocess
import sys

import pytest

import load
import messages
import phpfpm
from certificates import Certificates
from daemon import configuration, run, without_delivery_header
from smtpwire import eventually, queued_id, stuff
from test_kill import HERE, acknowledged
from tlswire import start_tls

MESSAGES = [*messages.COMMON, messages.three_megabytes]


def name(message):
    return message.__name__


@pytest.fixture
def php(need, directory):
    need(phpfpm.missing())
    with phpfpm.PHP(directory) as running:
        yield running


def only(php):
    saved = php.saved()
    assert len(saved) == 1
    return saved[0]


@pytest.mark.parametrize("message", MESSAGES, ids=name)
def test_the_script_gets_what_was_sent(serve, php, message):
    daemon = serve(**php.configure())
    octets = message("fastcgi")
    with daemon.session() as wire:
        queued = wire.deliver(octets)
    saved = only(php)
    assert saved.method == "POST"
    assert without_delivery_header(saved.form["body"]) == octets
    assert saved.text("queued_id") == queued
    assert saved.text("subject") == "fastcgi"


@pytest.mark.parametrize("octets", [*messages.ODD.values(), *messages.SMUGGLING.values()],
                         ids=[*messages.ODD, *messages.SMUGGLING])
def test_odd_octets_are_kept(serve, php, octets):
    daemon = serve(**php.configure())
    octets += b"" if octets.endswith(b"\r\n") else b"\r\n"
    with daemon.session() as wire:
        wire.deliver(octets)
    assert without_delivery_header(only(php).form["body"]) == octets


def test_line_endings_can_be_those_of_go_guerrilla(serve, php):
    daemon = serve(**php.configure(stored_line_endings="lf"))
    octets = messages.three_megabytes("lf")
    with daemon.session() as wire:
        wire.deliver(octets)
    body = only(php).form["body"]
    assert b"\r\n" not in body
    assert body.endswith(octets.replace(b"\r\n", b"\n"))


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_every_field_arrives(serve, need, directory, kind):
    need(phpfpm.missing())
    with phpfpm.PHP(directory, kind) as php:
        daemon = serve(**php.configure())
        recipients = ["one@example.com", "o'two+x=%41&b@example.com", "postmaster"]
        with daemon.wire() as wire:
            wire.hello("[192.0.2.7]")
            wire.envelope("", recipients)
            wire.send(b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe_&_+?=\r\n\r\nx\r\n.\r\n")
            queued = queued_id(wire.expect(250))
        saved = only(php)
        body = saved.form.pop("body")
        assert {field: saved.text(field) for field in saved.form} == {
            "rcpt_to_0": recipients[0], "rcpt_to_1": recipients[1], "rcpt_to_2": "postmaster", "remote_ip": "127.0.0.1",
            "subject": "Grüße & +", "tls_on": "false", "helo": "[192.0.2.7]", "mail_from": "", "queued_id": queued,
        }
        assert body.startswith(b"Return-Path: <>\r\nReceived: from [192.0.2.7] ")


def test_tls_is_told(serve, php, directory):
    pair = Certificates(directory).self_signed("mail", "mail.example.com").pair("mail")
    daemon = serve(**php.configure(), tls={"start_tls_on": True, **pair})
    with start_tls(daemon.session()) as wire:
        wire.hello()
        wire.deliver(messages.plain("tls"))
    assert only(php).text("tls_on") == "true"


def test_connections_are_kept(serve, php):
    daemon = serve(**php.configure(fcgi_max_connections=1, fcgi_idle_timeout="1h"))
    with daemon.session() as wire:
        for number in range(20):
            wire.deliver(messages.plain(f"kept-{number}"))
    assert len(php.saved()) == 20
    assert len({saved.process for saved in php.saved()}) == 1


@pytest.mark.parametrize("settings", [{"post_max_size": "1K"}, {"memory_limit": "2M"}], ids=lambda settings: next(iter(settings)))
def test_what_php_does_not_take_is_not_acknowledged(serve, need, directory, settings):
    need(phpfpm.missing())
    with phpfpm.PHP(directory, **settings) as php:
        daemon = serve(**php.configure())
        with daemon.session() as wire:
            wire.envelope()
            wire.send(stuff(messages.three_megabytes("large")) + b".\r\n")
            assert wire.expect(451).lines == ["4.3.0 Error: storage failed"]
            daemon.wait_for_line("the script's answer does not begin with SAVED")
        assert php.saved() == []


@pytest.mark.parametrize("script", ["missing.php", "empty.php", "broken.php", "exit.php"])
def test_a_script_that_does_not_say_saved_costs_451(serve, php, script):
    path = os.path.join(php.base, script)
    if script != "missing.php":
        with open(path, "w") as file:
            file.write({"empty.php": "", "broken.php": "SAVE<?php oh(", "exit.php": "<?php exit(3);"}[script])
    daemon = serve(**php.configure(fcgi_script_filename_save=path))
    with daemon.session() as wire:
        wire.envelope()
        wire.send(b"x\r\n.\r\n")
        wire.expect(451)
        wire.expect(250, "NOOP")


def test_recipients_are_validated(serve, php):
    daemon = serve(**php.configure(validate_process="FastCGI", gw_val_rcpt_timeout="90s"))
    with daemon.session() as wire:
        wire.expect(250, "MAIL FROM:<sender@example.org>")
        wire.expect(250, "RCPT TO:<o'two+x=%41&b@example.com>")
        refused = wire.expect(550, "RCPT TO:<rejected@example.com>")
        assert refused.lines == ["5.1.1 User unknown in local recipient table no such user here: rejected@example.com"]
        for trouble in ("otherwise", "silent", "broken", "status", "endless"):
            assert wire.expect(451, f"RCPT TO:<{trouble}@example.com>").lines == ["4.3.0 Error: storage failed"]
        wire.expect(250, "RCPT TO:<noisy@example.com>")
        line = daemon.wait_for_line("FastCGI script wrote to its standard error")
        assert "looked up" in line and 'level=error' not in line.replace("?level=error", "")
        # Another host is not worth a question.
        wire.expect(550, "RCPT TO:<user@example.net>")
        wire.expect(354, "DATA")
        wire.send(b"x\r\n.\r\n")
        wire.expect(250)
    saved = only(php)
    assert (saved.text("rcpt_to_0"), saved.text("rcpt_to_1")) == ("o'two+x=%41&b@example.com", "noisy@example.com")
    assert "rcpt_to_2" not in saved.form
    assert "user@example.net" not in php.asked()


def test_a_script_that_hangs_costs_its_recipient_451(serve, php):
    daemon = serve(**php.configure(validate_process="FastCGI", gw_val_rcpt_timeout="1s"))
    with daemon.session() as wire:
        wire.expect(250, "MAIL FROM:<sender@example.org>")
        assert wire.expect(451, "RCPT TO:<slow@example.com>").lines == ["4.3.0 Error: transaction timeout"]
        assert wire.expect(250, "NOOP")
    line = daemon.wait_for_line("Recipient could not be validated")
    assert re.search(r'error="the script /\S+\.php had not answered after 1\.\d s: ', line), line


def test_an_outage_is_one_line(serve, php):
    daemon = serve(**php.configure(validate_process="FastCGI", gw_val_rcpt_timeout="90s"))

    def is_taken(wire):
        wire.expect(250, "MAIL FROM:<sender@example.org>")
        if wire.command("RCPT TO:<user@example.com>").code != 250:
            wire.expect(250, "RSET")
            return False
        wire.expect(354, "DATA")
        wire.send(b"x\r\n.\r\n")
        return wire.reply().code == 250

    with daemon.session() as wire:
        assert is_taken(wire)
        php.stop(signal.SIGTERM)
        assert not any([is_taken(wire) for _ in range(10)])
        php.start()
        eventually(lambda: is_taken(wire), "a message taken again")
        eventually(lambda: is_taken(wire) and any("is back after" in line for line in daemon.lines), "a line that it is over")
    told = [line for line in daemon.lines if re.search("level=(error|notice) ", line)]
    assert len(told) == 2, told
    assert re.search(r"the FastCGI server at \S+ is away, messages wait at their senders: cannot connect", told[0]), told
    assert re.search(r"is back after \d+ s; 1\d messages and recipients were told to come again", told[1]), told


def test_a_server_that_is_not_there_fails_the_start(directory, need):
    need(phpfpm.missing())
    config = configuration(directory, **phpfpm.PHP(directory).configure())
    path = os.path.join(directory, "guerrillad.json")
    with open(path, "w") as file:
        json.dump(config, file)
    result = run("serve", "--config", path)
    assert result.returncode == 1
    assert b"cannot connect to the FastCGI server at " in result.stdout + result.stderr
    assert b"No such file or directory" in result.stdout + result.stderr


def test_nothing_acknowledged_is_lost_when_php_fpm_is_restarted(serve, php, directory, figure):
    daemon = serve(**php.configure(fcgi_idle_timeout="1h"))
    record = os.path.join(directory, "acknowledged")
    clients = []

    def start_load():
        clients.append(subprocess.Popen(
            [sys.executable, os.path.join(HERE, "load.py"), str(daemon.port), f"{record}.{len(clients)}", "20", "3600"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        ))
        mine = f"{record}.{len(clients) - 1}"
        eventually(lambda: os.path.exists(mine) and os.path.getsize(mine) > 4000, "the load running")
        return mine

    try:
        for how in (signal.SIGTERM, signal.SIGKILL, signal.SIGQUIT):
            # A session ends at the first 451, so each round has a load of its own.
            start_load()
            if how == signal.SIGKILL:
                os.killpg(php.process.pid, how)
                php.process.wait()
            else:
                php.stop(how)
            php.start()
        last = start_load()
        size = os.path.getsize(last)
        eventually(lambda: os.path.getsize(last) > size + 4000, "mail being taken again")
    finally:
        for client in clients:
            client.kill()
            client.communicate()
    records = [entry for number in range(len(clients)) for entry in acknowledged(f"{record}.{number}")]
    saved = {}
    for entry in php.saved():
        saved.setdefault(entry.text("queued_id"), []).append(entry)
    lost = [entry[0] for entry in records if entry[0] not in saved]
    assert not lost, f"{len(lost)} of {len(records)} acknowledged messages are lost: {lost[:5]}"
    for queued, session, number, *_ in records:
        for entry in saved[queued]:
            assert without_delivery_header(entry.form["body"]) == load.message(session, int(number))
    twice = sum(len(entries) - 1 for entries in saved.values())
    figure(f"php-fpm restarted 3 times: {len(records)} acknowledged, {len(saved)} stored, {twice} of them again, 0 lost")
