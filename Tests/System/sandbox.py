"""A root directory and a network of one's own, for what has fixed paths and ports below 1024.

    unshare --net --mount [--map-root-user] python3 sandbox.py DIRECTORY COMMAND…

runs COMMAND where 127.0.0.1 is nobody else's, `/var` and whatever DIRECTORY already holds are its own, and the rest is the system's. Nothing
of it is left when COMMAND has ended.
"""
import fcntl
import os
import socket
import struct
import subprocess
import sys

SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def command(directory, *arguments):
    """The command line that runs `arguments` in a sandbox."""
    namespaces = ["unshare", "--net", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    return [*namespaces, sys.executable, os.path.abspath(__file__), directory, *arguments]


def main(directory, *arguments):
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    os.makedirs(os.path.join(directory, "var/run"), exist_ok=True)
    for name in os.listdir("/"):
        inside, outside = os.path.join(directory, name), os.path.join("/", name)
        if os.path.lexists(inside):
            continue
        if os.path.islink(outside):
            os.symlink(os.readlink(outside), inside)
        elif os.path.isdir(outside):
            os.mkdir(inside)
            subprocess.run(["mount", "--rbind", outside, inside], check=True)
    os.chroot(directory)
    os.chdir("/")
    os.execvp(arguments[0], arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
