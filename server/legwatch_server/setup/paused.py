"""The agent that runs holds the sensors: for the exercises it has to rest, and then goes on."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from legwatch.errors import CannotRun
from legwatch.text.language import Language
from legwatch_runtime import locations
from legwatch_runtime.state_dir import is_held
from legwatch_server.setup.talk import Talk

LOCK = "agent/agent.lock"
Control = Callable[[str], bool]


def systemd(action: str) -> bool:
    """Let systemd stop or start the service; return whether it did."""
    return not subprocess.run(["systemctl", action, "legwatch"], check=False).returncode  # noqa: S603, S607 - systemd's place differs


@contextmanager
def agent_at_rest(talk: Talk, words: Language, control: Control = systemd) -> Iterator[bool]:
    """Give True while nothing else holds the sensors, False if the person wants the watch to go on.

    Raises CannotRun if an agent runs that nobody can stop from here.
    """
    _ = words.gettext
    if is_held(locations.state_dir() / LOCK):
        raise CannotRun("`legwatch up` runs in a terminal and holds the sensors: end it first")
    if not is_held(locations.LASTING.parent / LOCK):
        yield True
        return
    if not talk.yes(_("legwatch runs, and holds the sensors. Let it rest for the exercises?")):
        yield False
        return
    if not control("stop"):
        raise CannotRun("legwatch could not be stopped: type  sudo legwatch setup --coach")
    try:
        yield True
    finally:
        if control("start"):
            talk.say(_("legwatch watches again."))
        else:
            talk.say(_("IT DOES NOT WATCH: sudo systemctl start legwatch"))
