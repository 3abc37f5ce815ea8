"""A language: what a sentence is in it, and how it writes a number."""

from collections.abc import Callable
from dataclasses import dataclass


def marked(sentence: str) -> str:
    """Return the sentence: it only marks it for the catalogues."""
    return sentence


def _same(sentence: str) -> str:
    return sentence


@dataclass(frozen=True, slots=True)
class Language:
    """`gettext` turns an English sentence, with its {places}, into the language."""

    gettext: Callable[[str], str] = _same
    decimal: str = "."

    def number(self, value: float, digits: int = 1) -> str:
        """Return a number as the language writes it."""
        return f"{value:.{digits}f}".replace(".", self.decimal)


ENGLISH = Language()
