"""Post an answer to the running server, at the URL that phones use."""

import sys
from pathlib import Path

import urllib3

from legwatch.errors import CannotRun
from legwatch_runtime import streams
from legwatch_server.claims import LinkClaims
from legwatch_server.in_force import InForce
from legwatch_server.settings_file import is_of_up
from legwatch_server.signed_links import kept_key, sign
from legwatch_server.store.reader import server_ms
from legwatch_server.web.actions import PATH, PLAIN

VALID_S = 60
_REPLIES = {
    410: "it is over, or cannot be answered any more; nothing was changed",
    503: "not noted yet; try again",
}


def post(found: InForce, answer: LinkClaims) -> int:
    """Send an answer that is valid from now on; print what was said, and return the exit code."""
    settings = found.settings
    expires_ms = server_ms(settings.state_dir) + VALID_S * 1000
    token = sign(answer._replace(expires_ms=expires_ms), kept_key(Path(settings.state_dir)))
    where = f"http://{settings.http.host}:{settings.http.port}"
    try:
        reply = urllib3.request(
            "POST",
            f"{where}{PATH}{token}",
            headers={"Accept": PLAIN},
            retries=False,
            timeout=15.0,
        )
    except urllib3.exceptions.HTTPError:
        raise CannotRun(f"no server answers at {where}: {_why(found)}") from None
    if reply.status == 200:
        said = reply.data.decode("utf-8", "replace").strip()
        plain = reply.headers.get("Content-Type", "").startswith(PLAIN)
        with streams.after("the answer was noted"):
            print(f"{said[:1].lower()}{said[1:]}" if plain else "noted")
        return 0
    message = _REPLIES.get(reply.status, f"refused ({reply.status}): is it the same state_dir?")
    print(message, file=sys.stderr)
    return 1


def _why(found: InForce) -> str:
    """Return why nobody answers, and what starts a server that does not run."""
    if found.running:
        return "a server runs, and its log says why"
    again = found.loaded.restart if found.loaded else ""
    if again.startswith(("sudo ", "systemctl ", "docker ")):
        return f"the server is not running. To start it: {again}"
    starts = "`legwatch up` (or scripts/run)" if is_of_up(found.file) else "`legwatch server`"
    return f"the server is not running; {starts} starts it"
