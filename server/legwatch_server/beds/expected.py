"""The beds that the settings declare: each is expected, whether it was ever heard or not.

The time of such a bed begins when the server learns of it. If no window comes, the engine's alert
tells people, as it does for a bed that has fallen silent. Two agents that send as one bed are found
here, too, for /health.
"""

from collections.abc import Collection, Container, Iterable, Iterator

from legwatch import engine
from legwatch.contract.bedside_info import plays_recordings
from legwatch.engine import MINUTE_MS
from legwatch.rivals import are_there
from legwatch.text.span import span
from legwatch_server.beds.registry import BedRecord
from legwatch_server.inbox import BedDropped, BedExpected
from legwatch_server.rest import Rest
from legwatch_server.settings import ServerSettings

NAMED = 5  # beds that one sentence names at most


def expectations(
    settings: ServerSettings, beds: Collection[BedRecord], rests: Container[str] = ()
) -> list[BedExpected | BedDropped]:
    """Return which beds are to be expected from now on, and which no longer; `rests`: not now."""
    by_name = {bed.name: bed for bed in beds}
    silent = [bed.name for bed in beds if _is_silent(bed)]
    tables = settings.beds.items()
    declared = [name for name, table in tables if not (table.played or table.ended)]
    new = [n for n in declared if n not in by_name or _is_new(by_name[n])]
    dropped = (
        bed.name
        for bed in beds
        if bed.name not in declared and is_unheard(bed) and not _has_ever_sent(bed)
    )
    names = dict.fromkeys(name for name in (*new, *silent) if name not in rests)
    return [*(BedExpected(name) for name in names), *(BedDropped(name) for name in dropped)]


def remembered(settings: ServerSettings, beds: Iterable[BedRecord]) -> list[BedRecord]:
    """Return the beds that the settings declare, and those of which a word has ever come.

    The others were declared once, perhaps with a mistyped name: nobody is to hear of them again.
    """
    return [bed for bed in beds if bed.name in settings.beds or _has_ever_sent(bed)]


def _is_new(bed: BedRecord) -> bool:
    """Return True if the time of a bed has not begun: none of its own, or only a recording's."""
    return bed.played or not bed.state.minute_end_ms


def _is_silent(bed: BedRecord) -> bool:
    """Return True if an agent is there, or was, and no window of now has ever come."""
    live = not plays_recordings(bed.bedside.info)
    return _has_an_agent(bed) and live and not bed.state.minute_end_ms


def _has_an_agent(bed: BedRecord) -> bool:
    """Return True if an agent has said that it is there, though perhaps without a window."""
    return bed.bedside.online is not None or bed.bedside.info is not None


def _has_ever_sent(bed: BedRecord) -> bool:
    """Return True if there is an agent, or was one: its bed may only have lost its memory."""
    return bool(bed.seen_ms) or _has_an_agent(bed)


def is_unheard(bed: BedRecord) -> bool:
    """Return True if a bed is expected and no window has come."""
    return bool(bed.state.minute_end_ms) and not engine.was_heard(bed.state)


def counted(settings: ServerSettings, beds: Iterable[BedRecord]) -> str:
    """Say which beds the settings declare, and which were heard at any time until now."""
    declared = [name for name, table in settings.beds.items() if not table.ended]
    heard = [bed.name for bed in beds if bed.seen_ms or engine.was_heard(bed.state)]
    return f"beds declared: {_listed(declared)}; heard before: {_listed(heard)}"


def unheard(beds: Iterable[BedRecord]) -> Iterator[str]:
    """Yield a sentence on the beds that are expected for long and were never heard."""
    found = [bed.name for bed in beds if is_unheard(bed) and _is_overdue(bed)]
    if found:
        yield (
            f"no word has ever come from bed {_named(found)}: is its agent on,"
            " and has it the bed's name?"
        )


def _listed(names: Collection[str]) -> str:
    return f"{len(names)} ({_named(names)})" if names else "none"


def _named(names: Collection[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(sorted(names)[:NAMED])}{more}"


def silent(beds: Iterable[BedRecord]) -> Iterator[str]:
    """Yield a sentence on each bed that was heard once, and of which no word comes."""
    for bed in beds:
        if not bed.played and engine.was_heard(bed.state) and _is_overdue(bed):
            lasted = span(_silent_ms(bed) / MINUTE_MS)
            yield f"no word from bed {bed.name} for {lasted}: is its agent on?"


def all_rest(beds: Iterable[BedRecord]) -> bool:
    """Return True if there are beds, and nobody sleeps in one: no window has to come."""
    real = [bed.rest for bed in beds if not bed.played]
    return bool(real) and Rest.WATCHED not in real


def contested(beds: Iterable[BedRecord]) -> Iterator[str]:
    """Yield a sentence on each bed as which two agents send."""
    for bed in beds:
        if are_there(bed.rivals, bed.state.at_ms):
            one, other = bed.rivals.before[-1], bed.rivals.boot
            yield (
                f"two agents send as bed {bed.name} in turn (their starts {one} and {other}): give"
                " one of them another bed and user"
            )


def _is_overdue(bed: BedRecord) -> bool:
    return _silent_ms(bed) >= bed.rules.health.agent_s * 1000


def _silent_ms(bed: BedRecord) -> int:
    """Return how long no window has come; those of the open minute are not judged yet."""
    come_ms = (window.to_ms for window in bed.state.open_windows)
    return bed.state.at_ms - max([bed.state.bed.signals.window_ms, *come_ms])
