"""What Docs/OPERATIONS.md tells an operator to do: backups of the embedded store, renewed certificates."""
import glob
import os
import shutil
import subprocess
import sys

import messages
import operations
from certificates import Certificates
from daemon import Daemon, configuration, mail_list, without_delivery_header
from smtpwire import DEADLINE, eventually
from tlswire import start_tls

HERE = os.path.dirname(os.path.abspath(__file__))


def test_backup_under_load_and_restore(directory, need, figure):
    need(None if shutil.which("sqlite3") else "sqlite3 is not installed (make deps)")
    backup, restore = operations.commands("Backup and restore")
    config = configuration(directory, sqlite_path=f"{directory}/mail.sqlite")
    record = f"{directory}/acknowledged"
    with Daemon(directory, config) as daemon:
        with daemon.session() as wire:
            octets = messages.plain("kept")
            kept = wire.deliver(octets)
            wire.quit()
        client = subprocess.Popen([sys.executable, f"{HERE}/load.py", str(daemon.port), record, "20", "3600"],
                                  stdout=subprocess.DEVNULL)
        try:
            eventually(lambda: os.path.exists(record) and os.path.getsize(record) > 20_000, "the load running")
            with open(record) as file:
                before = [line.split(" ")[0] for line in file.read().split("\n")[:-1]]
            output = operations.run(backup, directory)
            (copy,) = glob.glob(f"{directory}/mail-*.sqlite")
            size = os.path.getsize(record)
            eventually(lambda: os.path.getsize(record) > size, "the load still running")
            # What has come since is lost with the store.
            with daemon.session() as wire:
                lost = wire.deliver(messages.plain("lost"))
                wire.quit()
        finally:
            client.kill()
            client.wait()
        assert output == "ok\n", output
        copied = {entry.queued_id for entry in mail_list("--store", copy)}
        assert copied.issuperset([kept, *before]) and lost not in copied
        assert os.stat(copy).st_mode & 0o777 == 0o600
        assert daemon.stop() == 0

    operations.run(restore.replace("mail-2026-11-21.sqlite", os.path.basename(copy)), directory)
    with Daemon(directory, config) as daemon:
        entries = {entry.queued_id: entry for entry in daemon.mail_list()}
        assert set(entries) == copied
        assert without_delivery_header(daemon.export(entries[kept])) == octets
        daemon.assert_serving()
        assert daemon.stop() == 0
    assert lost in {entry.queued_id for entry in mail_list("--store", f"{directory}/former/mail.sqlite")}
    figure(f"backup under load: {len(before)} acknowledged before it, {len(copied)} in it, restored")


def test_renewed_certificate_is_handed_on(directory, need):
    """certbot's hook: what it copies is in force without another word to the daemon."""
    need(None if os.geteuid() == 0 else "a file can be given to another user by root only")
    (hook,) = [piece for piece in operations.commands("Renewal") if "RENEWED_LINEAGE" in piece]
    live = f"{directory}/live"
    os.mkdir(live)
    files = Certificates(directory).self_signed("mail", "mail.example.com").self_signed("new", "mail.example.com")
    shutil.move(files.path("new.key"), f"{live}/privkey.pem")
    shutil.move(files.path("new.crt"), f"{live}/fullchain.pem")
    config = configuration(directory, certificate_check_interval=1, tls={"start_tls_on": True, **files.pair("mail")})
    for old, new in (("/etc/letsencrypt/live/mail.example.com", live), ("cd /etc/guerrillad", f"cd {directory}"),
                     ("guerrilla -g guerrilla", "nobody -g nogroup")):
        assert old in hook
        hook = hook.replace(old, new)
    with Daemon(directory, config) as daemon:
        # The certificate of another domain is none of ours.
        operations.run(hook, directory, RENEWED_LINEAGE="/etc/letsencrypt/live/www.example.com")
        operations.run(hook, directory, RENEWED_LINEAGE=live)
        daemon.wait_for_line("TLS certificates loaded")
        with daemon.session() as wire:
            start_tls(wire).hello()
            shown = wire.sock.tls.getpeercert(binary_form=True)
            wire.quit()
        result = subprocess.run(["openssl", "x509", "-in", f"{live}/fullchain.pem", "-outform", "DER"],
                                capture_output=True, check=True, timeout=DEADLINE)
        assert shown == result.stdout
        assert daemon.stop() == 0
    key = os.stat(files.path("mail.key"))
    assert (key.st_uid, key.st_mode & 0o777) == (65534, 0o600)
