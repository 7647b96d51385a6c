"""Starting: the quick start as a new user follows it, and every way a start can fail. A failed start is one clear sentence,
exit code 1, and nothing left behind."""
import json
import os
import re
import shutil
import socket
import subprocess
import time

import pytest

from certificates import Certificates
from daemon import Daemon, configuration, mail_list, run
from smtpwire import DEADLINE, ReservedPort, Wire, eventually

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
SAMPLE = os.path.join(ROOT, "goguerrilla.conf.sample")


def port_is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def taken(*ports):
    """Why these ports cannot be had; None when they are free. Another run of these tests gives them back soon."""
    end = time.monotonic() + DEADLINE
    while not all(map(port_is_free, ports)):
        if time.monotonic() > end:
            return f"something else listens on 127.0.0.1, on one of the ports {ports}"
        time.sleep(0.1)
    return None


def write(directory, config):
    path = os.path.join(directory, "guerrillad.json")
    with open(path, "w") as file:
        file.write(config if isinstance(config, str) else json.dumps(config))
    return path


def complaint(result):
    """What was said about the failure: all lines but those that a log marks as harmless."""
    lines = (result.stderr + result.stdout).decode().splitlines()
    return [line for line in lines if line.strip() and not re.search(r"level=(debug|info|warn)", line)]


def assert_refused(result, *words):
    said = complaint(result)
    assert result.returncode == 1, f"exit code {result.returncode}: {said}"
    assert len(said) == 1, "one sentence is enough:\n" + "\n".join(said)
    for word in words:
        assert re.search(word, said[0], re.IGNORECASE), f"{word!r} is not in {said[0]!r}"
    assert not re.search(r"fatal error|\.swift:|Optional\(|NSError|_domain|Error\.", said[0], re.IGNORECASE), said[0]


# The quick start.


def printed_command(lines):
    """The command to send a first mail, out of what `serve` printed; with its continuation lines."""
    for index, line in enumerate(lines):
        text = re.sub(r"^[$#>]\s+", "", line.strip())
        if re.match(r"(curl|swaks|printf|echo)\b", text):
            while text.endswith("\\") and index + 1 < len(lines):
                index += 1
                text = text[:-1] + " " + lines[index].strip()
            return text
    return None


@pytest.mark.parametrize("hosts", [None, ".", "*.example.com", "[192.0.2.1]", "bücher.example", ".example.com"])
def test_first_mail_as_the_quick_start_says(directory, need, monkeypatch, hosts):
    """Whatever `allowed_hosts` is, the printed command sends a mail that is taken."""
    if hosts:
        monkeypatch.setenv("GUERRILLA_ALLOWED_HOSTS", hosts)
    need(None if shutil.which("curl") else "curl is not installed (make deps)")
    need(taken(2525))
    with Daemon(directory) as daemon:
        assert daemon.port == 2525
        command = eventually(lambda: printed_command(list(daemon.lines)), "a command to copy in: " + "\n".join(daemon.lines))
        assert any("guerrilla.sqlite" in line for line in daemon.lines), "where mail goes is not said"
        result = subprocess.run(["bash", "-c", command], cwd=directory, stdin=subprocess.DEVNULL, capture_output=True,
                                text=True, timeout=DEADLINE)
        assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
        assert len(mail_list(cwd=directory)) == 1
        shown = run("mail", "show", mail_list(cwd=directory)[0].id, cwd=directory)
        assert shown.returncode == 0 and shown.stdout
        assert daemon.stop() == 0
    assert os.path.exists(f"{directory}/guerrilla.sqlite")
    assert mail_list("--store", f"{directory}/guerrilla.sqlite")


