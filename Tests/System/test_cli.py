"""The command line: configuration shown and read back, mail listed, exported, watched and deleted beside a running daemon, completion in
real shells, the manual pages, and one exit code for each kind of failure."""
import base64
import json
import mailbox
import os
import pty
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

import daemon as guerrillad
from daemon import Daemon, configuration, mail_list, run
from smtpwire import DEADLINE, eventually

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))

sys.path.insert(0, os.path.join(ROOT, "dev"))
import manual  # noqa: E402


def out(result):
    assert result.returncode == 0, result.stderr.decode(errors="replace")
    return result.stdout.decode()


def write(path, config):
    with open(path, "w") as file:
        file.write(config if isinstance(config, str) else json.dumps(config))
    return path


def deliver(running, *bodies, **envelope):
    with running.session() as wire:
        queued = [wire.deliver(body, **envelope) for body in bodies]
        wire.quit()
    return queued


@pytest.fixture
def store(directory):
    """Arguments that name the store of a configuration with three messages in it; the daemon has ended."""
    with Daemon(directory, configuration(directory)) as running:
        deliver(running, b"Subject: one\r\n\r\nFrom here on\r\n>From there\r\n", b"Subject: two\r\n\r\nbare\n here\r\n",
                b"Subject: three\r\n\r\n\xff\r\n")
        assert running.stop() == 0
    return ["-c", running.config_path]


# config


def test_shown_configuration_means_the_same(directory):
    config = configuration(directory, max_size=123_456, trusted_networks=["192.0.2.0/24"])
    path = write(f"{directory}/first.json", config)
    shown = out(run("config", "show", "-c", path))
    everything = json.loads(shown)
    assert everything["servers"][0]["max_size"] == 123_456
    assert everything["backend_config"]["sqlite_path"] == config["backend_config"]["sqlite_path"]
    assert list(everything)[:3] == ["servers", "allowed_hosts", "pid_file"]
    again = write(f"{directory}/second.json", shown)
    assert out(run("config", "show", "-c", again)) == shown
    changed = json.loads(out(run("config", "show", "--changed", "-c", path)))
    assert "shutdown_timeout" not in changed and "timeout" in changed["servers"][0]
    third = write(f"{directory}/third.json", json.dumps(changed))
    assert out(run("config", "show", "-c", third)) == shown
    with Daemon(directory, everything) as running:
        running.assert_serving()


def test_environment_is_shown(directory):
    path = write(f"{directory}/first.json", configuration(directory))
    result = subprocess.run([guerrillad.BINARY, "config", "show", "-c", path], capture_output=True, timeout=DEADLINE,
                            env={**os.environ, "GUERRILLA_LOG_LEVEL": "trace",
                                 "GUERRILLA_BACKEND_CONFIG_REDIS_INTERFACE": "redis://:hush@a:1"})
    shown = json.loads(out(result))
    assert shown["log_level"] == "trace" and shown["backend_config"]["redis_interface"] == "redis://:***@a:1"


def test_secrets_are_shown_only_when_asked_for(directory):
    path = write(f"{directory}/first.json", configuration(directory, sql_driver="mysql", sql_dsn="mail:hush@tcp(db:3306)/mail"))
    shown = out(run("config", "show", "-c", path))
    assert "hush" not in shown and "mail:***@tcp(db:3306)/mail" in shown
    assert "mail:hush@tcp(db:3306)/mail" in out(run("config", "show", "--with-secrets", "-c", path))


def test_samples_are_good_configurations(directory):
    sample = out(run("config", "sample"))
    with open(f"{ROOT}/goguerrilla.conf.sample") as file:
        assert sample == file.read()
    everything = out(run("config", "sample", "--all"))
    assert len(json.loads(everything)["backend_config"]) > 30
    for name, text in (("sample", sample), ("everything", everything)):
        checked = run("check", "-c", write(f"{directory}/{name}.json", text))
        assert checked.returncode == 0, checked.stdout
    assert b"not effective" not in checked.stdout and b"unknown" not in checked.stdout


# mail


