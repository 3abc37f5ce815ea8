"""A fresh root to type a guide's lines into: an overlay over a Debian, in namespaces of its own.

Nothing that is typed reaches the machine: its files, its processes, and (but for the lines that ask
for packages) its network are others. All is gone when the test is over.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from legwatch_server.supervisor.process import PARENT_DEATH
from repository import REPO, miss, need

HERE = Path(__file__).parent
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis")
# What every Debian has but a small root, and what reads the units; each with its package.
NEEDED = {"sudo": "sudo", "mount": "mount", "useradd": "passwd", "systemd-analyze": "systemd"}
STAND_IN = "usr/local/lib/standin"
LONGEST_S = 300.0
# What apt, pip and scripts/setup.sh say without the internet.
UNREACHED = (
    "Temporary failure resolving",
    "Could not resolve",
    "Could not connect to",
    "Failed to fetch",
    "Failed to establish a new connection",
    "Is the internet (or your package mirror) in reach?",
)


class Holder:
    """A process that holds a namespace."""

    def __init__(self, kinds: tuple[str, ...], *words: str) -> None:
        python = (sys.executable, str(HERE / "holder.py"))
        ends_with_us = (sys.executable, "-IS", str(PARENT_DEATH), str(os.getpid()))
        command = [*ends_with_us, "unshare", *kinds, "--fork", "--kill-child", *python, *words]
        self._popen = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._popen.stdout
        if self._popen.stdout.readline() != "ready\n":
            _, said = self._popen.communicate(timeout=30)
            miss(f"no fresh root can be made here: {said.strip()[-300:]}")
        parent = self._popen.pid
        self.pid = int(Path(f"/proc/{parent}/task/{parent}/children").read_text().split()[0])
        if "--pid" in kinds:  # a walk ends all processes that it sees: never those of this machine
            ours, theirs = (Path(f"/proc/{who}/ns/pid").readlink() for who in ("self", self.pid))
            assert ours != theirs, "the fresh root has no processes of its own"

    def end(self) -> None:
        """End it, and with it all that runs and lies in its namespace."""
        self._popen.kill()
        self._popen.communicate(timeout=30)


class FreshRoot:
    """A Debian on which nobody has set legwatch up; the user `pi` has a clone in ~/legwatch."""

    def __init__(self, lower: Path, folder: Path, net: Holder, log: IO[str]) -> None:
        folder.mkdir()
        self._net, self._log, self.folder = net, log, "/home/pi/legwatch"
        self._unreached = False  # no server with packages has answered
        self._holder = Holder(("--mount", "--pid"), "root", str(lower), str(folder))
        self._inside = folder / "root"
        self.place = Path(f"/proc/{self._holder.pid}/root{self._inside}")
        try:
            self._furnish()
        except BaseException:
            self.end()
            raise

    def _furnish(self) -> None:
        """Give it a user who may use sudo, the clone, and the stand-in for systemctl."""
        for old in ("etc/legwatch", "var/lib/legwatch", "opt/legwatch", "home/pi"):
            shutil.rmtree(self.place / old, ignore_errors=True)
        package = self.place / STAND_IN / "fresh"
        package.mkdir(parents=True)
        for name in ("systemctl.py", "launch.py", "unit.py"):
            shutil.copy(HERE / name, package)
        stand_in = f'PYTHONPATH=/{STAND_IN} exec python3 -m fresh.systemctl "$@"'
        self._program("systemctl", stand_in)
        apt = "apt-get -qq -o Dpkg::Use-Pty=0"
        missing = " ".join(NEEDED[command] for command in NEEDED if not self.has(command))
        if missing:
            self.root(f"{apt} update && {apt} install -y {missing}", online=True)
        if self.has("mosquitto"):
            self.root("dpkg --purge --no-triggers mosquitto")
        self.root("id pi 2>/dev/null || useradd -m -s /bin/bash pi")
        (self.place / "etc/sudoers.d").mkdir(exist_ok=True)
        (self.place / "etc/sudoers.d/pi").write_text("pi ALL=(ALL) NOPASSWD:ALL\n")
        (self.place / "etc/sudoers.d/pi").chmod(0o440)
        shutil.copytree(REPO, self.place / "home/pi/legwatch", ignore=NOT_COPIED)
        zone = self.place / "etc/localtime"
        zone.unlink(missing_ok=True)
        zone.symlink_to("/usr/share/zoneinfo/Europe/Berlin")
        self.root("chown -R pi: /home/pi && chmod 755 /home/pi")

    def has(self, command: str) -> bool:
        """Return True if the root has this command."""
        return any((self.place / folder[1:] / command).exists() for folder in PATH.split(":"))

    def clone(self) -> None:
        """Make the user's folder a clone of a repository."""
        git = "git -c user.name=pi -c user.email=pi@pi -c init.defaultBranch=main"
        self.type(f"{git} init -q && {git} add -A && {git} commit -qm all")

    def edits(self, script: str) -> None:
        """Let the editor make these changes, in the words of sed, when it is opened."""
        (self.place / STAND_IN / "edits.sed").write_text(script)
        self._program("nano", f'exec sed -i -f /{STAND_IN}/edits.sed "$@"')

    def _program(self, name: str, does: str) -> None:
        path = self.place / "usr/local/bin" / name
        path.write_text(f"#!/bin/sh\n{does}\n")
        path.chmod(0o755)

    def words(self, line: str, user: str, *, online: bool = False) -> list[str]:
        """Return the words that type a line in the user's folder."""
        net = () if online else (f"--net=/proc/{self._net.pid}/ns/net",)
        enter = ["nsenter", f"--target={self._holder.pid}", "--mount", "--pid", *net]
        env = ["env", "-i", f"PATH={PATH}", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"]
        become = ["runuser", "-u", user, "--"] if user != "root" else []
        names = [f"HOME=/home/{user}" if user != "root" else "HOME=/root", f"USER={user}"]
        shell = ["bash", "-c", f"cd {self.folder} && {line}" if user != "root" else line]
        return [*enter, "chroot", str(self._inside), *env, *names, *become, *shell]

    def root(self, line: str, *, online: bool = False) -> str:
        """Do something that no guide says."""
        return self._run(self.words(line, "root", online=online), line, "", (0,))

    def type(
        self, line: str, *, answer: str = "", online: bool = False, codes: tuple[int, ...] = (0,)
    ) -> str:
        """Type a line as `pi`, and what it asks for; return what it printed."""
        if line.startswith("cd "):
            self.folder = line.split()[1]
        return self._run(self.words(line, "pi", online=online), line, answer, codes)

    def _run(self, words: list[str], line: str, answer: str, codes: tuple[int, ...]) -> str:
        begun_s = time.monotonic()
        done = subprocess.run(
            words, input=answer, capture_output=True, text=True, check=False, timeout=LONGEST_S
        )
        said = done.stdout + done.stderr
        self.note(f"$ {line}\n{said}({done.returncode}, {time.monotonic() - begun_s:.1f} s)")
        self.judge(line, said, done.returncode, codes)
        return done.stdout

    def judge(self, line: str, said: str, code: int | None, codes: tuple[int, ...] = (0,)) -> None:
        """Fail for a wrong exit code; skip if the line wants the internet and has none."""
        self._unreached |= any(word in said for word in UNREACHED)
        if self._unreached and code not in codes:
            miss(f"no packages can be fetched here: {line}: {said.strip()[-300:]}")
        assert code in codes, f"{line}: {said[-2000:]}"

    def note(self, text: str) -> None:
        """Write into the log of the walk."""
        print(text, file=self._log, flush=True)

    def signal(self, words: str, number: int) -> None:
        """Send a signal to the process whose command has these words."""
        for path in (self.place / "proc").glob("[0-9]*/cmdline"):
            if words in path.read_bytes().replace(b"\0", b" ").decode():
                self.root(f"kill -{number} {path.parent.name}")

    def process(self, unit: str) -> Path:
        """Return the folder in /proc of a unit's process; it must run."""
        self.root(f"systemctl is-active {unit}")
        pid = (self.place / f"run/standin/{unit}.service.pid").read_text()
        return self.place / "proc" / pid

    def start_anew(self) -> None:
        """End all that runs, at once, and start what starts with the machine."""
        self.root("kill -9 -1; rm -rf /run/*; true")
        self.root("systemctl isolate multi-user.target")

    def end(self) -> None:
        """Let it be gone, with all that runs in it."""
        self._holder.end()


def what_it_needs() -> None:
    """Skip, or fail where all is required, if no fresh root can be made here."""
    if os.geteuid() != 0:
        miss("a fresh root can only be made by root")
    for command in ("unshare", "nsenter", "setpriv"):
        need(command, "util-linux")
    need("sudo")
    need("systemd-analyze", "systemd")