def test_sample_configuration_starts(directory, need):
    """Copy the sample, set pid_file and tls_always_on, serve: go-guerrilla's quick start."""
    with open(SAMPLE) as file:
        sample = json.load(file)
    need(taken(*(int(server["listen_interface"].split(":")[1]) for server in sample["servers"])))
    sample["pid_file"] = f"{directory}/pid"
    for server in sample["servers"]:
        server.setdefault("tls", {})["tls_always_on"] = False
    with open(f"{directory}/goguerrilla.conf.json", "w") as file:
        json.dump(sample, file)
    with Daemon(directory) as daemon:
        with Wire(daemon.port) as wire:
            wire.hello()
            wire.quit()
        with open(f"{directory}/pid") as file:
            assert file.read() == str(daemon.pid)
        assert daemon.stop() == 0


def test_the_old_file_name_comes_first(directory):
    for name, host in (("goguerrilla.conf", "old.example.com"), ("goguerrilla.conf.json", "new.example.com")):
        with open(f"{directory}/{name}", "w") as file:
            json.dump(configuration(directory, host_name=host), file)
    with Daemon(directory) as daemon, Wire(daemon.port) as wire:
        assert "old.example.com" in wire.greeting.text


def test_pid_file_flag_wins(directory):
    path = f"{directory}/from-flag"
    with Daemon(directory, configuration(directory), arguments=["--pidFile", path]) as daemon:
        eventually(lambda: os.path.exists(path) and open(path).read() == str(daemon.pid), "the pid file")
    assert not os.path.exists(f"{directory}/guerrillad.pid")


def test_version_and_help():
    for arguments in (["version"], ["--help"], ["serve", "--help"], ["check", "--help"], ["mail", "--help"],
                      ["mail", "list", "--help"], ["mail", "show", "--help"], ["mail", "export", "--help"]):
        result = run(*arguments)
        assert result.returncode == 0 and result.stdout + result.stderr, arguments


# Failing starts.


def changed(change):
    def make(directory):
        config = configuration(directory)
        change(config, config["servers"][0], config["backend_config"])
        return config

    return make


def set_key(key, value, group=1):
    return changed(lambda *groups: groups[group].__setitem__(key, value))


BAD_CONFIGURATIONS = {
    "not JSON": (lambda _: '{"servers": [', "guerrillad.json"),
    "JSON, but no object": (lambda _: "[]", "guerrillad.json"),
    "empty file": (lambda _: "", "guerrillad.json"),
    "max_size is a string": (set_key("max_size", "big"), r"servers\W*0\W*max_size"),
    "is_enabled is a number": (set_key("is_enabled", 1), r"servers\W*0\W*is_enabled"),
    "allowed_hosts is a string": (set_key("allowed_hosts", "example.com", 0), "allowed_hosts"),
    "log_level is unknown": (set_key("log_level", "loud", 0), "log_level"),
    "unknown processor": (set_key("save_process", "HeadersParser|Nonesuch|sqlite", 2), "nonesuch.*sqlite"),
    "sqlite_path is a number": (set_key("sqlite_path", 7, 2), "sqlite_path"),
    "address is no address": (set_key("listen_interface", "nonsense"), "listen_interface"),
    "port is out of range": (set_key("listen_interface", "127.0.0.1:99999"), "listen_interface"),
    "timeout is negative": (set_key("timeout", -1), "timeout"),
}


@pytest.mark.parametrize("case", BAD_CONFIGURATIONS)
def test_bad_configuration_is_refused(directory, case):
    make, words = BAD_CONFIGURATIONS[case]
    path = write(directory, make(directory))
    assert_refused(run("serve", "-c", path), words)
    assert os.listdir(directory) == ["guerrillad.json"], "a failed start leaves something behind"
    check = run("check", "-c", path)
    assert check.returncode == 1 and re.search(words, (check.stdout + check.stderr).decode(), re.IGNORECASE)


def test_missing_configuration_file_is_refused(directory):
    assert_refused(run("serve", "-c", f"{directory}/nowhere.json"), "nowhere.json")


