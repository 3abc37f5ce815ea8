"""All that is done before anything is changed: the backup, the files of the release, the copies."""

from collections.abc import Callable
from pathlib import Path

from legwatch.errors import CannotRun
from legwatch_runtime.clock import utc_ms
from legwatch_runtime.rights import keep_private
from legwatch_server.backup import making
from legwatch_server.settings_file import AGENTS, owners_file
from legwatch_server.store.exchange import schema
from legwatch_server.update import database, health, kept, plan, release, unit
from legwatch_server.update.places import Places
from legwatch_server.update.plan import Plan
from legwatch_server.update.release import Release

Report = Callable[[str, float], object]  # what is done, and how far it is, 0 to 1
Say = Callable[[str], object]


def prepared(
    places: Places, found: Release, before: str, within_s: int, report: Report, say: Say
) -> Plan:
    """Get everything ready; raises CannotRun, and then nothing was changed."""
    keep_private()
    kept.forget(places)
    places.folder.mkdir(mode=0o700)
    began_ms, look, active = utc_ms(), health.look(places), unit.active()
    tables = schema(places.database)
    copy = copy_for(places, found)
    made = backed_up(places, found.version, report)
    if made:
        say(f"Kept: {made} has settings, database and keys. Only root can read it.")
    try:
        release.unpacked(found, places.source, report)
        kept.keep(places, report)
    except OSError as error:
        raise CannotRun(f"{error.filename or places.folder}: {error.strerror or error}") from None
    ready = Plan(
        root=str(places.root), before=before, to=found.version, schema=tables, began_ms=began_ms,
        active=active, within_s=within_s, wrong=look.wrong, online=look.online,
        backup=str(made or ""), copy=str(copy or ""),
    )  # fmt: skip
    plan.write(ready)
    return ready


def copy_for(places: Places, found: Release) -> Path | None:
    """Return the older database that an older version is to go on with; None: it needs none.

    Raises CannotRun if it needs one and there is none.
    """
    tables = schema(places.database)
    if tables <= 0 or not found.schema or found.schema >= tables:
        return None
    copy = database.copy_for(places.database, found.schema)
    if copy is None:
        raise CannotRun(
            f"legwatch {found.version} cannot read the database of now, and there is no older copy"
            f" beside {places.database}. Nothing was changed"
        )
    return copy


def backed_up(places: Places, version: str, report: Report) -> Path | None:
    """Write the backup of before; None: no server has run yet, so there is nothing to keep."""
    if not schema(places.database):
        return None
    to = places.state / f"{kept.BACKUP}{version}.tar"
    agent = places.made.with_name(AGENTS)
    of = making.Of(places.database.parent, True, _owners(places.made), _owners(agent), keys=True)
    making.make(of, to, "", report)
    to.chmod(0o600)
    return to


def _owners(made: Path) -> Path | None:
    return owners_file(made) if made.exists() else None
