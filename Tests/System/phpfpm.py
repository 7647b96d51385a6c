"""A php-fpm of the test's own, in the foreground, with its own configuration, scripts and directory.

Nothing of the system's php-fpm is read or changed.
"""
import base64
import glob
import json
import os
import shutil
import signal
import socket
import subprocess

from smtpwire import DEADLINE, ReservedPort, eventually

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fcgi")


def binary():
    found = sorted(glob.glob("/usr/sbin/php-fpm*"))
    return found[-1] if found else None


def missing():
    """Why there can be no php-fpm here; None if there can."""
    return None if binary() else "php-fpm is not installed (make deps)"


class Saved:
    """One call of save.php."""

    def __init__(self, path):
        with open(path) as file:
            content = json.load(file)
        self.method, self.process = content["method"], content["process"]
        self.form = {name: base64.b64decode(value) for name, value in content["form"].items()}

    def text(self, name):
        return self.form[name].decode()


class PHP:
    """Runs while the context lasts. `kind` is unix or tcp."""

    def __init__(self, directory, kind="unix", workers=4, **settings):
        self.base = os.path.join(directory, "php")
        self.saved_directory = os.path.join(self.base, "saved")
        os.makedirs(self.saved_directory)
        for name in ("save.php", "validate.php"):
            shutil.copy(os.path.join(SCRIPTS, name), self.base)
        self.kind = kind
        self.reserved = ReservedPort() if kind == "tcp" else None
        self.address = f"127.0.0.1:{self.reserved.number}" if self.reserved else os.path.join(self.base, "php.sock")
        settings = {"post_max_size": "100M", "memory_limit": "512M", "display_errors": "1", "log_errors": "0", **settings}
        self.configuration = os.path.join(self.base, "php-fpm.conf")
        with open(self.configuration, "w") as file:
            file.write(f"[global]\nerror_log = {self.base}/log\ndaemonize = no\n[mail]\nlisten = {self.address}\n"
                       f"pm = static\npm.max_children = {workers}\ncatch_workers_output = no\n")
            if os.geteuid() == 0:
                file.write("user = root\ngroup = root\n")
            file.writelines(f"php_admin_value[{key}] = {value}\n" for key, value in settings.items())
        self.process = None

    def configure(self, **changes):
        """The keys of the processor, for `serve`."""
        return {
            "save_process": "HeadersParser|Header|FastCGI",
            "fcgi_script_filename_save": os.path.join(self.base, "save.php"),
            "fcgi_script_filename_validate": os.path.join(self.base, "validate.php"),
            "fcgi_connection_type": self.kind,
            "fcgi_connection_address": self.address,
            "fcgi_max_connections": 4,
            "fcgi_timeout": "90s",
            **changes,
        }

    def __enter__(self):
        return self.start()

    def start(self):
        command = [binary(), "-n", "-F", "-y", self.configuration]
        if os.geteuid() == 0:
            command.append("-R")
        with open(os.path.join(self.base, "output"), "ab") as output:
            self.process = subprocess.Popen(
                command, cwd=self.base, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )
        eventually(self._listens, "php-fpm listening; its log: " + self.read_log())
        return self

    def _listens(self):
        assert self.process.poll() is None, "php-fpm did not start: " + self.read_log()
        family, address = socket.AF_UNIX, self.address
        if self.reserved:
            family, address = socket.AF_INET, ("127.0.0.1", self.reserved.number)
        try:
            with socket.socket(family) as sock:
                sock.settimeout(1)
                sock.connect(address)
                return True
        except OSError:
            return False

    def read_log(self):
        text = ""
        for name in ("log", "output"):
            path = os.path.join(self.base, name)
            if os.path.exists(path):
                with open(path, errors="replace") as file:
                    text += file.read()[-4000:]
        return text

    def stop(self, how=signal.SIGTERM):
        """SIGTERM ends it and its workers at once, whatever they are doing."""
        self.process.send_signal(how)
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def __exit__(self, kind, *_):
        if kind:
            print(f"--- log of php-fpm\n{self.read_log()}")
        self.stop()
        if self.reserved:
            self.reserved.release()

    def saved(self):
        """What save.php has kept, in no order."""
        return [Saved(path) for path in glob.glob(os.path.join(self.saved_directory, "*.json"))]

    def asked(self):
        """The recipients that validate.php was asked about."""
        path = os.path.join(self.saved_directory, "asked")
        if not os.path.exists(path):
            return []
        with open(path) as file:
            return file.read().splitlines()
