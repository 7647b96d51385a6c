"""A Dovecot of the test's own, which serves Maildirs by IMAP on one port of the loopback, from directories of its own."""
import imaplib
import os
import shutil
import subprocess

from smtpwire import DEADLINE, ReservedPort, eventually

PROGRAM = "/usr/sbin/dovecot"
NOBODY = 65534  # Dovecot reads no mail as root


def missing():
    """Why there can be no Dovecot here; None if there can."""
    if os.geteuid() != 0:
        return "Dovecot has to be started by root"
    if not os.access(PROGRAM, os.X_OK):
        return "Dovecot is not installed (make deps)"
    return None


class Dovecot:
    """Any password is right. `location` is where the Maildirs are, `%u` being the user."""

    def __init__(self, directory, location):
        self.base = os.path.join(directory, "dovecot")
        os.makedirs(self.base)
        self.port = ReservedPort()
        self.log = os.path.join(self.base, "log")
        config = os.path.join(self.base, "dovecot.conf")
        with open(config, "w") as file:
            file.write(f"""base_dir = {self.base}/run
state_dir = {self.base}/state
log_path = {self.log}
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{location}
first_valid_uid = 1
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid={NOBODY} gid={NOBODY} home={self.base}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.port.number}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
""")
        self.process = subprocess.Popen(
            [shutil.which(PROGRAM), "-F", "-c", config], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.port.release()

    def messages(self, user):
        """All messages of the user's INBOX, as octets."""
        def connect():
            assert self.process.poll() is None, open(self.log, errors="replace").read()[-2000:]
            try:
                return imaplib.IMAP4("127.0.0.1", self.port.number, timeout=DEADLINE)
            except (OSError, imaplib.IMAP4.error):
                return None

        with eventually(connect, "Dovecot answers") as imap:
            imap.login(user, "any")
            assert imap.select("INBOX", readonly=True)[0] == "OK"
            numbers = imap.search(None, "ALL")[1][0].split()
            return [imap.fetch(number, "(BODY.PEEK[])")[1][0][1] for number in numbers]
