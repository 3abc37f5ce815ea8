"""Many nights are replayed on all cores, and the output is that of one core."""

import contextlib
import os
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from legwatch.testing import night, recording_lines, uncovering, wobbling

pytestmark = pytest.mark.slow  # each starts several processes
NIGHTS = 9


def save(folder: Path) -> list[str]:
    """Write nights with and without notices, one with a line refused, one that cannot be read."""
    files = []
    for number in range(NIGHTS):
        leg = uncovering((40, 70)) if number % 2 else wobbling(31)
        lines = list(recording_lines(night(leg=leg, minutes=120)))
        if number == 3:
            lines.append("yesterday,movement,1")
        if number == 5:
            lines = ["no,night", "1,2"]
        file = folder / f"n{number}.csv"
        file.write_text("\n".join([*lines, ""]))
        files.append(str(file))
    return files


def replayed(*words: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "legwatch", "replay", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("form", ["table", "jsonl"])
def test_the_output_is_the_same_from_one_process_and_from_several(
    tmp_path: Path, form: str
) -> None:
    files = save(tmp_path)
    one, several = (replayed(*files, "--format", form, "--jobs", jobs) for jobs in "13")
    assert one.returncode == several.returncode == 2
    assert one.stdout == several.stdout
    assert one.stderr == several.stderr
    assert b"n7.csv" in one.stdout
    assert b"n3.csv: 1 line refused" in one.stderr
    assert one.stderr.endswith(b"1 of 9 files could not be read: n5.csv\n")


def running(*words: str, stderr: int = subprocess.PIPE) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "legwatch", "replay", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
    )


def family(pid: int) -> list[int]:
    """Return the processes of the session of a process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            *_, after = (folder / "stat").read_text().rpartition(")")
            state, _, _, session = after.split()[:4]
            if int(session) == pid and state != "Z":
                found.append(int(folder.name))
    return found


def all_gone(pid: int) -> bool:
    """Wait for the last process: that which cleans up behind the others ends a moment later."""
    until_s = time.monotonic() + 10
    while family(pid) and time.monotonic() < until_s:
        time.sleep(0.01)
    return not family(pid)


def with_a_night_that_never_ends(tmp_path: Path) -> tuple[list[str], Path]:
    """Return files of which one is a pipe that nobody writes into to the end."""
    fifo = tmp_path / "endless.csv"
    os.mkfifo(fifo)
    return [*save(tmp_path)[:2], str(fifo), *save(tmp_path)], fifo


def test_ctrl_c_ends_all_processes_at_once_and_is_quiet(tmp_path: Path) -> None:
    files, fifo = with_a_night_that_never_ends(tmp_path)
    with running(*files, "--jobs", "2") as process:
        with fifo.open("wb"):  # opens as soon as a worker has begun to read it
            assert len(family(process.pid)) >= 3
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers, too
            _, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert err == b""
        assert all_gone(process.pid)


def test_a_reader_who_has_seen_enough_ends_all_processes(tmp_path: Path) -> None:
    files = save(tmp_path) * 30
    with running(*files, "--format", "table", "--jobs", "2") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        assert process.wait(60) == 0
        assert b"Traceback" not in errors
        assert b"BrokenPipe" not in errors
        assert all_gone(process.pid)


def test_a_worker_that_is_killed_is_answered_in_one_sentence(tmp_path: Path) -> None:
    files, fifo = with_a_night_that_never_ends(tmp_path)
    with running(*files, "--jobs", "2") as process, fifo.open("wb"):
        reads = [pid for pid in family(process.pid) if opens(pid, fifo)]
        assert len(reads) == 1
        os.kill(reads[0], signal.SIGKILL)  # as the kernel does when memory is short
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert err.decode() == (
        f"legwatch replay: {fifo}: the process that read it was ended; "
        "if memory is short, add --jobs 1\n"
    )


def opens(pid: int, path: Path) -> bool:
    with contextlib.suppress(OSError):
        return any(fd.readlink() == path for fd in Path(f"/proc/{pid}/fd").iterdir())
    return False


def test_a_bar_is_shown_on_a_terminal_and_only_there(tmp_path: Path) -> None:
    files = save(tmp_path)
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    with running(*files, "--jobs", "2", stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        assert process.stdout is not None
        out = process.stdout.read()
        with contextlib.suppress(OSError):  # that is how a terminal without a writer ends
            while more := os.read(ours, 4096):
                shown += more
    os.close(ours)
    quiet = replayed(*files, "--jobs", "2")
    assert out == quiet.stdout
    assert b"nights:" in shown
    assert b"9/9" in shown
    assert b"nights:" not in quiet.stderr
    assert b"n5.csv: the first line must be" in shown
    assert all(b"nights:" not in line.rpartition(b"\r")[2] for line in shown.split(b"\r\n"))
