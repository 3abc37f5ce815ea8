"""The made night for a machine without sensors, and a summary of what the server stored."""

import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from legwatch.alerting.notice import Notice, SuppressedBy
from legwatch.night import local
from legwatch_runtime.system_zone import machine_zone
from legwatch_runtime.zones import zone_named
from legwatch_server.settings_file import checked
from legwatch_server.store.reader import FILE, open_read_only

BED = "demo"
ZONE = "UTC"  # of the recording: the made night is the same one wherever it is played
USED = ("profile", "rules", "http")  # of the owner's settings
MOST = 10_000  # notices in the summary; the made night has some ten


def empty(folder: Path) -> None:
    """Delete the data of the last run: the recording has the same times at each run."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)


def night() -> Path:
    """Return the shipped recording, made by `legwatch nights make --kind demo --seed 2`."""
    return Path(str(files("legwatch_server"))) / "supervisor" / "demo.csv.gz"


def agent(file: Path, speed: float) -> dict[str, Any]:
    """Return the settings of an agent that plays the recording."""
    return {"bed": BED, "recording": {"file": str(file), "speed": speed}}


def server(owners: dict[str, Any]) -> dict[str, Any]:
    """Return the owner's rules, with the console as the only channel.

    A made night wakes nobody: a push on a phone would look like one on a real bed.
    """
    own = {key: owners[key] for key in USED if key in owners}
    return {**own, "zone": ZONE, "beds": {BED: {}}, "push": {"channels": ["console"]}}


def about(path: Path | None, owners: dict[str, Any]) -> Iterator[str]:
    """Yield what the made night takes from the owner's settings, and what it leaves alone.

    Raises SettingsError for settings that cannot be used.
    """
    here = f", not of this machine ({machine_zone().name})" if machine_zone().name else ""
    yield f"Its hours are those of the recording ({ZONE}){here}."
    if path is None:
        return
    settings = checked({**owners, "mqtt": {}, "state_dir": str(path.parent)})
    told = f": not to {', '.join(settings.people)}" if settings.people else ""
    ways = [name for name in settings.channel_names() if name != "console"]
    told += f", not by {', '.join(ways)}" if ways else ""
    used = ", ".join(key for key in USED if key in owners) or "nothing"
    yield f"It is shown here only and told to nobody{told}. Of {path} it uses {used}."


def summary(folder: Path) -> str:
    """Return the text that lists the notices the server has stored."""
    if not (folder / "server" / FILE).exists():
        return "Nothing was stored."
    with open_read_only(folder / "server") as reader:
        windows, notices = reader.window_count(), reader.notices_after(0, MOST)
    report = [f"Stored: {windows} windows of the bed {BED!r}, {len(notices)} notices:"]
    report += [f"  {_line(stored.notice, stored.text)}" for stored in notices]
    return "\n".join(report)


def _line(notice: Notice, text: str) -> str:
    held, clock = _held(notice), f"{local(notice.at_ms, zone_named(ZONE, 'zone')):%H:%M}"
    return f"{clock} {notice.kind:<6} {notice.transition:<12} {notice.severity:<7} {text}{held}"


def _held(notice: Notice) -> str:
    match notice.suppressed_by:
        case None:
            return ""
        case SuppressedBy.HOLD:
            return " (shown without a sound, which waits)"
        case SuppressedBy.EARLY_SIGN | SuppressedBy.LOW_URGENCY:
            return " (shown without a sound)"
    return f" (not sent: {notice.suppressed_by})"