def test_list_and_show_as_json(store):
    listed = json.loads(out(run("mail", "list", "--json", *store)))
    assert [entry["subject"] for entry in listed] == ["three", "two", "one"]
    assert [entry["id"] for entry in listed] == [3, 2, 1]
    assert set(listed[0]) == {"id", "queued_id", "received_at", "size", "reverse_path", "recipients", "subject"}
    assert json.loads(out(run("mail", "list", "--json", "-n", "1", *store))) == listed[:1]
    shown = json.loads(out(run("mail", "show", "--json", "2", *store)))
    assert {key: shown[key] for key in listed[1]} == listed[1]
    assert shown["content"].encode() == run("mail", "export", "2", *store).stdout
    assert {"name": "Subject", "value": "two"} in shown["headers"] and shown["client"]["address"] == "127.0.0.1"
    binary = json.loads(out(run("mail", "show", "--json", "3", *store)))
    assert base64.b64decode(binary["content_base64"]) == run("mail", "export", "3", *store).stdout


def test_what_a_stranger_wrote_does_not_steer_the_terminal(directory):
    subject = "a\u202eb\u2028c\u061cd\x1b[2J\te\u0301"
    encoded = base64.b64encode(subject.encode())
    with Daemon(directory, configuration(directory)) as running:
        deliver(running, b"Subject: =?utf-8?B?" + encoded + b"?=\r\n\r\n.\r\n")
        assert running.stop() == 0
    store = ["-c", running.config_path]
    shown = "a b c d [2J e\u0301"
    # The final newline ends the one line; splitlines() knows all the others.
    lines = out(run("mail", "list", *store)).splitlines()
    assert len(lines) == 1 and lines[0].split("\t")[6] == shown
    assert f"subject: {shown}" in out(run("mail", "show", "1", *store)).splitlines()
    listed = out(run("mail", "list", "--json", *store))
    assert json.loads(listed)[0]["subject"] == subject and not set(listed) & set("\u202e\u2028\u061c\x1b")
    ours, theirs = pty.openpty()
    assert subprocess.run([guerrillad.BINARY, "mail", "list", *store], stdout=theirs, timeout=DEADLINE).returncode == 0
    os.close(theirs)
    lines = os.read(ours, 10_000).decode().splitlines()
    os.close(ours)
    assert len(lines) == 1 and lines[0].endswith(f"  {shown}")


