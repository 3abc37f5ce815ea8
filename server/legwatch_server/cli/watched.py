"""What each bed can tell by its sensors, and what it cannot, for commands that show beds."""

from collections.abc import Iterator, Mapping

from legwatch import engine, scope
from legwatch.bedside import known
from legwatch.state_codec import from_json
from legwatch_server.store.port import Reader


def by_bed(reader: Reader) -> dict[str, frozenset[str]]:
    """Return the roles of the sensors of each bed of which they are known."""
    states = dict(reader.states())
    found = {}
    for seen in reader.last_seen():
        info = known(seen.bedside).info
        heard = _heard(states.get(seen.bed))
        roles = scope.fitted(None if info is None else info.sensors, heard)
        if roles is not None:
            found[seen.bed] = roles
    return found


def can(roles: frozenset[str]) -> str:
    """Return what a bed with these sensors is watched for, and what it can never tell."""
    word = f"watched for {scope.watched(roles)}" if scope.can_come(roles) else "can NEVER WARN"
    return "; ".join((word, *scope.never_come(roles)))


def lines(beds: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Yield what the beds are watched for, and what they can never tell: a line for those alike."""
    alike: dict[str, list[str]] = {}
    for bed, roles in beds.items():
        alike.setdefault(can(roles), []).append(bed)
    for text, names in alike.items():
        yield f"{', '.join(names)}: {text}"


def _heard(text: str | None) -> frozenset[str] | None:
    if text is None:
        return None
    try:
        state = from_json(text)
    except ValueError:
        return None  # the server logs this and begins the bed anew
    return engine.sensors(state) if engine.was_heard(state) else None
