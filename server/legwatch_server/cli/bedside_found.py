"""What `legwatch doctor` finds at the Pi of a bed: its settings, its agent, the way to its server.

It does not sign in at the broker: with the same name it would cut the running agent off.
"""

from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from legwatch.errors import LegwatchError
from legwatch_runtime import locations
from legwatch_runtime.files import read_toml
from legwatch_runtime.rights import is_there
from legwatch_runtime.state_dir import is_held
from legwatch_server.cli.finding import Finding, Level
from legwatch_server.kinds import strange

AGENT, LOCK = "agent.toml", "agent.lock"
CONNECT_S = 10.0


def file(given: Path | None) -> Path | None:
    """Return the agent's file that is meant; None: a server is."""
    installed = locations.INSTALLED.with_name(AGENT)
    if given is None:
        alone = is_there(installed) and not is_there(locations.INSTALLED)
        return installed if alone and _table(installed).get("mqtt") else None
    return given if is_there(given) and strange("server", "agent", _table(given)) else None


def findings(agent: Path) -> Iterator[Finding]:
    """Yield what is found, in the order in which it is mended."""
    yield from settings(agent)
    table = _table(agent)
    state = Path(str(table.get("state_dir", locations.AGENTS_STATE)))
    if is_held(state / LOCK):
        yield Finding("agent", Level.OK, "it runs")
    else:
        start = "sudo systemctl start legwatch (or legwatch-agent)"
        yield Finding("agent", Level.WRONG, "it does not run: nothing is measured", start)
    yield _broker(table.get("mqtt", {}))
    bed = table.get("bed", "BED")
    words = "whether it is heard, is known at its server only"
    yield Finding("server", Level.LOOK, words, f"there: legwatch now {bed}")


def settings(path: Path) -> Iterator[Finding]:
    """Let `check-config` read a settings file."""
    from legwatch_server.cli import check_config  # noqa: PLC0415 - the help needs none of it

    said, wrong = StringIO(), StringIO()
    try:
        with redirect_stdout(said), redirect_stderr(wrong):
            code = check_config.main([str(path)])
    except LegwatchError as error:
        code = 2
        wrong.write(f"{path}: {error}\n")
    for line in wrong.getvalue().splitlines():
        yield Finding("settings", Level.WRONG, line, f"mend it in {path}")
    for line in said.getvalue().splitlines():
        never = "NEVER WARN" in line or "not truly watched" in line
        if code == 1 and never:
            yield Finding("settings", Level.WRONG, line)
        elif "look again:" in line or never:
            yield Finding("settings", Level.LOOK, line)
    if code == 0:
        yield Finding("settings", Level.OK, f"{path} can be used")


def _broker(mqtt: Mapping[str, Any]) -> Finding:
    """Try whether the broker can be reached, and is the one that the bed trusts."""
    import socket  # noqa: PLC0415 - slow to import, and the help does not need it
    import ssl  # noqa: PLC0415

    where = str(mqtt.get("host", "127.0.0.1")), int(mqtt.get("port", 1883))
    at, ca = f"{where[0]}:{where[1]}", str(mqtt.get("ca_file", ""))
    try:
        with socket.create_connection(where, CONNECT_S) as line:
            if not ca:
                return Finding("broker", Level.OK, f"{at} can be reached")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(ca)
            name = str(mqtt.get("server_name") or where[0])
            context.wrap_socket(line, server_hostname=name).close()
    except ssl.SSLCertVerificationError as error:
        words = f"whoever is at {at} is not this bed's server: {error.verify_message}"
        return Finding("broker", Level.WRONG, words, "legwatch pair, with a new code of its server")
    except OSError as error:
        words = f"{at} cannot be reached: {error.strerror or error}"
        return Finding(
            "broker", Level.WRONG, words, "is the server on, and this Pi in its network?"
        )
    return Finding("broker", Level.OK, f"{at} can be reached, and is the bed's own")


def _table(path: Path) -> Mapping[str, Any]:
    try:
        return read_toml(path)
    except LegwatchError:
        return {}