def on_a_terminal(*arguments, **variables):
    """What a command shows on a terminal, standard error included."""
    ours, theirs = pty.openpty()
    environment = {**{key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG"))}, **variables}
    process = subprocess.Popen([guerrillad.BINARY, *arguments], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
                               env=environment)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65_536):
            shown += piece
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    assert process.wait(DEADLINE) == 0, shown
    return shown


STEERING = {
    "title": (b"Subject: \x1b]0;TITLE\x07 x\r\n\r\nx\r\n", b"^[]0;TITLE^G x"),
    "clear and colour": (b"\r\n\x1b[2J\x1b[31mred\r\n", b"^[[2J^[[31mred"),
    "clipboard": (b"\r\n\x1b]52;c;ZXZpbA==\x07\r\n", b"^[]52;c;ZXZpbA==^G"),
    "C1 in UTF-8": (b"\r\n\xc2\x9b31m\r\n", b"<U+009B>31m"),
    "C1 as an octet": (b"\r\n\x9b31m\r\n", b"<9B>31m"),
    "a CR that hides the line": (b"\r\nreal\rfake\r\n", b"real^Mfake"),
    "text that runs backwards": ("\r\na\u202eb\u2066c\r\n".encode(), b"a<U+202E>b<U+2066>c"),
    "back space": (b"\r\nsafe\x08\x08\x08\x08evil\r\n", b"safe^H^H^H^Hevil"),
    "what is no character": (b"\r\n\xff\xe2\x82\x1b[m\r\n", b"<FF><E2><82>^[[m"),
}


def test_messages_do_not_steer_the_terminal(directory):
    """Nothing of them but printable text, tabs and line ends reaches it; a pipe gets every octet."""
    with Daemon(directory, configuration(directory)) as running:
        deliver(running, *[octets for octets, _ in STEERING.values()])
        assert running.stop() == 0
    store = ["-c", running.config_path]
    for number, (octets, expected) in enumerate(STEERING.values(), 1):
        for command in ("show", "export"):
            shown = on_a_terminal("mail", command, str(number), *store)
            assert expected in shown
            assert not [c for c in shown.decode() if c not in "\r\n\t" and not c.isprintable()], shown
            assert b"\r" not in shown.replace(b"\r\n", b"")
            assert run("mail", command, str(number), *store).stdout.endswith(octets)
    for command in (["list"], ["list", "--json"], ["show", "1", "--json"]):
        assert on_a_terminal("mail", *command, *store).decode().replace("\r\n", "").isprintable()


def test_a_terminal_without_utf8_gets_ascii(directory):
    with Daemon(directory, configuration(directory)) as running:
        deliver(running, "\r\nÛ31m\r\n".encode())
        assert running.stop() == 0
    show = ["mail", "show", "1", "-c", running.config_path]
    assert "Û31m".encode() in on_a_terminal(*show) and "Û31m".encode() in on_a_terminal(*show, LANG="de_DE.UTF-8")
    # The second octet of Û is CSI there.
    assert b"<U+00DB>31m" in on_a_terminal(*show, LANG="de_DE.ISO-8859-1")


def test_what_a_file_holds_does_not_steer_the_terminal(directory):
    config = configuration(directory)
    config["\x1b]0;key\x07"] = config["servers"][0]["max_size"] = "\x1b[2J\u202e\u009b"
    path = write(f"{directory}/\x1b[31m.json", config)
    for arguments in (["check", "-c", path], ["config", "show", "-c", path], ["mail", "list", "-c", path]):
        ours, theirs = pty.openpty()
        result = subprocess.run([guerrillad.BINARY, *arguments], stdout=theirs, stderr=theirs, timeout=DEADLINE)
        os.close(theirs)
        shown = os.read(ours, 65_536).decode()
        os.close(ours)
        assert result.returncode == 1 and "max_size" in shown
        assert not [c for c in shown if c not in "\r\n" and not c.isprintable()], shown


def test_empty_store_is_an_empty_list(directory):
    with Daemon(directory, configuration(directory)) as running:
        assert json.loads(out(run("mail", "list", "--json", *running.store()))) == []
        assert out(run("mail", "list", *running.store())) == ""


def test_export_into_a_directory(directory, store):
    target = f"{directory}/out"
    result = run("mail", "export", "--all", target, *store)
    assert result.returncode == 0 and b"3 written" in result.stderr
    for entry in mail_list(*store):
        with open(f"{target}/{entry.queued_id}.eml", "rb") as file:
            assert file.read() == guerrillad.export(entry.id, *store)
    assert len(os.listdir(target)) == 3
    os.remove(f"{target}/{mail_list(*store)[0].queued_id}.eml")
    result = run("mail", "export", "--all", target, *store)
    assert result.returncode == 0 and b"1 written" in result.stderr and b"2 were there" in result.stderr


def test_export_is_not_led_astray_by_links(directory, store):
    """Others may be allowed to put something into the directory."""
    target, victim = f"{directory}/out", f"{directory}/victim"
    first, second, third = [entry.queued_id for entry in mail_list(*store)]
    os.mkdir(target)
    write(victim, "precious")
    os.symlink(victim, f"{target}/{first}.eml.part")
    os.symlink(victim, f"{target}/{second}.eml")
    os.symlink(f"{directory}/new", f"{target}/{third}.eml")
    # The name of a file that is not complete has the process id, which a shell that becomes the program knows.
    script = f'ln -s {victim} {target}/{first}.eml.$$.part; exec "$@"'
    result = subprocess.run(["sh", "-c", script, "sh", guerrillad.BINARY, "mail", "export", "--all", target, *store],
                            capture_output=True, timeout=DEADLINE)
    assert result.returncode == 1 and b"1 written" in result.stderr, result.stderr
    for queued in (second, third):
        assert f"'{target}/{queued}.eml' is no file: the message was not written".encode() in result.stderr
    with open(victim) as file:
        assert file.read() == "precious"
    assert not os.path.exists(f"{directory}/new")
    assert os.path.isfile(f"{target}/{first}.eml") and not os.path.islink(f"{target}/{first}.eml")
    assert sorted(os.listdir(target)) == sorted([f"{first}.eml", f"{first}.eml.part", f"{second}.eml", f"{third}.eml"])
    # An mbox file is a new file, too.
    os.symlink(f"{directory}/new", f"{directory}/mbox")
    result = run("mail", "export", "--mbox", f"{directory}/mbox", *store)
    assert result.returncode == 1 and b"exists" in result.stderr
    assert not os.path.exists(f"{directory}/new") and not [name for name in os.listdir(directory) if name.endswith(".part")]


def test_export_leaves_nothing_half_done(directory):
    with Daemon(directory, configuration(directory)) as running:
        deliver(running, b"Subject: large\r\n\r\n" + b"x" * 900 + b"\r\n" * 100_000)
        assert running.stop() == 0
    for arguments in (["--all", f"{directory}/out"], ["--mbox", f"{directory}/mbox"]):
        # More than SQLite writes to read, less than the message.
        result = subprocess.run([guerrillad.BINARY, "mail", "export", *arguments, "-c", running.config_path], capture_output=True,
                                timeout=DEADLINE, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)))
        assert result.returncode == 1 and b"File too large" in result.stderr, result.stderr
    assert os.listdir(f"{directory}/out") == [] and not os.path.exists(f"{directory}/mbox")
    assert not [name for name in os.listdir(directory) if name.endswith(".part")]


