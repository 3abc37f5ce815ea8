"""What is fitted at a bed by its settings: sensors, lamp and buzzer, button; not started yet."""

import logging
from collections.abc import Callable

from legwatch.contract.action import BUTTONS as WORDS
from legwatch.contract.roles import ROLES, Role
from legwatch.entry import place, reason
from legwatch.errors import CannotRun
from legwatch.printable import quoted
from legwatch_device.drivers import Button, Signal, open_driver
from legwatch_device.samples import PlacedSensor
from legwatch_device.settings import BUTTONS, SIGNALS, AgentSettings
from legwatch_device.starting import Starting
from legwatch_runtime import plugins
from legwatch_runtime.calls import Call
from legwatch_runtime.part import Parts

logger = logging.getLogger(__name__)

MOST_REFUSED = 20  # wrong words of a button that the log tells


def sensors(settings: AgentSettings) -> list[tuple[PlacedSensor, Starting]]:
    """Return every sensor in the settings, in the order of the roles."""
    return [_sensor(role, settings) for role in ROLES if role.name in settings.sensors]


def _sensor(role: Role, settings: AgentSettings) -> tuple[PlacedSensor, Starting]:
    table = settings.sensors[role.name]

    def start() -> object:
        return open_driver(role.group, table.driver, f"sensors.{role.name}", table.options)

    driver = _named(role.group, table.driver)
    stranger = _of_another(role.group, table.driver)
    placed = PlacedSensor(role, None, table.offset_c, f"{stranger}: " if stranger else "")
    return placed, Starting(f"{role.name} sensor", start, driver)


def _named(group: str, name: str) -> str:
    """Return what the log calls a driver; one of another package with its entry point."""
    return f"driver {name!r}{plugins.whose(group, name)}"


def _of_another(group: str, name: str) -> str:
    """Return what the log calls a driver of another package; empty for a shipped one."""
    return _named(group, name) if plugins.whose(group, name) else ""


def signal(settings: AgentSettings) -> Callable[[], Signal] | None:
    """Return what starts lamp and buzzer; None: the bed has none."""
    table = settings.signal
    if table is None:
        return None

    def start() -> Signal:
        driver: Signal = open_driver(SIGNALS, table.driver, "signal", table.options)
        return driver

    return start


def signal_driver(settings: AgentSettings) -> str:
    """Return what the log calls the driver of lamp and buzzer."""
    return "" if settings.signal is None else _named(SIGNALS, settings.signal.driver)


class Pressing:
    """Starts the button in a part of its own, and calls `pressed` at each press."""

    def __init__(
        self, settings: AgentSettings, pressed: Callable[[str], None], parts: Parts
    ) -> None:
        self._table, self._pressed = settings.button, pressed
        self._driver = "" if self._table is None else _named(BUTTONS, self._table.driver)
        self._refused: set[str] = set()  # wrong words that the log has
        self.starting = Starting("button", self._listen, self._driver)
        self._stop = parts.stopping
        self._part = parts.add("button-start", self._run, within_s=float("inf"))

    def begin(self) -> None:
        """Start the part."""
        self._part.start()

    def why(self) -> str:
        """Return why the button does not work; empty: it does."""
        return self.starting.why.removeprefix("button: ")

    def _listen(self) -> Button:
        assert self._table is not None
        button: Button = open_driver(BUTTONS, self._table.driver, "button", self._table.options)
        try:
            with Call(_of_another(BUTTONS, self._table.driver)):
                button.listen(self.press)
        except (Exception, SystemExit) as error:
            why = f"{self._driver} cannot listen: {reason(error)}{place(error, button.listen)}"
            raise CannotRun(f"button: {why}") from error
        return button

    def press(self, word: object) -> None:
        """Pass a press on; one with another word is refused here: the server could not read it."""
        if type(word) is str and word in WORDS:
            self._pressed(word)
        elif (said := quoted(word)) not in self._refused and len(self._refused) < MOST_REFUSED:
            self._refused.add(said)
            words = ", ".join(WORDS)
            logger.warning(
                "button: %s has pressed %s, which is no word of a press; nothing is sent of it."
                " The words are %s",
                self._driver,
                said,
                words,
            )

    def _run(self) -> None:
        self._button = self.starting.wait(self._stop, self._part.turned)


def button(
    settings: AgentSettings, pressed: Callable[[str], None], parts: Parts
) -> Pressing | None:
    """Return the button; None with a recording: a press of today has no place in its night."""
    if settings.button is None or settings.recording.file:
        return None
    return Pressing(settings, pressed, parts)
