"""Runs on a machine with systemd; prints what becomes of legwatch's units, as JSON."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

LONG_S = 400.0
UP = Path("/var/lib/legwatch/server/legwatch.db")
SHOWN = ("ActiveState", "NRestarts", "MainPID", "User", "MemoryMax", "DevicePolicy", "Result")


def tell(name: str, value: object) -> None:
    print(json.dumps({name: value}), flush=True)


def run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()


def shown(unit: str) -> dict[str, str]:
    lines = run("systemctl", "show", unit, *(f"-p{name}" for name in SHOWN)).splitlines()
    return dict(line.split("=", 1) for line in lines)


def windows() -> int:
    try:
        with closing(sqlite3.connect(f"file:{UP}?mode=ro", uri=True, timeout=20)) as db:
            return int(db.execute("SELECT count(*) FROM windows").fetchone()[0])
    except sqlite3.Error:
        return 0


def more_windows(least: int = 3) -> bool:
    """Wait for windows that were not there before."""
    before, end_s = windows(), time.monotonic() + LONG_S
    while windows() < before + least:
        if time.monotonic() > end_s:
            return False
        time.sleep(1)
    return True


def children(pid: int) -> dict[str, int]:
    """Return the processes of a unit by a word of their command."""
    found = {}
    for line in run("pgrep", "-a", "-P", str(pid)).splitlines():
        number, _, command = line.partition(" ")
        for word in ("mosquitto", " server", " agent"):
            if word in command:
                found[word.strip()] = int(number)
    return found


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    table = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    return {name: table[name] for name in ("Uid", "CapEff", "NoNewPrivs", "Seccomp")}


def one_pi() -> None:
    """The unit of the installer: it runs since the start of the machine."""
    tell("one: windows come", more_windows())
    first = shown("legwatch")
    tell("one: unit", first)
    pid = int(first["MainPID"])
    tell("one: rights", status(pid))
    tell("one: children", sorted(children(pid)))
    last = run("systemd-analyze", "security", "legwatch", "--no-pager").splitlines()[-1]
    tell("one: exposure", last)
    os.kill(children(pid)["agent"], signal.SIGKILL)
    tell("one: windows after the agent was killed", more_windows())
    os.kill(pid, signal.SIGKILL)
    tell("one: windows after all was killed", more_windows())
    again = int(shown("legwatch")["MainPID"])
    os.kill(again, signal.SIGSTOP)  # it hangs: the watchdog has to notice
    begun_s = time.monotonic()
    while int(shown("legwatch")["MainPID"]) in {0, again} and time.monotonic() - begun_s < LONG_S:
        time.sleep(1)
    tell("one: hung for", round(time.monotonic() - begun_s))
    tell("one: windows after a hang", more_windows())
    tell("one: afterwards", shown("legwatch"))
    begun_s = time.monotonic()
    run("systemctl", "stop", "legwatch")
    tell("one: stopped", [shown("legwatch"), round(time.monotonic() - begun_s, 1)])


def home_server() -> None:
    """The units of a home server and of its bed, with Debian's own broker."""
    run("systemctl", "start", "mosquitto")
    for unit in ("legwatch-server", "legwatch-agent"):
        tell(f"{unit}: start", run("systemctl", "start", unit))
    tell("home: windows come", more_windows())
    for unit in ("legwatch-server", "legwatch-agent"):
        found = shown(unit)
        tell(f"{unit}: unit", found)
        tell(f"{unit}: rights", status(int(found["MainPID"])))
    os.kill(int(shown("legwatch-agent")["MainPID"]), signal.SIGKILL)
    tell("home: windows after the agent was killed", more_windows())
    tell(
        "home: journal",
        run("journalctl", "-q", "-p", "err", "-u", "legwatch*", "--no-pager", "-n", "5"),
    )


if __name__ == "__main__":
    try:
        one_pi()
        home_server()
    except Exception as error:  # the machine ends now, and every other trace with it
        tell("failed", f"{type(error).__name__}: {error}")
    tell("journal", run("journalctl", "-q", "-u", "legwatch", "--no-pager", "-n", "15"))