def test_export_follows_no_link_of_another_users(directory, store, need):
    need("only root can give a link to another user" if os.geteuid() != 0 else None)
    os.mkdir(f"{directory}/elsewhere")
    os.symlink(f"{directory}/elsewhere", f"{directory}/out")
    result = run("mail", "export", "--all", f"{directory}/out", *store)
    assert result.returncode == 0 and len(os.listdir(f"{directory}/elsewhere")) == 3, "one's own link is followed"
    os.symlink(f"{directory}/elsewhere", f"{directory}/planted")
    os.lchown(f"{directory}/planted", 65534, 65534)
    shutil.rmtree(f"{directory}/elsewhere")
    os.mkdir(f"{directory}/elsewhere")
    result = run("mail", "export", "--all", f"{directory}/planted", *store)
    assert result.returncode == 1 and b"symbolic link of another user's" in result.stderr
    assert os.listdir(f"{directory}/elsewhere") == []


def test_export_into_an_mbox(directory, store):
    target = f"{directory}/mbox"
    assert run("mail", "export", "--mbox", target, *store).returncode == 0
    with open(target, "rb") as file:
        assert b"\n>From here on\n>>From there\n" in file.read()
    messages = list(mailbox.mbox(target))
    assert [message["Subject"] for message in messages] == ["one", "two", "three"]
    for message, entry in zip(messages, reversed(mail_list(*store))):
        quoted = re.sub(rb"(?m)^(>*From )", rb">\1", guerrillad.export(entry.id, *store).replace(b"\r\n", b"\n"))
        assert message.as_bytes() == quoted
    again = run("mail", "export", "--mbox", target, *store)
    assert again.returncode == 1 and b"exists" in again.stderr


def test_export_says_when_the_disk_is_full(store):
    with open("/dev/full", "wb") as full:
        result = subprocess.run([guerrillad.BINARY, "mail", "export", "1", *store], stdout=full, stderr=subprocess.PIPE,
                                timeout=DEADLINE)
    assert result.returncode == 1 and b"No space left" in result.stderr


def test_delete_by_id(store):
    entries = mail_list(*store)
    result = run("mail", "delete", "--yes", entries[0].id, entries[2].queued_id, *store)
    assert result.returncode == 0 and b"deleted 2 messages" in result.stderr
    assert [entry.id for entry in mail_list(*store)] == [entries[1].id]
    result = run("mail", "delete", "--yes", entries[1].id, entries[0].id, *store)
    assert result.returncode == 1 and b"no message with id 3" in result.stderr
    assert len(mail_list(*store)) == 1, "all or none"


def test_delete_by_age(store):
    for arguments in (["--older-than", "1h"], ["--before", "2020-01-01"]):
        result = run("mail", "delete", "--yes", *arguments, *store)
        assert result.returncode == 0 and b"deleted 0 messages" in result.stderr
    assert len(mail_list(*store)) == 3
    result = run("mail", "delete", "--yes", "--before", "2999-01-01T00:00:00Z", *store)
    assert result.returncode == 0 and b"deleted 3 messages" in result.stderr
    assert mail_list(*store) == []


def test_delete_wants_an_answer(store):
    result = run("mail", "delete", "1", *store)
    assert result.returncode == 1 and b"--yes" in result.stderr
    assert len(mail_list(*store)) == 3
    for answer, left in (("n", 3), ("", 3), ("y", 2)):
        assert ask(["mail", "delete", "1", *store], answer) == (0 if left == 2 else 1)
        assert len(mail_list(*store)) == left


