"""What each bed can tell by its sensors, and what it cannot, for commands that show beds."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from legwatch import scope
from legwatch.bedside import known
from legwatch.contract.bedside_info import BedsideInfo
from legwatch.limits.rules import Rules
from legwatch.limits.stillness import switched_off
from legwatch.text.span import span
from legwatch_server.cli.asked import Said
from legwatch_server.cli.heard import Heard
from legwatch_server.store.port import Reader

FRESH_MIN = 15  # the last word of a bed that sends is not older


def by_bed(reader: Reader) -> dict[str, frozenset[str]]:
    """Return the roles of the sensors of each bed of which they are known."""
    states = dict(reader.states())
    found = {
        seen.bed: _roles(known(seen.bedside).info, states.get(seen.bed))
        for seen in reader.last_seen()
    }
    return {bed: roles for bed, roles in found.items() if roles is not None}


def _roles(info: BedsideInfo | None, state: str | None) -> frozenset[str] | None:
    told = scope.announced_roles(None if info is None else info.sensors)
    if told is not None or state is None:
        return told
    from legwatch import engine  # noqa: PLC0415 - only an older agent or a recording needs it
    from legwatch_server.cli.stored_state import stored_state  # noqa: PLC0415

    return engine.fitted(info, stored_state(state))


def hindered(beds: Iterable[Heard], now_ms: int, *, running: bool, said: Said) -> dict[str, str]:
    """Return of each bed why it is not watched now though it could be; empty: it is.

    `running`: whether the server runs; `said`: what it says of itself.
    """
    return {one.bed: _hindered(one, now_ms, running=running, said=said) for one in beds}


def _hindered(one: Heard, now_ms: int, *, running: bool, said: Said) -> str:
    if not running:
        return "not now, for the server is not running"
    if said.deaf:
        return "not now, for the server has no connection to the broker"
    if said.unkept:
        return "whether it is now cannot be seen here"
    if known(one.last.bedside).online is False:
        return "not now, for the bedside is off"
    if not one.last.seen_ms:
        return "not now, for no word has come from the bedside yet"
    silent = span(max(0, now_ms - one.last.seen_ms) / 60_000)
    late = now_ms - one.last.seen_ms > FRESH_MIN * 60_000
    return f"not now, for no word has come from the bedside for {silent}" if late else ""


def can(roles: frozenset[str], rules: Rules, but: str = "") -> str:
    """Return what a bed is watched for with these sensors and limits, and what it never tells.

    `but`: why it is not watched now; empty: it is.
    """
    off = switched_off(rules)
    word = "can NEVER WARN"
    if scope.can_come(roles, off):
        kinds = scope.watched(roles, off)
        word = f"can be watched for {kinds} ({but})" if but else f"watched for {kinds}"
    return "; ".join((word, *scope.never_come(roles, off)))


def lines(
    beds: Mapping[str, frozenset[str]],
    rules_of: Callable[[str], Rules],
    but: Mapping[str, str],
    *,
    lacking: bool = False,
) -> Iterator[str]:
    """Yield what the beds are watched for, and what they can never tell: a line for those alike.

    `but`: why a bed is not watched now. `lacking`: only of beds that can never give some alert.
    """
    alike: dict[str, list[str]] = {}
    for bed, roles in beds.items():
        rules = rules_of(bed)
        if not lacking or any(scope.never_come(roles, switched_off(rules))):
            alike.setdefault(can(roles, rules, but.get(bed, "")), []).append(bed)
    for text, names in alike.items():
        yield f"{', '.join(names)}: {text}"
