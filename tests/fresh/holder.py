"""Hold a namespace until the tests are over: the files of a fresh root, or a network of its own.

usage: holder.py root LOWER FOLDER    an overlay over LOWER, in FOLDER/root, gone with this process
       holder.py net                  a loopback of its own
"""

import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

IFF_UP, SIOCSIFFLAGS = 1, 0x8914


def mount(*words: str) -> None:
    subprocess.run(["mount", "-n", *words], check=True)


def root(lower: str, folder: Path) -> None:
    """Mount the root, with the devices and the processes of this namespace."""
    mount("--make-rprivate", "/")
    mount("-t", "tmpfs", "-o", "size=3g", "tmpfs", str(folder))
    for name in ("upper", "work", "root"):
        (folder / name).mkdir()
    (folder / "upper").chmod(0o755)
    place = folder / "root"
    layers = f"lowerdir={lower},upperdir={folder}/upper,workdir={folder}/work"
    mount("-t", "overlay", "-o", layers, "overlay", str(place))
    mount("-t", "proc", "proc", str(place / "proc"))
    mount("--rbind", "/dev", str(place / "dev"))
    for scratch in ("run", "tmp"):
        mount(
            "-t",
            "tmpfs",
            "-o",
            "mode=1777" if scratch == "tmp" else "mode=755",
            "tmpfs",
            str(place / scratch),
        )
    for file in (
        "etc/resolv.conf",
        "etc/hosts",
        "etc/pip.conf",
        "etc/ssl/certs/ca-certificates.crt",
    ):
        if Path("/", file).exists() and lower != "/":
            (place / file).unlink(missing_ok=True)
            shutil.copy(Path("/", file), place / file)


def loopback() -> None:
    """Let 127.0.0.1 answer."""
    with socket.socket() as any_socket:
        request = struct.pack("16sh", b"lo", IFF_UP)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)


if __name__ == "__main__":
    if sys.argv[1] == "root":
        root(sys.argv[2], Path(sys.argv[3]))
    else:
        loopback()
    os.write(1, b"ready\n")
    signal.pause()