def test_unreadable_configuration_file_is_refused(directory, unprivileged):
    path = write(directory, configuration(directory))
    os.chmod(path, 0)
    assert_refused(unprivileged("serve", "-c", path), "guerrillad.json", "permission|denied|read")


def test_port_in_use_is_refused(directory):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        path = write(directory, configuration(directory, listen_interface=f"127.0.0.1:{port}"))
        assert_refused(run("serve", "-c", path), str(port), "in use")
    assert not os.path.exists(f"{directory}/guerrillad.pid")
    assert port_is_free(port)


def test_second_port_in_use_stops_the_first_server_too(directory):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        first, second = ReservedPort(), taken.getsockname()[1]
        config = configuration(directory, listen_interface=f"127.0.0.1:{first.number}")
        config["servers"].append({**config["servers"][0], "listen_interface": f"127.0.0.1:{second}"})
        assert_refused(run("serve", "-c", write(directory, config)), str(second), "in use")
    assert not os.path.exists(f"{directory}/guerrillad.pid")
    assert port_is_free(first.number)
    first.release()


def test_store_in_a_missing_directory_is_refused(directory):
    path = write(directory, configuration(directory, sqlite_path=f"{directory}/missing/mail.sqlite"))
    assert_refused(run("serve", "-c", path), "missing/mail.sqlite|sqlite_path")
    assert os.listdir(directory) == ["guerrillad.json"]


def test_store_in_a_directory_without_permission_is_refused(directory, unprivileged):
    path = write(directory, configuration(directory))
    os.chmod(directory, 0o555)
    os.chmod(path, 0o644)
    assert_refused(unprivileged("serve", "-c", path, "--pidFile", ""), "guerrilla.sqlite|sqlite_path")
    assert os.listdir(directory) == ["guerrillad.json"]


def test_store_that_is_no_database_is_refused(directory):
    with open(f"{directory}/guerrilla.sqlite", "w") as file:
        file.write("This is not a database, and nobody should overwrite it.\n" * 100)
    assert_refused(run("serve", "-c", write(directory, configuration(directory))), "guerrilla.sqlite|sqlite_path")
    assert open(f"{directory}/guerrilla.sqlite").read().startswith("This is not a database")


def test_check_names_every_problem_with_its_key_path(directory):
    config = configuration(directory, max_size="big", timeout=[], save_process="HeadersParser|Nonesuch")
    config["allowed_hosts"] = 5
    config["servers"].append({**configuration(directory)["servers"][0], "max_clients": "many"})
    config["backend_config"]["sqlite_path"] = False
    result = run("check", "-c", write(directory, config))
    assert result.returncode == 1
    said = (result.stdout + result.stderr).decode()
    for path in ("allowed_hosts", r"servers\W*0\W*max_size", r"servers\W*0\W*timeout", r"servers\W*1\W*max_clients",
                 r"backend_config\.save_process", r"backend_config\.sqlite_path"):
        assert re.search(path, said), f"{path} is not named in:\n{said}"
    assert os.listdir(directory) == ["guerrillad.json"], "check only looks"


def test_check_of_a_good_configuration_is_content(directory):
    result = run("check", "-c", write(directory, configuration(directory)))
    assert result.returncode == 0, (result.stdout + result.stderr).decode()
    assert os.listdir(directory) == ["guerrillad.json"], "check only looks"


def test_unknown_keys_are_named_and_harmless(directory):
    config = configuration(directory)
    config["frobnicate"] = config["servers"][0]["frobnicate_too"] = True
    with Daemon(directory, config) as daemon:
        daemon.wait_for_line("frobnicate\\b")
        daemon.wait_for_line("frobnicate_too")
        daemon.assert_serving()


# Files of TLS.


@pytest.fixture
def tls(directory):
    """A pair of files, and a configuration that uses it."""
    files = Certificates(directory).self_signed("mail", "mail.example.com").self_signed("other", "other.example")
    return files, configuration(directory, tls={"start_tls_on": True, **files.pair("mail")})


