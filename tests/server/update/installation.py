"""An installed legwatch in a folder, with stand-ins for its service and systemd, and releases."""

import io
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from legwatch_server.settings_file import OF_UP, read
from legwatch_server.store import upgrade
from legwatch_server.testing import InProcessServer
from legwatch_server.update.places import Places
from server.ward import BEGIN

HERE = Path(__file__).parent
LONG_S = 60.0
INSTALL = """\
set -eu
clone=$(cd "$(dirname "$0")/.." && pwd) program=$LEGWATCH_ROOT/opt/legwatch
! grep -q refuses "$clone/behaviour" || { echo "this machine is too old" >&2; exit 1; }
systemctl stop legwatch
cp -r "$clone" "$program.new"
rm -rf "$program.before"
mv "$program" "$program.before"
touch "$LEGWATCH_ROOT/halfway"
sleep "$(cat "$clone/slow")"
mv "$program.before/.venv" "$program.new/.venv"
echo new >"$program.new/.venv/package"
mv "$program.new" "$program"
unit=$LEGWATCH_ROOT/etc/systemd/system/legwatch.service
echo "# Made by deploy/install.sh, of $(cat "$program/behaviour")" >"$unit"
systemctl restart legwatch
rm -rf "$program.before"
"""


@dataclass(frozen=True)
class Installation:
    """The root of an installation."""

    root: Path

    @property
    def places(self) -> Places:
        return Places(self.root)

    @property
    def runs(self) -> str:
        """Return the version that runs; empty: none."""
        asked = subprocess.run([self.root / "bin/systemctl", "is-active", "x"], check=False)
        return self.version if asked.returncode == 0 else ""

    @property
    def version(self) -> str:
        text = (self.places.program / "pyproject.toml").read_text()
        return text.split('version = "')[1].split('"')[0]

    @property
    def asked(self) -> list[str]:
        """Return what systemctl was asked for that changes something."""
        lines = (self.root / "asked").read_text().splitlines()
        return [line for line in lines if line.split()[0] in {"start", "stop", "restart"}]

    def program(self) -> dict[str, str]:
        """Return the files of the program and of its unit."""
        files = (file for file in self.places.program.rglob("*") if file.is_file())
        found = {str(file.relative_to(self.root)): file.read_text() for file in files}
        return found | {"unit": self.places.unit.read_text()}

    def rests(self) -> list[str]:
        """Return what an update has left beside the program."""
        ours = {"legwatch", "legwatch.update.lock", "legwatch.update.log"}
        found = {file.name for file in (self.root / "opt").iterdir()} - ours
        return sorted(found | ({"drop-in"} if self.places.drop_in.parent.exists() else set()))

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.places.database)) as db:
            return db.execute(sql).fetchall()

    @property
    def schema(self) -> int:
        ((value,),) = self.rows("SELECT value FROM meta WHERE key='schema'")
        return int(str(value))

    def behaves(self, *how: str) -> None:
        """Let the installed version be so from its next start on."""
        (self.places.program / "behaviour").write_text(" ".join(("0.1.0", *how)))

    def env(self) -> dict[str, str]:
        path = f"{self.root / 'bin'}:{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "LEGWATCH_ROOT": str(self.root)}

    def listens_anywhere(self) -> None:
        """Let the server listen at any free port, so that nobody knows where to ask it."""
        text = self.places.made.read_text()
        self.places.made.write_text(re.sub(r"http.port = \d+", "http.port = 0", text))

    def systemctl(self, word: str) -> None:
        subprocess.run([self.root / "bin/systemctl", word, "x"], check=True, env=self.env())

    def update(self, *words: object, code: int = 0) -> str:
        """Type `legwatch update` and return what it has said; it must end so."""
        with self.updating(*words) as running:
            said, _ = running.communicate(timeout=LONG_S)
        assert running.returncode == code, said
        return said

    @contextmanager
    def updating(self, *words: object) -> Iterator["subprocess.Popen[str]"]:
        """Type `legwatch update` in a process of its own."""
        command = [sys.executable, "-m", "legwatch", "update", *map(str, words)]
        with subprocess.Popen(
            command, env=self.env(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as running:
            try:
                yield running
            finally:
                running.kill()

    def halfway(self) -> None:
        """Wait until an installer has moved the program away."""
        self.until((self.root / "halfway").exists)

    def until(self, is_so: Callable[[], object]) -> None:
        end_s = time.monotonic() + LONG_S
        while not is_so():
            assert time.monotonic() < end_s, (self.root / "opt/legwatch.update.log").read_text()
            time.sleep(0.05)

    def pids(self, words: str) -> list[int]:
        """Return the processes of this root whose command has these words."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if words in line and str(self.root) in line:
                    found.append(int(path.parent.name))
        return found

    def kill(self, words: str) -> None:
        """Kill these processes; there must be one."""
        found = self.pids(words)
        assert found, words
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def lose_power(self) -> None:
        """Kill all that runs in this root, until nothing does."""
        while found := self.pids(""):
            for pid in found:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)


def made(root: Path) -> Installation:
    """Make an installation of version 0.1.0 that runs."""
    found = Installation(root)
    program, state = found.places.program, found.places.state
    for folder in (program / ".venv/bin", state / "server", found.places.unit.parent, root / "bin"):
        folder.mkdir(parents=True)
    (root / "etc/legwatch").mkdir()
    (program / "pyproject.toml").write_text('version = "0.1.0"\n')
    (program / ".venv/package").write_text("old")
    found.behaves()
    found.places.unit.write_text("# Made by deploy/install.sh, of old\n")
    (root / "asked").write_text("")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (root / "port").write_text(str(port))
    owners = root / "etc/legwatch/server.toml"
    owners.write_text('zone = "UTC"\n')
    found.places.made.write_text(
        f'{OF_UP} from {owners}\nstate_dir = "{state}/server"\nzone = "UTC"\nhttp.port = {port}\n'
    )
    _store(found)
    _systemctl(found)
    found.systemctl("start")
    return found


def _store(found: Installation) -> None:
    server = InProcessServer(found.places.database.parent, read(found.places.made), begin_ms=BEGIN)
    server.play("bed1", 2, lambda _minute: {"leg_c": 31.5, "room_c": 20.0, "moves": 1})
    server.close()
    (found.places.database.parent / "server.lock").touch()


def _systemctl(found: Installation) -> None:
    text = (HERE / "stub_systemctl.py").read_text()
    text = text.replace("{root}", str(found.root))
    text = text.replace("{service}", str(HERE / "stub_service.py"))
    file = found.root / "bin/systemctl"
    file.write_text(f"#!{os.path.realpath(sys.executable)} -SE\n{text}")
    file.chmod(0o755)


def content(
    version: str, *how: str, slow: float = 0, tables: int = upgrade.VERSION
) -> dict[str, str]:
    """Return the files of a release; `how`: words of its behaviour, as stub_service.py has them."""
    about = "Metadata-Version: 2.4\nName: legwatch\nRequires-Python: >=3.11\n"
    return {
        "PKG-INFO": f"{about}Version: {version}\n",
        "pyproject.toml": f'[project]\nname = "legwatch"\nversion = "{version}"\n',
        "deploy/install.sh": INSTALL,
        "server/legwatch_server/store/upgrade.py": f"VERSION = {tables}\n",
        "behaviour": " ".join((version, *how)),
        "slow": str(slow),
    }


def pack(file: Path, files: Mapping[str, str | tarfile.TarInfo], top: str = "") -> Path:
    """Write an archive; a TarInfo is put in as it is."""
    top = top or file.name.removesuffix(".tar.gz")
    with tarfile.open(file, "w:gz") as tar:
        for name, text in files.items():
            if isinstance(text, tarfile.TarInfo):
                tar.addfile(text, io.BytesIO(b"x" * text.size))
                continue
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return file


def release(folder: Path, version: str, *how: str, slow: float = 0, tables: int = 0) -> Path:
    """Write a release of a version."""
    files = content(version, *how, slow=slow, tables=tables or upgrade.VERSION)
    return pack(folder / f"legwatch-{version}.tar.gz", files)
