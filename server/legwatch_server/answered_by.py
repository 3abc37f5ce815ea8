"""Who has answered, as people read it: not each answer has the name of a person."""

from legwatch.contract.action import BEDSIDE
from legwatch.text.language import ENGLISH, Language, marked

COMMAND_LINE, LINK = "command line", "link"  # no person has the first name: one has a space
_AT = {
    COMMAND_LINE: marked("Somebody at the server"),
    BEDSIDE: marked("Somebody at the bed"),
    LINK: marked("Somebody"),
}


def who(by: str, words: Language = ENGLISH) -> str:
    """Return a stored name as the beginning of a sentence."""
    return words.gettext(_AT[by]) if by in _AT else by


def who_within(by: str | None) -> str:
    """Return the same within an English sentence; None is the bedside's button."""
    by = by or BEDSIDE
    said = who(by)
    return f"{said[0].lower()}{said[1:]}" if by in _AT else said