BAD_TLS = {
    "no such key": ("private_key_file", "nowhere.key", "private key file .*nowhere.key does not exist"),
    "no such certificate": ("public_key_file", "nowhere.crt", "certificate file .*nowhere.crt does not exist"),
    "key of another": ("private_key_file", "other.key", "other.key does not belong to the first certificate in .*mail.crt"),
    "swapped": ("public_key_file", "mail.key", "mail.key holds no certificate.*swapped"),
    "no authorities": ("root_cas_file", "nowhere.pem", "root_cas_file .*nowhere.pem does not exist"),
}


@pytest.mark.parametrize("key", ["start_tls_on", "tls_always_on"])
@pytest.mark.parametrize("case", BAD_TLS)
def test_bad_tls_file_is_refused(directory, tls, case, key):
    files, config = tls
    name, file, words = BAD_TLS[case]
    config["servers"][0]["tls"].update({
        "start_tls_on": False, key: True, "client_auth_type": "VerifyClientCertIfGiven", name: files.path(file)})
    path = write(directory, config)
    before = sorted(os.listdir(directory))
    assert_refused(run("serve", "-c", path), r"127\.0\.0\.1:0", words)
    check = run("check", "-c", path)
    assert check.returncode == 1
    assert re.search(rf"servers\[0\]\.tls: .*{words}", (check.stdout + check.stderr).decode())
    assert sorted(os.listdir(directory)) == before, "a failed start leaves something behind"


@pytest.mark.parametrize("name, value, words", [
    ("protocols", ["ssl3.0", "tls1.2"], r"servers\[0\]\.tls\.protocols\[0\]: SSL is broken"),
    ("ciphers", ["TLS_RSA_WITH_RC4_128_SHA"], r"servers\[0\]\.tls\.ciphers\[0\]: TLS_RSA_WITH_RC4_128_SHA is too weak"),
    ("curves", ["P257"], r"servers\[0\]\.tls\.curves\[0\]: unknown curve .*did you mean `P256`"),
    ("client_auth_type", "Always", r"servers\[0\]\.tls\.client_auth_type"),
])
def test_bad_tls_setting_is_refused(directory, tls, name, value, words):
    config = tls[1]
    config["servers"][0]["tls"][name] = value
    path = write(directory, config)
    assert_refused(run("serve", "-c", path), words)
    check = run("check", "-c", path)
    assert check.returncode == 1 and re.search(words, (check.stdout + check.stderr).decode())


def test_unreadable_key_is_refused(directory, tls, unprivileged):
    os.chmod(f"{directory}/mail.key", 0)
    path = write(directory, tls[1])
    os.chmod(path, 0o644)
    assert_refused(unprivileged("serve", "-c", path), "private key file .*mail.key cannot be read: Permission denied")


def test_tls_files_of_a_disabled_server_are_not_looked_at(directory, tls):
    config = tls[1]
    config["servers"].append({**config["servers"][0], "is_enabled": False, "tls": {"tls_always_on": True}})
    with Daemon(directory, config) as daemon:
        daemon.assert_serving()


def test_doubtful_tls_files_are_named_and_used(directory, tls):
    files, config = tls
    files.self_signed("authority").signed("expired", "authority", days=-1)
    os.chmod(files.path("expired.key"), 0o644)
    config["servers"][0]["tls"].update(files.pair("expired"))
    with Daemon(directory, config) as daemon:
        daemon.wait_for_line(r"level=warning .*expired\.key can be read or changed by everybody on this machine")
        daemon.wait_for_line(r"level=warning .*certificate in .*expired\.crt expired on")
        daemon.assert_serving()
    check = run("check", "-c", daemon.config_path)
    assert check.returncode == 0
    said = (check.stdout + check.stderr).decode()
    assert re.search(r"servers\[0\]\.tls: .*expired\.key can be read", said) and re.search(r"servers\[0\]\.tls: .*expired on", said)
