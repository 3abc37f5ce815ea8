"""A language: how to translate a sentence and how to write a number."""

from collections.abc import Callable
from dataclasses import dataclass


def marked(sentence: str) -> str:
    """Mark a sentence for the translation catalogues; return the sentence unchanged."""
    return sentence


def _same(sentence: str) -> str:
    return sentence


@dataclass(frozen=True, slots=True)
class Language:
    """`gettext` translates an English sentence and keeps its {placeholders}."""

    gettext: Callable[[str], str] = _same
    decimal: str = "."

    def number(self, value: float, digits: int = 1) -> str:
        """Return a number as the language writes it."""
        return f"{value:.{digits}f}".replace(".", self.decimal)


ENGLISH = Language()
