"""Stands in for systemctl and the one unit of a root: {root} and {service} are put in.

It writes down what it was asked, and starts what the drop-in says before the unit.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT, SERVICE = Path("{root}"), "{service}"
PID = ROOT / "service.pid"


def pid() -> int:
    try:
        number = int(PID.read_text())
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, ValueError):
        return 0
    return 0 if state == "Z" else number


def stop() -> None:
    while number := pid():
        os.kill(number, signal.SIGKILL)
        time.sleep(0.02)


def start() -> int:
    if pid():
        return 0
    for drop_in in (ROOT / "etc/systemd/system/legwatch.service.d").glob("*.conf"):
        for line in re.findall(r"(?m)^ExecStartPre=-\+(.*)$", drop_in.read_text()):
            subprocess.run(["sh", "-c", line], check=False)
    with (ROOT / "service.log").open("a") as log:
        running = subprocess.Popen(
            [sys.executable, SERVICE, str(ROOT)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    PID.write_text(str(running.pid))
    try:
        return min(1, running.wait(0.3))
    except subprocess.TimeoutExpired:
        return 0


words = [word for word in sys.argv[1:] if not word.startswith("-")]
with (ROOT / "asked").open("a") as asked:
    print(*words, file=asked)
if "--no-block" in sys.argv:
    sys.exit()  # systemd does it once the start that goes on has ended
match words[0]:
    case "is-active":
        sys.exit(0 if pid() else 3)
    case "show":
        print(0)
    case "stop":
        stop()
    case "start":
        sys.exit(start())
    case "restart":
        stop()
        sys.exit(start())
