"""A whole Postfix of the test's own, from its own directories, that relays everything to one port of the loopback.

Nothing of the system's Postfix is read or changed. Needs root, because Postfix does.
"""
import os
import shutil
import signal
import socket
import subprocess
import time

from smtpwire import DEADLINE, ReservedPort, eventually

MASTER = "/usr/lib/postfix/sbin/master"


def missing():
    """Why there can be no Postfix here; None if there can."""
    if os.geteuid() != 0:
        return "Postfix has to be started by root"
    if not os.access(MASTER, os.X_OK):
        return "Postfix is not installed (make deps)"
    return None


class Postfix:
    """Runs while the context lasts. `tls` is its `smtp_tls_security_level`."""

    def __init__(self, directory, relay_port, tls="none"):
        self.tls = tls
        self.base = os.path.join(directory, "postfix")
        self.log = os.path.join(self.base, "log")
        self.relay_port = relay_port
        self.reserved = ReservedPort()
        self.port = self.reserved.number
        self.process = None

    def _write_configuration(self):
        conf, queue, data = (os.path.join(self.base, name) for name in ("conf", "queue", "data"))
        for path in (self.base, conf, queue, os.path.join(queue, "pid")):
            os.makedirs(path)
        owned = [data] + [os.path.join(queue, name) for name in (
            "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop", "private",
            "public", "saved", "trace")]
        for path in owned:
            os.makedirs(path)
            shutil.chown(path, "postfix")
        with open(os.path.join(conf, "main.cf"), "w") as file:
            file.write(f"""compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
command_directory = /usr/sbin
daemon_directory = {os.path.dirname(MASTER)}
mail_owner = postfix
setgid_group = postdrop
maillog_file_prefixes = {self.base}
maillog_file = {self.log}
myhostname = relay.example.org
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
relay_domains = example.com
relayhost = [127.0.0.1]:{self.relay_port}
default_transport = smtp
relay_transport = smtp
local_recipient_maps =
alias_maps =
message_size_limit = 52428800
mailbox_size_limit = 0
smtp_dns_support_level = disabled
smtp_tls_security_level = {self.tls}
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
maximal_backoff_time = 2s
minimal_backoff_time = 1s
queue_run_delay = 1s
""")
        with open(os.path.join(conf, "master.cf"), "w") as file:
            file.write(f"127.0.0.1:{self.port} inet n - n - - smtpd\n")
            for line in ("pickup unix n - n 60 1 pickup", "cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr",
                         "tlsmgr unix - - n 1000? 1 tlsmgr", "rewrite unix - - n - - trivial-rewrite",
                         "bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce",
                         "verify unix - - n - 1 verify", "flush unix n - n 1000? 0 flush",
                         "proxymap unix - - n - - proxymap", "smtp unix - - n - - smtp", "relay unix - - n - - smtp",
                         "error unix - - n - - error", "retry unix - - n - - error", "discard unix - - n - - discard",
                         "anvil unix - - n - 1 anvil", "scache unix - - n - 1 scache",
                         "postlog unix-dgram n - n - 1 postlogd"):
                file.write(line + "\n")
        return conf

    def __enter__(self):
        conf = self._write_configuration()
        with open(os.path.join(self.base, "output"), "wb") as output:
            self.process = subprocess.Popen(
                [MASTER, "-c", conf, "-d"], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )
        eventually(self._greets, "Postfix listening; its log: " + self.read_log())
        return self

    def _greets(self):
        assert self.process.poll() is None, "Postfix did not start: " + self.read_log()
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as sock:
                sock.settimeout(DEADLINE)
                return sock.recv(3) == b"220"
        except OSError:
            return False

    def read_log(self):
        text = ""
        for path in (self.log, os.path.join(self.base, "output")):
            if os.path.exists(path):
                with open(path, errors="replace") as file:
                    text += file.read()[-4000:]
        return text

    def __exit__(self, kind, *_):
        if kind:
            print("--- log of Postfix\n" + self.read_log())
        self.process.send_signal(signal.SIGTERM)  # master takes its own children along
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        # Children have this session's id and nothing else has; wait until the last has gone.
        end = time.monotonic() + 30
        while self._children() and time.monotonic() < end:
            time.sleep(0.02)
        for pid in self._children():
            os.kill(pid, signal.SIGKILL)
        self.reserved.release()

    def _children(self):
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.getsid(int(name)) == self.process.pid:
                    found.append(int(name))
            except OSError:
                pass
        return found
