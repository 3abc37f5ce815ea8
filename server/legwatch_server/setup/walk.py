"""The way through the set-up: questions, then everything is written at once, then it is tried.

Before it is written, Ctrl-C leaves all as it was. After it, what was written stays and works.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from legwatch.errors import CannotRun, SettingsError
from legwatch_runtime.catalogue import language_named
from legwatch_runtime.clock import utc_ms
from legwatch_runtime.secrets_beside import beside
from legwatch_server import settings_file
from legwatch_server.setup import ending, fitting, outside, questions, written
from legwatch_server.setup.coach import Coach, Result
from legwatch_server.setup.paused import agent_at_rest
from legwatch_server.setup.plan import Place, Plan
from legwatch_server.setup.sensing import Sensing
from legwatch_server.setup.talk import Talk, Terminal, Unanswered, Unasked

ENDED_EARLY = 1


class Walk:
    """One set-up, by a person or by options alone."""

    def __init__(
        self,
        args: argparse.Namespace,
        folder: Path,
        plan: Plan,
        unasked: bool,  # noqa: FBT001
    ) -> None:
        self._args, self._folder, self._plan, self._unasked = args, folder, plan, unasked
        self._sensing = Sensing(*(("--root", str(args.root)) if args.root else ()))
        self._written = False
        self._speak()

    def _speak(self) -> None:
        self._words = language_named(self._plan.language)
        self._talk: Talk = Unasked() if self._unasked else Terminal(self._words)

    def run(self) -> int:
        """Lead through it; return the exit code."""
        _ = self._words.gettext
        try:
            if self._args.coach:
                self._coach()
                return 0
            self._ask()
            self._write()
            return self._try()
        except Unanswered as error:
            raise SettingsError("--yes", str(error)) from None
        except (KeyboardInterrupt, EOFError):
            _ = self._words.gettext
            print()
            self._talk.say(
                _("Ended. What was written works; `legwatch setup` goes on with it.")
                if self._written
                else _("Ended. Nothing was changed.")
            )
            return ENDED_EARLY

    def _ask(self) -> None:
        """Ask for everything that no option has given."""
        args, asked = self._args, self._talk
        if args.language is None and not self._unasked:
            self._plan = questions.language(asked, self._plan)
            self._speak()
        talk, words = self._talk, self._words
        if args.place is None:
            self._plan = questions.place(talk, self._plan, words)
        if self._plan.place is not Place.SERVER:
            self._ask_of_bed()
        if self._plan.place is not Place.BED:
            self._ask_of_people()

    def _ask_of_bed(self) -> None:
        args, talk, words = self._args, self._talk, self._words
        if args.bed is None and self._plan.place is Place.ONE:
            self._plan = questions.bed(talk, self._plan, words)
        if args.simulated:
            self._plan = replace(self._plan, sensors=fitting.SIMULATED)
        elif not args.sensor and not (self._unasked and self._plan.sensors):
            if self._unasked:
                raise SettingsError(
                    "--sensor", "no sensor is given, and nobody is here to be asked"
                )
            self._plan = fitting.fit(talk, self._plan, words, self._sensing)

    def _ask_of_people(self) -> None:
        from legwatch_server.setup import phone  # noqa: PLC0415 - a bed's Pi lacks what pushes need

        args, talk, words = self._args, self._talk, self._words
        if args.sleeper is None:
            self._plan = questions.sleeper(talk, self._plan, words)
        if args.topic is None:
            self._plan = phone.choose(talk, self._plan, words)
        if args.heartbeat is None:
            self._plan = outside.choose(talk, self._plan, words)

    def _write(self) -> None:
        _ = self._words.gettext
        files = written.write(self._plan, self._folder)
        self._written = True
        self._talk.title(_("Written"))
        for file in files:
            self._talk.say(f"  {file}")
        if not files:
            self._talk.say(_("Nothing new: all stood there already."))

    def _try(self) -> int:
        """Let the phone ring, pair, do the exercises, and start."""
        if self._plan.place is Place.BED and not self._paired():
            return ENDED_EARLY
        if self._plan.topic and self._plan.place is not Place.BED:
            self._ring()
        done = {} if self._args.no_coach or self._unasked else self._coach()
        if self._plan.place is not Place.SERVER:
            ending.verdict(self._talk, self._plan, self._words, done)
        ending.start(self._talk, self._plan, self._words, self._folder)
        return 0

    def _ring(self) -> None:
        from legwatch_server.setup import phone  # noqa: PLC0415 - as above

        phone.show(self._talk, self._plan, self._words)
        if self._args.no_push:
            return
        if self._talk.yes(self._words.gettext("Is the phone ready? Then I let it ring.")):
            settings = partial(settings_file.read, self._folder / written.SERVER)
            with beside(self._folder / written.SERVER):  # a token for a server of one's own
                phone.ring(self._talk, self._plan, self._words, settings, utc_ms)

    def _paired(self) -> bool:
        """Let `legwatch pair` bring this bed to its server."""
        _ = self._words.gettext
        self._talk.title(_("The server"))
        self._talk.say(_("Type on the server: legwatch beds add {bed}").format(bed=self._plan.bed))
        code = self._args.code or self._talk.ask(_("The code that it prints"), "", _some(_))
        words = ["pair", code, "--config", str(self._folder / written.AGENT)]
        words += ["--server", self._args.server] if self._args.server else []
        done = subprocess.run([sys.executable, "-m", "legwatch", *words], check=False)  # noqa: S603 - our own command
        if done.returncode:
            self._talk.say(_("Not paired: `legwatch setup` once more goes on here."))
        return done.returncode == 0

    def _coach(self) -> dict[str, Result]:
        """Do the exercises with the sensors in the file, if the person wants them."""
        _ = self._words.gettext
        file = self._folder / written.AGENT
        if self._plan.place is Place.SERVER:
            return {}
        self._talk.title(_("At the bed"))
        if any(keys.get("driver") == "simulated" for keys in self._plan.sensors.values()):
            self._talk.say(_("Simulated sensors feel nothing: the exercises are left out."))
            return {}
        if not self._plan.sensors:
            raise CannotRun(f"{file} has no sensors: legwatch setup")
        if not self._args.coach and not self._talk.yes(
            _("Shall I show whether each sensor feels what it has to feel? It takes 3 minutes.")
        ):
            self._talk.say(_("Later: legwatch setup --coach"))
            return {}

        def live(seconds: float) -> AbstractContextManager[Iterator[Any]]:
            return self._sensing.live(file, seconds)

        with agent_at_rest(self._talk, self._words) as free:
            coach = Coach(self._talk, self._words, live, frozenset(self._plan.sensors))
            return coach.lead() if free else {}


def _some(translate: Any) -> Any:
    def wrong(text: str) -> str:
        return "" if text else str(translate("A code is expected."))

    return wrong
