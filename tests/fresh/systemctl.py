"""Stands in for systemctl where no systemd runs: starts a unit by hand, as the user it names.

It gives a unit its user, groups, environment, credentials, state folder, and what it may see and
write of the files; and no capability. It limits no memory, devices or system calls, and starts
nothing again: what it starts is watched by the test. `isolate` stands for a start of the machine.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from fresh.unit import Unit, find

HERE = Path("/run/standin")
WANTED = Path("/etc/systemd/system/multi-user.target.wants")
PATIENCE_S = 120.0


def main(words: list[str]) -> int:
    """Do what the words say."""
    options, (verb, *names) = (
        [word for word in words if word.startswith("-")],
        [word for word in words if not word.startswith("-")],
    )
    HERE.mkdir(mode=0o755, exist_ok=True)
    if verb == "isolate":
        names = sorted(link.name for link in WANTED.glob("*.service"))
    code = 0
    for unit in map(find, names):
        if verb in {"stop", "restart"} or (verb == "disable" and "--now" in options):
            stop(unit)
        if verb == "disable":
            (WANTED / unit.name).unlink(missing_ok=True)
        if verb == "enable":
            enable(unit)
        if verb in {"start", "restart", "isolate"} or (verb == "enable" and "--now" in options):
            code = code or start(unit)
        if verb == "reload":
            code = (
                code
                or subprocess.run(
                    ["sh", "-c", unit.last("ExecReload")],
                    env={"MAINPID": str(pid_of(unit)), "PATH": os.defpath},
                    check=False,
                ).returncode
            )
        if verb == "is-active":
            code = code or (0 if pid_of(unit) else 3)
    return code


def enable(unit: Unit) -> None:
    """Let the unit start with the machine."""
    if unit.words("WantedBy") != ["multi-user.target"]:
        raise SystemExit(f"{unit.name} is wanted by nothing that starts")
    WANTED.mkdir(parents=True, exist_ok=True)
    (WANTED / unit.name).unlink(missing_ok=True)
    (WANTED / unit.name).symlink_to(f"../{unit.name}")


def pid_of(unit: Unit) -> int:
    """Return the process of the unit; 0 if it does not run."""
    try:
        pid = int((HERE / f"{unit.name}.pid").read_text())
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, ValueError):
        return 0
    return 0 if state == "Z" else pid


def stop(unit: Unit) -> None:
    """Ask the unit to end, and wait until it has."""
    end_s = time.monotonic() + 20
    while pid := pid_of(unit):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM if time.monotonic() < end_s else signal.SIGKILL)
        time.sleep(0.2)


def start(unit: Unit) -> int:
    """Start the unit, and wait until it says that it is up; 1 if it ends before."""
    if pid_of(unit):
        return 0
    for line in unit.all("ExecStartPre"):
        subprocess.run(["sh", "-c", line.lstrip("-+!@:")], check=not line.startswith("-"))
    log, said = HERE / f"{unit.name}.log", HERE / f"{unit.name}.notify"
    said.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line_of_it, log.open("ab") as out:
        line_of_it.bind(str(said))
        said.chmod(0o777)
        process = subprocess.Popen(
            ["unshare", "--mount", sys.executable, "-m", "fresh.launch", unit.name],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env={**os.environ, "NOTIFY_SOCKET": str(said)},
        )
        (HERE / f"{unit.name}.pid").write_text(str(process.pid))
        is_up = unit.last("Type", "simple") != "notify" or hears(line_of_it, process)
    if not is_up:
        stop(unit)
        print(f"Job for {unit.name} failed.\n{log.read_text(errors='replace')[-2000:]}")
    return 0 if is_up else 1


def hears(line_of_it: socket.socket, process: "subprocess.Popen[bytes]") -> bool:
    """Return True once the process has said that it is up."""
    line_of_it.settimeout(0.2)
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s and process.poll() is None:
        with suppress(TimeoutError):
            if "READY=1" in line_of_it.recv(4096).decode().splitlines():
                return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
