"""Damages to the settings and to the small files beside the database: each is opened afterwards.

It must be usable, or refused in one sentence; an error of any other kind is a fault.
"""

import random
import traceback
from collections.abc import Callable
from pathlib import Path

from campaigns.cold_night import Fate, Night
from campaigns.harm import KINDS
from legwatch.errors import LegwatchError
from legwatch_device.settings import read as read_agent
from legwatch_server.answer_key import KEY_BYTES
from legwatch_server.beds.crash_suspects import Suspects
from legwatch_server.history.cursor import Cursor
from legwatch_server.inbox import Arrived, Message, Unreadable
from legwatch_server.ingest.crash_guard import CrashGuard
from legwatch_server.notify.channels import open_channels
from legwatch_server.settings_file import NAME, read, undo
from legwatch_server.signed_links import KEY_FILE, kept_key, signing_key

SERVER = """# the owner's
zone = "Europe/Berlin"
state_dir = "{folder}"
[rules]
"warmth.warn_c" = 26
[http]
port = 8480
[push]
workers = 4
channels = ["ntfy"]
[push.ntfy]
url = "https://ntfy.example"
topic = "legs"
[beds.anna.rules]
"alerts.budget" = 2
"""
AGENT = """bed = "anna"
state_dir = "{folder}"
window_s = 10
[mqtt]
host = "localhost"
port = 1883
[sensors.leg]
driver = "simulated"
"""
CHANGES = '# by programs\n[beds.anna.rules]\n"warmth.warn_c" = 25.5\n'
CURSOR = (
    '{"v": 1, "window_id": 93, "notice_id": 4, "nights": {"anna": {"night": 739000,'
    ' "windows": 7, "in_bed_s": 70.0, "last_ms": 1767387600000}}}'
)


def make(folder: Path) -> Path:
    """Make a folder with all small files."""
    folder.mkdir(parents=True)
    (folder / "server.toml").write_text(SERVER.format(folder=folder.parent / "now" / "run"))
    (folder / "agent.toml").write_text(AGENT.format(folder=folder.parent / "now" / "run"))
    for name in (NAME, "changes.before.toml"):
        (folder / name).write_text(CHANGES)
    (folder / KEY_FILE).write_bytes(random.Random(1).randbytes(KEY_BYTES))
    (folder / "decoding").write_bytes(b"12345678\x01")
    (folder / "at_work").write_bytes(b"\x02" + b"12345678" * 9)
    (folder / "cursor.json").write_text(CURSOR)
    return folder


def _server(folder: Path) -> None:
    open_channels(read(folder / "server.toml"))


def _undo(folder: Path) -> None:
    undo(folder / "server.toml")


def _agent(folder: Path) -> None:
    read_agent(folder / "agent.toml")


def _key(folder: Path) -> None:
    try:
        kept = kept_key(folder)
    except LegwatchError:
        kept = b""
    key = signing_key(folder, b"")
    if len(key) < KEY_BYTES or kept not in {b"", key}:
        raise ValueError("a key that is none")


def _decoding(folder: Path) -> None:
    guard = CrashGuard(_decoded, folder / "decoding")
    for payload in (b"{}", b"12345678"):
        guard.decode(Message("legwatch/v1/a/window", payload, 0, None))


def _decoded(message: Message) -> Arrived:
    return Unreadable(message, "a test")


def _at_work(folder: Path) -> None:
    suspects = Suspects(folder / "at_work")
    message = Unreadable(Message("legwatch/v1/a/window", b"{}", 0, None), "a test")
    for group in suspects.groups([message]):
        suspects.begin(group)
        suspects.done(group)
    suspects.close()


def _cursor(folder: Path) -> None:
    Cursor(folder / "cursor.json")


OPENED: dict[str, Callable[[Path], None]] = {
    "server.toml": _server,
    NAME: _server,
    "changes.before.toml": _undo,
    "agent.toml": _agent,
    KEY_FILE: _key,
    "decoding": _decoding,
    "at_work": _at_work,
    "cursor.json": _cursor,
}


def harm(name: str, seed: int, folder: Path) -> None:
    """Damage one of the files; every eighth is empty, or not there."""
    path, kinds = folder / name, list(KINDS)
    if seed % 8 == 7:
        path.write_bytes(b"") if seed % 16 == 7 else path.unlink()
        return
    raw = bytearray(path.read_bytes())
    KINDS[kinds[seed % len(kinds)]](raw, random.Random(f"{name} {seed}"))
    path.write_bytes(raw)


def opened(name: str, folder: Path) -> Night:
    """Open a file as the server or the agent opens it."""
    try:
        OPENED[name](folder)
    except LegwatchError as error:
        fate = Fate.CRASHED if "\n" in str(error) else Fate.REFUSED
        return Night(fate, str(error), 0)
    except Exception as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        why = f"{type(error).__name__}: {error} ({Path(at.filename).name}:{at.lineno})"
        return Night(Fate.CRASHED, why, 0)
    return Night(Fate.USED, "", 0)
