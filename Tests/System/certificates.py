"""Keys and certificates that `openssl` makes: `<name>.key` and `<name>.crt` in one directory."""
import os
import shutil
import subprocess

from smtpwire import DEADLINE

P256 = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
RSA = ("-newkey", "rsa:2048")


def openssl(*arguments, **options):
    """`openssl` with these arguments, to its end; nothing to type in."""
    program = shutil.which("openssl")
    assert program, "openssl is missing (make deps)"
    return subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=DEADLINE, **options)


class Certificates:
    """What is made in one directory."""

    def __init__(self, directory):
        self.directory = directory

    def path(self, name):
        return os.path.join(self.directory, name)

    def _make(self, *arguments):
        result = openssl(*arguments, cwd=self.directory)
        assert result.returncode == 0, f"openssl {' '.join(arguments)}\n{result.stdout}"

    def self_signed(self, name, *host_names, key=P256):
        """A certificate that nobody has signed, for names and IPv4 addresses; its own authority."""
        names = ",".join(f"{'IP' if host[-1].isdigit() else 'DNS'}:{host}" for host in host_names)
        self._make("req", "-x509", *key, "-nodes", "-days", "2", "-subj", f"/CN={(host_names or (name,))[0]}",
                   "-keyout", f"{name}.key", "-out", f"{name}.crt", *(("-addext", f"subjectAltName={names}") if names else ()))
        os.chmod(self.path(f"{name}.key"), 0o600)
        return self

    def signed(self, name, authority, days=2):
        """A client's certificate, signed by another one. Negative `days`: it has expired."""
        self._make("req", "-new", *P256, "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self._make("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.crt", "-CAkey", f"{authority}.key",
                   "-set_serial", "1", "-days", str(days), "-out", f"{name}.crt")
        os.chmod(self.path(f"{name}.key"), 0o600)
        return self

    def pair(self, name):
        """The two files, as keys of a configuration."""
        return {"private_key_file": self.path(f"{name}.key"), "public_key_file": self.path(f"{name}.crt")}

    def both(self, name):
        """One file with certificate and key."""
        with open(self.path(f"{name}.pem"), "wb") as file:
            for part in ("crt", "key"):
                with open(self.path(f"{name}.{part}"), "rb") as octets:
                    file.write(octets.read())
        return self.path(f"{name}.pem")
