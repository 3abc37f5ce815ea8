"""A cold night of another bed, sent to a server whose folder was damaged before."""

import signal
import sqlite3
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from campaigns.aged import AGED_MS, KNOWN, MINUTES, legs
from campaigns.places import Happening
from campaigns.ward import MINUTE_MS, Ward, listening, open_folder
from legwatch.contract.action import Action
from legwatch.errors import LegwatchError
from legwatch.testing import uncovering
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.inbox import Outcome

OTHER = "z"  # the bed that gets cold
DUE_MIN = 62  # told at 60 when nothing is damaged; two minutes more are allowed
AWAY_MIN = 5  # so long the server was down
HAPPENS_MIN = 3
_SAID = ("set aside", "is missing", "is gone", "takes nothing")
HUNG_S = 30  # a night takes a quarter of a second
_LEGS = uncovering((20, 400), uncovered_c=24.0)


class Fate(StrEnum):
    """What became of the night."""

    TOLD = "told, damage said"
    HARMLESS = "told, nothing lost"
    USED = "usable"
    REFUSED = "refused in a sentence"
    UNSAID = "told, loss NOT said"
    BLIND = "NOT told, health degraded"
    BLIND_OK = "NOT told, health OK"
    CRASHED = "CRASHED"
    HUNG = "HUNG"


class Night(NamedTuple):
    """How a night went; `log_bytes` is what the log weighs."""

    fate: Fate
    detail: str
    log_bytes: int


class Kept(NamedTuple):
    """What the folder had before the damage, and what its server may lose unsaid: nothing."""

    windows: int
    notices: int


KEPT = Kept(2000 + (MINUTES + 3) * 6, 4)


class _Hung(BaseException):
    """The night has not ended in its time."""


def run(folder: Path, happening: Happening | None = None) -> Night:
    """Start on the folder, and send the night; a tap on a phone is among it.

    The happening begins after some minutes, and lasts until the push has come.
    """
    with listening() as said:
        try:
            with _limited(), open_folder(folder, AGED_MS + AWAY_MIN * MINUTE_MS) as ward:
                fate, detail = _night(ward, said.lines, happening)
        except _Hung:
            fate, detail = Fate.HUNG, f"no end in {HUNG_S} s; {'; '.join(said.lines[-1:])}"
        except LegwatchError as error:
            fate, detail = _refused(str(error))
        except Exception as error:
            at = traceback.extract_tb(error.__traceback__)[-1]
            why = f"{type(error).__name__}: {error}"
            fate, detail = Fate.CRASHED, f"{why} ({Path(at.filename).name}:{at.lineno})"
    return Night(fate, detail, said.bytes)


@contextmanager
def _limited() -> Iterator[None]:
    """End the block by _Hung when it takes too long."""

    def end(*_: object) -> None:
        raise _Hung

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(HUNG_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _refused(why: str) -> tuple[Fate, str]:
    return (Fate.CRASHED if "\n" in why or "Traceback" in why else Fate.REFUSED), why


def _night(ward: Ward, said: list[str], happening: Happening | None) -> tuple[Fate, str]:
    healthy = False
    with ExitStack() as lasting:
        for minute in range(DUE_MIN + 1):
            if minute == HAPPENS_MIN and happening is not None:
                lasting.enter_context(happening(ward))
            looks = [(OTHER, lambda at: {**legs(at), "leg_c": _LEGS(at)}), (KNOWN, legs)]
            ward.minute(minute, looks, boot="0000000b")
            healthy = ward.health.report()["status"] == "ok"
            if minute == HAPPENS_MIN - 1:
                _tap(ward)
            if ward.pushed(OTHER) is not None:
                break
        else:
            return (Fate.BLIND_OK if healthy else Fate.BLIND), "; ".join(said[-2:])
    if happening is not None and healthy:
        return Fate.UNSAID, "health is ok"
    if _is_said(said):
        return Fate.TOLD, said[0]
    return _unsaid(ward)


def _tap(ward: Ward) -> None:
    """Tap a link twice; whatever the file has lost, a tap ends nothing."""
    claims = LinkClaims(TargetKind.DELIVERY, 2, Action.SEEN, 0, 0)
    for _ in range(2):
        told = ward.answer(claims, b"token-2")
        if told and not isinstance(told[0], Outcome):
            raise TypeError(f"an answer got {told}")


def _is_said(said: list[str]) -> bool:
    return any(word in line for line in said for word in _SAID)


def _unsaid(ward: Ward) -> tuple[Fate, str]:
    """Compare what is left with what there was."""
    try:
        ((check,),) = ward.ask("PRAGMA integrity_check(1)")
        ((windows,),) = ward.ask("SELECT count(*) FROM windows NOT INDEXED")
        ((notices,),) = ward.ask("SELECT count(*) FROM notices NOT INDEXED")
    except sqlite3.Error as error:
        return Fate.UNSAID, f"runs on it: {error}"
    if check != "ok":
        return Fate.UNSAID, f"runs on it: {check}"
    if windows < KEPT.windows or notices < KEPT.notices:
        return Fate.UNSAID, f"{windows} windows, {notices} notices"
    return Fate.HARMLESS, ""
