"""What each bed can tell by its sensors, and what it cannot, for commands that show beds."""

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


def line(bed: str, roles: frozenset[str]) -> str:
    """Return what a bed is watched for, and what it can never tell, as one line."""
    can = f"watched for {scope.watched(roles)}" if scope.can_come(roles) else "can NEVER WARN"
    return "; ".join((f"{bed}: {can}", *scope.never_come(roles)))


def _heard(state: str | None) -> frozenset[str]:
    if state is None:
        return frozenset()
    try:
        return engine.sensors(from_json(state))
    except ValueError:
        return frozenset()  # the server logs this and begins the bed anew