def ask(arguments, answer):
    """Runs a command on a terminal, answers its question, and returns its exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([guerrillad.BINARY, *arguments], stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    end = time.monotonic() + DEADLINE
    while b"[y/N]" not in said:
        assert time.monotonic() < end and process.poll() is None, said
        if select.select([ours], [], [], 0.2)[0]:
            said += os.read(ours, 1000)
    os.write(ours, answer.encode() + b"\n")
    code = process.wait(DEADLINE)
    os.close(ours)
    return code


def test_delete_beside_a_busy_daemon(directory):
    """Nothing that the daemon has acknowledged is missing, and it is never held up for long enough to refuse."""
    with Daemon(directory, configuration(directory)) as running:
        deliver(running, *[b"Subject: old\r\n\r\n" + b"x" * 50_000 + b"\r\n"] * 150)
        stop, delivered, failures = threading.Event(), [], []

        def load():
            try:
                with running.session() as wire:
                    while not stop.is_set():
                        delivered.append(wire.deliver(b"Subject: new\r\n\r\nnew\r\n"))
                    wire.quit()
            except Exception as error:  # noqa: BLE001 (told by the assertion below)
                failures.append(error)

        thread = threading.Thread(target=load)
        thread.start()
        old = [entry.id for entry in running.mail_list() if entry.subject == "old"]
        result = run("mail", "delete", "--yes", *old, *running.store(), timeout=3 * DEADLINE)
        stop.set()
        thread.join()
        assert result.returncode == 0 and b"deleted 150 messages" in result.stderr, result.stderr
        assert not failures
        assert {entry.queued_id for entry in running.mail_list()} == set(delivered)


def watch(directory, *arguments):
    process = subprocess.Popen([guerrillad.BINARY, "mail", "watch", *arguments], cwd=directory, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = []

    def read():
        for line in process.stdout:
            lines.append(line)

    # It has begun: what comes from now on is news.
    assert process.stderr.readline().startswith(b"watching ")
    threading.Thread(target=read, daemon=True).start()
    return process, lines


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_watch_shows_what_comes(directory, how):
    config = configuration(directory)
    path = write(f"{directory}/guerrillad.json", config)
    process, lines = watch(directory, "--json", "-c", path)
    try:
        # The store does not exist yet, and survives a daemon that ends.
        for subject in ("first", "second"):
            with Daemon(directory, config) as running:
                queued = deliver(running, f"Subject: {subject}\r\n\r\nx\r\n".encode())
                eventually(lambda: any(queued[0].encode() in line for line in list(lines)), "a line about the message")
                assert running.stop() == 0
        assert process.poll() is None
        process.send_signal(how)
        assert process.wait(DEADLINE) == 0
    finally:
        process.kill()
    assert [json.loads(line)["subject"] for line in lines] == ["first", "second"]


def test_watch_leaves_out_what_was_there(store, directory):
    process, lines = watch(directory, *store)
    try:
        with open(store[1]) as file:
            config = json.load(file)
        with Daemon(directory, config) as running:
            # It may look for the first time after the first of these.
            eventually(lambda: deliver(running, b"Subject: new\r\n\r\nx\r\n") and lines, "a line")
            process.send_signal(signal.SIGINT)
            assert process.wait(DEADLINE) == 0
    finally:
        process.kill()
    assert all(line.endswith(b"\tnew\n") for line in lines)


# version, completion, manual


def test_version_as_json():
    version = json.loads(out(run("version", "--json")))
    assert out(run("version")) == f"guerrillad {version['version']}\n"
    assert {"SQLite", "CommandLine"} <= set(version["traits"]) and version["swift"] and version["platform"]


def complete_in_bash(script, line):
    """What bash offers for the last word of a command line."""
    program = f"""
        source {script}
        COMP_LINE={line!r}; COMP_POINT=${{#COMP_LINE}}
        read -ra COMP_WORDS <<<"$COMP_LINE"
        [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_TYPE=9; COMP_KEY=9
        complete -p guerrillad >/dev/null || exit 9
        function=$(complete -p guerrillad | sed -E 's/.*-F ([^ ]+).*/\\1/')
        $function guerrillad "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    result = subprocess.run(["bash", "--norc", "-c", program], capture_output=True, text=True, timeout=DEADLINE,
                            cwd=os.path.dirname(script), env={**os.environ, "PATH": f"{os.path.dirname(guerrillad.BINARY)}:{os.environ['PATH']}"})
    assert result.returncode == 0, result.stderr
    return {word.strip() for word in result.stdout.splitlines()}


def test_completion_in_bash(directory):
    script = write(f"{directory}/completion.bash", out(run("completion", "bash")))
    write(f"{directory}/my.json", "{}")
    assert {"serve", "check", "config", "mail", "version", "completion"} <= complete_in_bash(script, "guerrillad ")
    assert complete_in_bash(script, "guerrillad ma") == {"mail"}
    assert {"list", "show", "export", "delete", "watch"} <= complete_in_bash(script, "guerrillad mail ")
    assert "--older-than" in complete_in_bash(script, "guerrillad mail delete --")
    assert complete_in_bash(script, "guerrillad completion ") >= {"bash", "zsh", "fish"}
    assert complete_in_bash(script, "guerrillad serve --config m") == {"my.json"}


@pytest.mark.parametrize("shell, check", [("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "-n"])])
def test_completion_scripts_are_read_by_their_shells(directory, need, shell, check):
    need(None if shutil.which(shell) else f"{shell} is not installed (make deps)")
    script = write(f"{directory}/completion", out(run("completion", shell)))
    result = subprocess.run([*check, script], capture_output=True, timeout=DEADLINE)
    assert result.returncode == 0 and result.stderr == b"", result.stderr


PAGES = f"{ROOT}/packaging/man"


def test_manual_pages_are_those_of_this_command_line():
    made = manual.pages(guerrillad.BINARY)
    assert sorted(made) == sorted(os.listdir(PAGES)), "run dev/manual.py GUERRILLAD"
    for name, text in made.items():
        with open(f"{PAGES}/{name}") as file:
            assert file.read() == text, f"{name}: run dev/manual.py GUERRILLAD"


@pytest.mark.parametrize("name", sorted(os.listdir(PAGES)) if os.path.isdir(PAGES) else [])
def test_manual_pages_are_rendered_without_a_warning(need, name):
    for renderer in (["groff", "-man", "-Tutf8", "-ww"], ["mandoc", "-T", "lint", "-W", "warning"]):
        need(None if shutil.which(renderer[0]) else f"{renderer[0]} is not installed (make deps)")
        result = subprocess.run([*renderer, f"{PAGES}/{name}"], capture_output=True, timeout=DEADLINE)
        assert result.returncode == 0 and result.stderr == b"", (renderer, result.stdout, result.stderr)
        if renderer[0] == "groff":
            text = re.sub(r"\x1b\[\d*m|.\x08", "", result.stdout.decode())
            assert "SYNOPSIS" in text and "SEE ALSO" in text
            synopsis = text.split("SYNOPSIS")[1].split("DESCRIPTION")[0]
            words = name.removesuffix(".1").split("-")
            assert " ".join(words) in synopsis


# Options before the verb, help, exit codes.


def test_options_before_the_verb(directory):
    path = write(f"{directory}/guerrillad.json", configuration(directory))
    for arguments in (["-v", "-c", path, "check"], ["check", "-v", "--config", path], ["-c", path, "-v", "config", "show"],
                      ["config", "-c", path, "show"], ["-v", "version"]):
        assert run(*arguments).returncode == 0, arguments
    assert run("-c", f"{directory}/nowhere", "check").returncode == 1


def commands():
    """Every command there is, as words."""
    def walk(command, words):
        for child in command.get("subcommands", []):
            if child["commandName"] != "help":
                yield [*words, child["commandName"]]
                yield from walk(child, [*words, child["commandName"]])

    return list(walk(json.loads(out(run("--experimental-dump-help")))["command"], []))


def test_help_of_every_command_has_an_example():
    for words in commands():
        text = out(run(*words, "--help"))
        assert "guerrillad " + words[0] in text.split("USAGE")[0] or words == ["serve"], text
        assert out(run("help", *words)) == text
    assert "guerrillad serve" in out(run()) and out(run()) == out(run("--help"))


NOWHERE = "/nonexistent/guerrilla"
FAILURES = [
    (64, ["frobnicate"]),
    (64, ["--frobnicate"]),
    (64, ["serve", "now"]),
    (64, ["serve", "-c"]),
    (64, ["schema"]),
    (64, ["schema", "--driver", "oracle"]),
    (64, ["completion"]),
    (64, ["completion", "tcsh"]),
    (64, ["config", "frobnicate"]),
    (64, ["mail", "list", "-n", "many"]),
    (64, ["mail", "show"]),
    (64, ["mail", "export"]),
    (64, ["mail", "export", "1", "--all", "x"]),
    (64, ["mail", "delete"]),
    (64, ["mail", "delete", "1", "--older-than", "30d"]),
    (64, ["mail", "delete", "--older-than", "30"]),
    (64, ["mail", "delete", "--before", "yesterday"]),
    (1, ["serve", "-c", NOWHERE]),
    (1, ["check", "-c", NOWHERE]),
    (1, ["config", "show", "-c", NOWHERE]),
    (1, ["mail", "list", "-c", NOWHERE]),
    (1, ["mail", "watch", "-c", NOWHERE]),
    (1, ["mail", "list", "--store", NOWHERE]),
    (1, ["mail", "show", "1", "--store", NOWHERE]),
    (1, ["mail", "export", "1", "--store", NOWHERE]),
    (1, ["mail", "export", "--mbox", NOWHERE, "--store", NOWHERE]),
    (1, ["mail", "delete", "--yes", "1", "--store", NOWHERE]),
]


@pytest.mark.parametrize("code, arguments", FAILURES, ids=lambda value: " ".join(value) if isinstance(value, list) else str(value))
def test_exit_codes(code, arguments):
    result = run(*arguments)
    said = (result.stdout + result.stderr).decode()
    assert result.returncode == code, said
    assert said.strip() and not re.search(r"Fatal|\.swift:|Optional\(", said), said
    assert code == 64 or len(said.strip().splitlines()) == 1, said


@pytest.mark.parametrize("arguments", [["schema", "--driver", "oracle"], ["schema", "--driver", "mysql", "--table", "a b"],
                                       ["completion", "tcsh"]], ids=" ".join)
def test_wrong_value_is_followed_by_the_usage_of_its_command(arguments):
    result = run(*arguments)
    assert result.returncode == 64 and f"Usage: guerrillad {arguments[0]} " in result.stderr.decode(), result.stderr


@pytest.mark.parametrize("arguments", [["schema", "--driver", "mysql"], ["check"], ["config", "show"], ["completion", "bash"]], ids=" ".join)
def test_output_that_cannot_be_written_is_exit_1(directory, arguments):
    path = write(f"{directory}/guerrillad.json", configuration(directory))
    with open("/dev/full", "wb") as full:
        result = subprocess.run([guerrillad.BINARY, "-c", path, *arguments], stdout=full, stderr=subprocess.PIPE, timeout=DEADLINE)
    assert result.returncode == 1 and b"standard output: " in result.stderr, result.stderr


@pytest.mark.parametrize("content, words", [("{", "line 1"), ('{"servers": 5}', "servers"), ("[]", "object")])
@pytest.mark.parametrize("command", [["serve"], ["check"], ["config", "show"], ["mail", "list"]])
def test_wrong_configuration_is_exit_1(directory, command, content, words):
    result = run(*command, "-c", write(f"{directory}/wrong.json", content))
    assert result.returncode == 1 and words in (result.stdout + result.stderr).decode()


def test_files_without_permission_are_exit_1(directory, unprivileged, store):
    os.chmod(store[1], 0)
    for command in (["serve"], ["check"], ["config", "show"], ["mail", "list"]):
        result = unprivileged(*command, *store)
        assert result.returncode == 1 and b"Permission denied" in result.stdout + result.stderr, command
    for command in (["list"], ["delete", "--yes", "1"], ["export", "--all", directory]):
        result = unprivileged("mail", *command, "--store", f"{directory}/guerrilla.sqlite")
        assert result.returncode == 1 and b"guerrilla.sqlite" in result.stderr, command


def test_store_of_somebody_else_is_exit_1(directory):
    path = write(f"{directory}/other", "This is no database.\n" * 100)
    for command in (["list"], ["show", "1"], ["delete", "--yes", "1"]):
        result = run("mail", *command, "--store", path)
        assert result.returncode == 1 and b"not an SQLite database" in result.stderr
    with open(path) as file:
        assert file.read().startswith("This is no database.")
