"""How the set-up talks with a person: questions with an answer offered, and plain sentences."""

import sys
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from legwatch.text.language import Language
from legwatch_server.cli.code_shown import picture

Wrong = Callable[[str], str]  # what is wrong with an answer; empty: nothing


def anything(_text: str) -> str:
    """Take every answer."""
    return ""


class Talk(Protocol):
    """One person at a screen; all methods may raise KeyboardInterrupt or EOFError."""

    def title(self, text: str) -> None:
        """Begin a step."""

    def say(self, text: str) -> None:
        """Say something."""

    def ask(self, question: str, offered: str = "", wrong: Wrong = anything) -> str:
        """Ask until the answer is right; Enter takes what is offered."""

    def yes(self, question: str, *, offered: bool = True) -> bool:
        """Ask for yes or no."""

    def choose(self, question: str, answers: Sequence[str], offered: int = 0) -> int:
        """Ask for one of several; return its place."""

    def picture(self, text: str) -> None:
        """Show a text for a phone's camera."""

    def now(self, text: str) -> None:
        """Show what a sensor says at this moment, over what was shown before."""


class Terminal:
    """A person at a terminal of any width."""

    def __init__(self, words: Language) -> None:
        from rich.console import Console  # noqa: PLC0415 - only a set-up needs it

        self._console = Console(highlight=False, emoji=False, markup=False, soft_wrap=False)
        self._words = words
        self._shown = False  # a line of `now`

    def title(self, text: str) -> None:
        """Begin a step, with a line above it."""
        self._end_now()
        self._console.print()
        self._console.print(text, style="bold")

    def say(self, text: str) -> None:
        """Print a paragraph, broken between words."""
        self._end_now()
        self._console.print(text)

    def ask(self, question: str, offered: str = "", wrong: Wrong = anything) -> str:
        """Ask until the answer is right."""
        self._end_now()
        while True:
            shown = f" [{offered}]" if offered else ""
            self._console.print(f"{question}{shown}: ", end="")
            answer = _typed() or offered
            why = wrong(answer)
            if not why:
                return answer
            self._console.print(why)

    def yes(self, question: str, *, offered: bool = True) -> bool:
        """Ask for yes or no, in the person's language or in English."""
        _ = self._words.gettext
        usual = _("Y/n") if offered else _("y/N")
        while True:
            answer = self.ask(f"{question} [{usual}]").lower()
            if not answer:
                return offered
            if answer in {"y", "yes", "j", "ja"}:
                return True
            if answer in {"n", "no", "nein"}:
                return False
            self.say(_("Please type y or n."))

    def choose(self, question: str, answers: Sequence[str], offered: int = 0) -> int:
        """Show the answers with numbers, and ask for a number."""
        if question:
            self.say(question)
        for number, answer in enumerate(answers, 1):
            self.say(f"  {number}  {answer}")
        last = len(answers)
        _ = self._words.gettext

        def wrong(text: str) -> str:
            known = text.isascii() and text.isdecimal() and 1 <= int(text) <= last
            return "" if known else _("Please type a number from 1 to {last}.").format(last=last)

        return int(self.ask(_("Number"), str(offered + 1), wrong)) - 1

    def picture(self, text: str) -> None:
        """Show a QR code where the terminal can; else nothing, for the text stands beside it."""
        sys.stdout.write(picture(text, self._console.width))
        sys.stdout.flush()

    def now(self, text: str) -> None:
        """Show a value in one line that the next one replaces."""
        width = max(10, self._console.width - 1)
        sys.stdout.write(f"\r{text[:width]:<{width}}")
        sys.stdout.flush()
        self._shown = True

    def _end_now(self) -> None:
        if self._shown:
            sys.stdout.write("\n")
            self._shown = False


class Unasked:
    """Nobody is asked: each question gets what is offered. What is said is printed."""

    def title(self, text: str) -> None:
        """Print it."""
        print(text)

    def say(self, text: str) -> None:
        """Print it."""
        print(text)

    def ask(self, question: str, offered: str = "", wrong: Wrong = anything) -> str:
        """Take what is offered; raises Unanswered if that will not do."""
        if why := wrong(offered):
            raise Unanswered(f"{question}: {why}")
        return offered

    def yes(self, question: str, *, offered: bool = True) -> bool:
        """Take what is offered."""
        del question
        return offered

    def choose(self, question: str, answers: Sequence[str], offered: int = 0) -> int:
        """Take what is offered."""
        del question, answers
        return offered

    def picture(self, text: str) -> None:
        """Show nothing."""

    def now(self, text: str) -> None:
        """Show nothing."""


class Unanswered(Exception):  # noqa: N818 - it names what is the matter
    """A question that has no answer to take stands unanswered."""


def _typed() -> str:
    """Return a line from the terminal; raises EOFError when it is gone."""
    sys.stdout.flush()
    line: Any = sys.stdin.readline()
    if not line:
        raise EOFError
    return str(line).strip()
