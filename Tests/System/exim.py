"""An Exim that relays one message at a time to one port of the loopback, without a daemon, from directories of its own.

Debian lets Exim and Postfix not be installed together, so dev/deps.sh only unpacks it. It insists on a user `Debian-exim`;
libnss-wrapper shows it one.
"""
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
EXIM = os.path.normpath(os.path.join(HERE, "../../.build-exim/exim4"))
NOBODY = 65534


def missing():
    """Why there can be no Exim here; None if there can."""
    if os.geteuid() != 0:
        return "Exim has to be started by root"
    if not os.access(EXIM, os.X_OK):
        return "Exim is not there (make deps)"
    return None


class Exim:
    def __init__(self, directory, relay_port):
        self.base = os.path.join(directory, "exim")
        os.makedirs(self.base)
        for name in ("spool", "log"):
            os.mkdir(self._path(name))
            os.chown(self._path(name), NOBODY, NOBODY)
        # Where any user may run it: it runs itself again as its own.
        self.program = shutil.copy(EXIM, self._path("exim"))
        self._write("passwd", f"root:x:0:0::/:/bin/false\nDebian-exim:x:{NOBODY}:{NOBODY}::/:/bin/false\n")
        self._write("group", f"root:x:0:\nDebian-exim:x:{NOBODY}:\n")
        self._write("conf", f"""exim_path = {self.program}
spool_directory = {self._path("spool")}
log_file_path = {self._path("log")}/%s
keep_environment = LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
primary_hostname = relay.example.org
begin routers
relay:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = relay
begin transports
relay:
  driver = smtp
  port = {relay_port}
  allow_localhost
  hosts_avoid_tls = *
""")

    def _path(self, name):
        return os.path.join(self.base, name)

    def _write(self, name, text):
        with open(self._path(name), "w") as file:
            file.write(text)

    def relay(self, message, sender, recipient, timeout=60):
        """Hands the message over and returns when Exim is done with it."""
        result = subprocess.run(
            [self.program, "-C", self._path("conf"), "-odf", "-i", "-B8BITMIME", "-f", sender, "--", recipient],
            input=message.replace(b"\r\n", b"\n"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout,
            env={
                "PATH": "/usr/bin:/bin", "LD_PRELOAD": "libnss_wrapper.so", "NSS_WRAPPER_PASSWD": self._path("passwd"),
                "NSS_WRAPPER_GROUP": self._path("group"),
            },
        )
        log = self._read_log()
        assert result.returncode == 0 and " Completed\n" in log, result.stdout.decode() + log

    def _read_log(self):
        text = ""
        for name in ("main", "panic"):
            if os.path.exists(os.path.join(self._path("log"), name)):
                with open(os.path.join(self._path("log"), name), errors="replace") as file:
                    text += file.read()[-4000:]
        return text
