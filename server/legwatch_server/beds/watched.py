"""What the beds can tell by their sensors, for /health: a bed that can never warn is a fault."""

from collections.abc import Iterable, Iterator
from functools import cache

from legwatch import engine, scope
from legwatch.contract.bedside_info import made_places
from legwatch.limits.stillness import switched_off
from legwatch_server.beds.registry import BedRecord


def roles(bed: BedRecord) -> frozenset[str] | None:
    """Return the roles of a bed's sensors; None: nothing is known of them yet."""
    return engine.fitted(bed.bedside.info, bed.state)


def sensors(bed: BedRecord) -> scope.Sensors | None:
    """Return the sensors of a bed, and which of them tell nothing now; None: nothing is known."""
    fitted = roles(bed)
    if fitted is None:
        return None
    mute, doubted = engine.mute(bed.state, bed.rules), engine.doubted(bed.state)
    return scope.Sensors(fitted, mute, doubted, made_places(bed.bedside.info))


def not_truly(beds: Iterable[BedRecord]) -> Iterator[str]:
    """Yield a sentence for each bed with sensors that make their values.

    It is no fault: who tries legwatch has such a bed on purpose, as one has a recording.
    """
    for bed in beds:
        for sentence in scope.made_values(made_places(bed.bedside.info)):
            yield f"bed {bed.name} is not truly watched: {sentence}"


def can_never_warn(beds: Iterable[BedRecord]) -> Iterator[str]:
    """Yield a sentence for each bed for which no alert on the sleeper can ever come."""
    for bed in beds:
        fitted, off = roles(bed), switched_off(bed.rules)
        if fitted is not None and not scope.can_come(fitted, off):
            yield f"bed {bed.name} can never warn: {'; '.join(scope.never_come(fitted, off))}"


def sees_nothing(beds: Iterable[BedRecord]) -> Iterator[str]:
    """Yield a sentence for each bed of which windows come, and no alert on the sleeper can now."""
    for bed in beds:
        found, off, state = sensors(bed), switched_off(bed.rules), bed.state
        if found is None or found.seen(off) or not scope.can_come(found.roles, off):
            continue
        if state.at_ms - state.bed.signals.window_ms <= bed.rules.health.stale_s * 1000:
            yield f"bed {bed.name} is watched for nothing: {'; '.join(found.not_now(off))}"


def blind(bed: BedRecord, at_ms: int) -> bool:
    """Return True if a bed has sensors with which no alert on the sleeper has come or can come.

    It is sure after some minutes of windows: of an older agent the first may lack a reading. Of a
    bed without any sensor, and of a sensor that was taken away, the engine's alert tells.
    """
    heard = engine.sensors(bed.state)
    if not heard or _can_warn(heard):  # nearly always, and it is asked each minute
        return False
    fitted = roles(bed)
    if fitted is None or scope.can_come(fitted | heard):
        return False
    back_ms = bed.state.bed.signals.back_ms
    return bool(back_ms) and at_ms - back_ms >= bed.rules.health.alert_s * 1000


@cache
def _can_warn(heard: frozenset[str]) -> bool:
    return bool(scope.can_come(heard))
