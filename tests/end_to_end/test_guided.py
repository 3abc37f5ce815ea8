"""`legwatch setup` at a terminal: answered by a person, broken off, narrow, in German."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from end_to_end.house import LEGWATCH
from end_to_end.ntfy import NtfyServer

QUESTION = re.compile(r"(\]|: |\?) ?$|: $")
LONG_S = 60.0


class Screen:
    """A terminal of so many columns, and somebody who types when it waits."""

    def __init__(self, words: Sequence[str], columns: int = 80, **env: str) -> None:
        self.said, self._answered = "", 0
        self.pid, self._line = pty.fork()
        if self.pid == 0:
            # Only these: readline has put a width of its own into the process's environment.
            own = {**os.environ, "LANG": "C.UTF-8", "TERM": "xterm", **env}
            for name in ("LC_ALL", "COLUMNS", "LINES"):
                own.pop(name, None)
            os.execve(words[0], list(words), own)
        size = struct.pack("HHHH", 40, columns, 0, 0)
        fcntl.ioctl(self._line, termios.TIOCSWINSZ, size)

    def hear(self) -> bool:
        """Read what comes until it waits for an answer; False at the end."""
        end_s = time.monotonic() + LONG_S
        while time.monotonic() < end_s:
            if not select.select([self._line], [], [], 0.3)[0]:
                if QUESTION.search(self.said[self._answered :]):
                    return True
                continue
            try:
                more = os.read(self._line, 4096)
            except OSError:
                return False
            if not more:
                return False
            self.said += more.decode("utf-8", "replace").replace("\r\n", "\n")
        raise AssertionError(f"it neither asks nor ends: {self.said[-1000:]}")

    def type(self, text: str, end: str = "\n") -> None:
        self._answered = len(self.said)
        os.write(self._line, f"{text}{end}".encode())

    def answer(self, *answers: str) -> None:
        """Answer so many questions."""
        for text in answers:
            assert self.hear(), self.said
            self.type(text)

    def end(self) -> int:
        """Return the exit code; what is still asked is answered with Enter."""
        while self.hear():
            self.type("")
        return self.ended()

    def ended(self) -> int:
        _, status = os.waitpid(self.pid, 0)
        os.close(self._line)
        return os.waitstatus_to_exitcode(status)


def setup(folder: Path, *words: str, columns: int = 80) -> Screen:
    return Screen([*LEGWATCH, "setup", "--settings", str(folder), *words], columns)


def test_a_person_answers_until_the_phone_rings(ntfy: NtfyServer, tmp_path: Path) -> None:
    folder = tmp_path / "settings"
    folder.mkdir()
    (folder / "secrets.env").write_text(f"LEGWATCH_NTFY_TOKEN={ntfy.token}\n")
    screen = setup(folder, "--simulated", "--topic", "bed-helga", "--ntfy", ntfy.url, columns=40)
    screen.answer("2", "1", "Bett 2", "mutter", "helga", "", "", "j")
    assert screen.end() == 0
    assert "1 bis 32 der Zeichen" in screen.said.replace("\n", " ")  # of `Bett 2`
    assert "Was dieses Bett melden kann" in screen.said
    rows = [re.sub("\x1b\\[[0-9;]*m", "", row) for row in screen.said.splitlines()]
    # Behind a question stands what was typed, and the terminal itself breaks that.
    assert [row for row in rows if len(row) > 40 and "]: " not in row] == []
    server = tomllib.loads((folder / "server.toml").read_text())
    assert tomllib.loads((folder / "agent.toml").read_text())["bed"] == "mutter"
    assert server["people"]["helga"]["address"]["ntfy"] == "bed-helga"
    assert [push["title"] for push in ntfy.poll("bed-helga")] == ["Ein Test von legwatch"]


def test_a_push_that_does_not_leave_is_not_tried_for_ever(tmp_path: Path) -> None:
    """Also when nobody is there to say no."""
    words = ("--simulated", "--yes", "--ntfy", "http://127.0.0.1:9", "--topic", "bed-x")
    screen = setup(tmp_path, *words)
    assert screen.end() == 0
    assert screen.said.count("NOT SENT") == 3
    assert "Later: legwatch duty --push sleeper" in screen.said


def test_ctrl_c_at_any_question_leaves_a_working_state(tmp_path: Path) -> None:
    asked = 0
    for at in range(20):
        folder = tmp_path / str(at)
        folder.mkdir()
        screen = setup(folder, "--simulated", "--no-push")
        for _ in range(at):
            if not screen.hear():
                break
            screen.type("")
        else:
            if screen.hear():
                screen.type("\x03", end="")
                assert not screen.hear()
        code = screen.ended()
        files = {file.name for file in folder.iterdir()}
        if code == 0:
            assert files == {"agent.toml", "server.toml"}
            break
        asked += 1
        assert code == 1, screen.said
        assert "Traceback" not in screen.said
        whole = "Ended. What was written works" in screen.said
        assert whole or "Ended. Nothing was changed." in screen.said
        assert files == ({"agent.toml", "server.toml"} if whole else set())
    assert asked >= 5


def test_a_line_that_breaks_in_the_middle_changes_nothing(tmp_path: Path) -> None:
    screen = setup(tmp_path, "--simulated")
    screen.answer("1", "1")
    assert screen.hear()
    os.kill(screen.pid, signal.SIGHUP)
    assert not screen.hear()
    screen.ended()
    assert list(tmp_path.iterdir()) == []


def test_the_answers_of_before_are_offered(tmp_path: Path) -> None:
    first = setup(tmp_path, "--simulated", "--no-push")
    first.answer("1", "1", "mum", "helga")
    assert first.end() == 0
    before = (tmp_path / "server.toml").read_text()
    again = setup(tmp_path, "--no-push")
    assert again.end() == 0
    assert "[mum]" in again.said
    assert "[helga]" in again.said
    assert "Nothing new: all stood there already." in again.said
    assert (tmp_path / "server.toml").read_text() == before


@pytest.mark.parametrize("spoken", ["C", "POSIX"])
def test_a_terminal_that_knows_only_ascii_is_enough(tmp_path: Path, spoken: str) -> None:
    line = [*LEGWATCH, "setup", "--settings", str(tmp_path), "--simulated", "--no-push"]
    screen = Screen(
        [*line, "--language", "de"],
        LANG=spoken,
        PYTHONUTF8="0",
        PYTHONCOERCECLOCALE="0",
        PYTHONIOENCODING="ascii",
    )
    assert screen.end() == 0
    assert "Traceback" not in screen.said
    assert screen.said.isascii()
