"""All channels of the server: one outbox each; new settings start and change them."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

from legwatch_runtime.calls import Call
from legwatch_runtime.part import Parts
from legwatch_server.notify.bedside_commands import Bedsides
from legwatch_server.notify.channels import Keeps, Notifier, Speaks, channel_call
from legwatch_server.notify.outbox import Calls, Outbox, Patience
from legwatch_server.notify.planner import DeliveryPlanner
from legwatch_server.notify.reach import Reach
from legwatch_server.notify.render import Renderer
from legwatch_server.notify.shown_instead import ShownInstead
from legwatch_server.run_by import plays_made_night
from legwatch_server.settings import LOG_ONLY, ServerSettings
from legwatch_server.store.port import OutboxStore, Store

logger = logging.getLogger(__name__)


class Around(NamedTuple):
    """What channels need besides the settings."""

    folder: Path  # where a channel keeps its files
    bedsides: Bedsides
    key: bytes  # signs the links
    answered: Callable[[str, int], None]  # (channel, delivery): somebody answered in its app
    now_ms: Callable[[], int]  # of the server's time line
    no_broker: Callable[[], bool] = lambda: False  # the server has had none for long


class Outboxes:
    """Used by the thread that starts the server and by the one that reads settings again."""

    def __init__(self, store: Store, around: Around, parts: Parts | None = None) -> None:
        self._store, self._around, self._parts = store, around, parts or Parts()
        self.reach = Reach()
        self.all: Mapping[str, Outbox] = {}  # replaced as a whole, so that readers need no lock
        # All that were ever in use: a channel that comes back must not meet a second thread that
        # takes the pushes in progress for leftovers of a crash. Without pushes they only wait.
        self._made: dict[str, Outbox] = {}
        self._stores: dict[str, OutboxStore] = {}
        self._started = False
        self._log_only = False

    def prepare(self, channels: Mapping[str, Notifier]) -> None:
        """Give channels what they need besides the settings; raises LegwatchError or OSError."""
        for name, notifier in channels.items():
            if name not in self._made and name not in self._stores:
                self._stores[name] = self._store.outbox(name)
            if isinstance(notifier, Keeps):
                with Call(channel_call(name, "begin")):
                    notifier.begin(self._around.folder)
            if isinstance(notifier, Speaks):
                with Call(channel_call(name, "speak_over")):
                    notifier.speak_over(self._around.bedsides)

    def use(self, settings: ServerSettings, channels: Mapping[str, Notifier]) -> None:
        """Send by these prepared channels from now on, and by no others."""
        self.reach.use(settings.everybody())
        self._say_if_log_only(settings)
        patience = Patience(settings.push.give_up_h, settings.push.workers)
        instead = ShownInstead(DeliveryPlanner(settings))
        found: dict[str, Outbox] = {}
        for name, notifier in channels.items():
            calls = Calls(
                render=Renderer(settings, self._around.key, self._around.no_broker),
                now_ms=self._around.now_ms,
                wake_all=self.wake,
                reach=self.reach,
                answered=partial(self._around.answered, name),
                instead=instead,
            )
            found[name] = self._outbox(name, notifier, patience, calls)
        self.all = found
        self.wake()

    def _say_if_log_only(self, settings: ServerSettings) -> None:
        """Warn once: a server that is set up so far watches, and no phone ever rings."""
        before, self._log_only = self._log_only, set(settings.channel_names()) == {LOG_ONLY}
        if self._log_only and not before and not plays_made_night():
            keys = ", ".join(settings.channel_keys())
            logger.warning("alerts come to this log only, and to no person: set %s", keys)

    def _outbox(self, name: str, notifier: Notifier, patience: Patience, calls: Calls) -> Outbox:
        outbox = self._made.get(name)
        if outbox is not None:
            outbox.use(notifier, patience, calls)
            return outbox
        outbox = Outbox(self._stores.pop(name), name, notifier, patience, calls, self._parts)
        self._made[name] = outbox
        if self._started:
            outbox.start()
        return outbox

    def start(self) -> None:
        """Start every channel's thread; those that come later start at once."""
        self._started = True
        for outbox in self.all.values():
            outbox.start()

    def wake(self) -> None:
        """Let every channel look for work."""
        for outbox in self.all.values():
            outbox.wake()

    def stop(self) -> None:
        """Stop every channel after the pushes in progress, and close those that never began."""
        for outbox in self._made.values():
            outbox.stop()
        for store in self._stores.values():
            store.close()
        self._stores.clear()
