"""Where the database of a bad night lies, and how a server is started on a copy of it."""

from pathlib import Path

from fences.kept import HERE
from fences.wired_server import Server

HOME = HERE / "database"
NOW_NS = 1_767_481_860_000_000_000  # 2026-01-03T23:11:00Z, as the server starts again
# What the command line is asked of the copy, and where its answer is kept.
SAID = {
    "alerts.txt": ("alerts",),
    "alerts-of-the-night-before.txt": ("alerts", "--night", "2026-01-02"),
    "alerts-of-one-bed.txt": ("alerts", "--night", "last", "--bed", "south"),
    "duty.txt": ("duty", "--nights", "3"),
    "explain-a-warning.txt": ("alerts", "explain", "12"),
    "explain-what-was-raised.txt": ("alerts", "explain", "15"),
    "explain-a-sensor.txt": ("alerts", "explain", "22"),
    "learned.txt": ("learned", "south"),
}


def configured(config: str, folder: Path) -> Path:
    """Write the settings for a folder; return their file."""
    path = folder / "server.toml"
    path.write_text(config.replace("STATE_DIR", str(folder)))
    return path


def opened(config: str, folder: Path, now_ms: int) -> Server:
    """Start a server in a folder."""
    return Server(configured(config, folder), now_ms, {})
