"""What `legwatch doctor` finds."""

from enum import Enum
from typing import NamedTuple


class Level(Enum):
    """How bad a finding is: only WRONG lets the command fail."""

    OK = "ok"
    LOOK = "LOOK"
    WRONG = "WRONG"


class Finding(NamedTuple):
    """What was looked at, and what was found; `todo`: what helps."""

    what: str
    level: Level
    words: str
    todo: str = ""
