"""The made night for a machine without sensors, and a summary of what the server stored."""

import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

from legwatch.alerting.notice import Notice, iso
from legwatch_server.store.reader import FILE, open_read_only

BED = "demo"
MOST = 10_000  # notices in the summary; the made night has some ten


def empty(folder: Path) -> None:
    """Delete the data of the last run: the recording has the same times at each run."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)


def night() -> Path:
    """Return the shipped recording, made by `legwatch nights make --kind demo --seed 7`."""
    return Path(str(files("legwatch_server"))) / "supervisor" / "demo.csv.gz"


def agent(file: Path, speed: float) -> dict[str, Any]:
    """Return the settings of an agent that plays the recording."""
    return {"bed": BED, "recording": {"file": str(file), "speed": speed}}


def server(owners: dict[str, Any]) -> dict[str, Any]:
    """Return the owner's rules, with the console as the only channel."""
    owner_rules: dict[str, Any] = {
        key: owners[key] for key in ("zone", "profile", "rules", "http") if key in owners
    }
    return {**owner_rules, "beds": {BED: {}}, "push": {"channels": ["console"]}}


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
    held = f" (not sent: {notice.suppressed_by})" if notice.suppressed_by else ""
    return (
        f"{iso(notice.at_ms)[11:16]} {notice.kind:<6} {notice.transition:<12} "
        f"{notice.severity:<7} {text}{held}"
    )
