"""The made night for a machine without sensors, and a summary of what the server stored."""

import json
import shutil
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

BED = "demo"


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
    path = folder / "server" / "legwatch.db"
    if not path.exists():
        return "Nothing was stored."
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        (windows,) = store.execute("SELECT count(*) FROM windows").fetchone()
        lines = [json.loads(line) for (line,) in store.execute("SELECT line FROM notices")]
    report = [f"Stored: {windows} windows of the bed {BED!r}, {len(lines)} notices:"]
    report += [
        f"  {line['at'][11:16]} {line['kind']:<6} {line['what']:<12} {line['level']:<7} "
        f"{line['text']}" + (f" (not sent: {line['held']})" if line["held"] else "")
        for line in lines
    ]
    return "\n".join(report)
