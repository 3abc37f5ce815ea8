"""What this bed can tell now, and how the watch begins."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from legwatch import scope
from legwatch.text.language import Language
from legwatch_runtime import locations
from legwatch_server.setup.coach import Result
from legwatch_server.setup.plan import Place, Plan
from legwatch_server.setup.talk import Talk
from legwatch_server.setup.written import AGENT, SERVER

UNIT = Path("/etc/systemd/system/legwatch.service")


def verdict(talk: Talk, plan: Plan, words: Language, done: Mapping[str, Result]) -> None:
    """Say in plain words what this bed can tell, and what it cannot."""
    _ = words.gettext
    roles = frozenset(plan.sensors)
    made = [role for role, keys in plan.sensors.items() if keys.get("driver") == "simulated"]
    talk.title(_("What this bed can tell"))
    if not scope.can_come(roles):
        talk.say(_("It can never warn:"))
    elif made:
        talk.say(_("It watches nobody: these values are made, to try it: {roles}.").format(
            roles=", ".join(made)
        ))  # fmt: skip
    else:
        talk.say(_("It is watched for: {what}.").format(what=scope.watched(roles)))
    for sentence in (*scope.never_come(roles), *scope.beyond(roles)):
        talk.say(f"  {sentence}")
    if Result.BAD in done.values():
        talk.say(_("Not all went well: mend it, then  legwatch setup --coach"))


def start(talk: Talk, plan: Plan, words: Language, folder: Path) -> None:
    """Start the service if legwatch is installed; else say what to type."""
    _ = words.gettext
    talk.title(_("The watch"))
    if UNIT.exists() and folder == locations.INSTALLED.parent:
        if talk.yes(_("Start it now?")):
            done = subprocess.run(["systemctl", "restart", "legwatch"], check=False)  # noqa: S607 - systemd's own place differs
            talk.say(
                _("It runs, also after a restart. `legwatch now` shows what it sees.")
                if done.returncode == 0
                else _("It did not start: journalctl -u legwatch says why.")
            )
        else:
            talk.say(_("Later: sudo systemctl start legwatch"))
        return
    config = f"--config {folder / SERVER}" if plan.place is not Place.BED else ""
    agent = f"--agent-config {folder / AGENT}" if plan.place is Place.ONE else "--no-bed"
    line = f"legwatch up {config} {agent}"
    if plan.place is Place.BED:
        line = f"legwatch agent --config {folder / AGENT}"
    talk.say(_("Start it: {line}").format(line=line))
