"""`legwatch server`: read the arguments, build all parts of the server, connect and run them."""

import logging
import queue
import signal
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from legwatch.contract.action import Action
from legwatch.errors import CannotRun
from legwatch_runtime.clock import utc_ms
from legwatch_runtime.process import log_to_stderr, settings_parser
from legwatch_runtime.secrets import secret
from legwatch_runtime.state_dir import locked
from legwatch_server.beds.batch import UnitOfWork
from legwatch_server.beds.crash_suspects import Suspects
from legwatch_server.beds.loop import WriterLoop
from legwatch_server.beds.status import Status
from legwatch_server.inbox import ActionRequested, LinkClaims, Request, TargetKind
from legwatch_server.ingest.broker import BrokerConnection
from legwatch_server.notify.bedside_commands import Bedsides
from legwatch_server.notify.channels import Keeps, Notifier, Speaks, open_channels
from legwatch_server.notify.outbox import Calls, Outbox, Patience
from legwatch_server.notify.planner import DeliveryPlanner
from legwatch_server.notify.rehearsal import plan_evening, route_statuses
from legwatch_server.notify.render import Renderer
from legwatch_server.publish.deadman import DeadManSwitch
from legwatch_server.publish.mqtt import MqttPublisher
from legwatch_server.settings import ServerSettings
from legwatch_server.settings_file import read
from legwatch_server.signed_links import signing_key
from legwatch_server.store.database import SqliteStore
from legwatch_server.store.errors import StoreError
from legwatch_server.store.port import Store
from legwatch_server.store.reader import FILE
from legwatch_server.web.actions import ActionHandler
from legwatch_server.web.server import serve

logger = logging.getLogger(__name__)


def main(argv: Sequence[str]) -> int:
    """Run `legwatch server` until a signal stops it; 0 after a clean end.

    Raises CannotRun (the exit code is then 1) or SettingsError (2).
    """
    description = "Store the windows of all beds, decide on alerts, and notify people."
    parser = settings_parser("legwatch server", description, "server.toml")
    parser.add_argument("--check-config", action="store_true", help="check the settings and exit")
    args = parser.parse_args(argv)
    settings = read(args.config)
    channels = open_channels(settings)
    password = secret("LEGWATCH_MQTT_PASSWORD")
    if args.check_config:
        print(f"{args.config}: good (profile {settings.profile}, channels {', '.join(channels)})")
        return 0
    log_to_stderr()
    with locked(Path(settings.state_dir), "server.lock") as folder:
        try:
            return _run(settings, password, folder, channels)
        except OSError as error:
            raise CannotRun(str(error)) from None


def _run(
    settings: ServerSettings, password: str, folder: Path, channels: dict[str, Notifier]
) -> int:
    store = SqliteStore(folder / FILE)
    inbox: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
    unit = UnitOfWork(store, settings.rules_of, settings.plays)
    broker = BrokerConnection(settings.mqtt, password, inbox.put)
    bedsides = Bedsides(broker)
    broker.hear_answers(bedsides.hear)
    key = signing_key(folder, secret("LEGWATCH_ANSWER_KEY"))
    for notifier in channels.values():
        if isinstance(notifier, Keeps):
            notifier.begin(folder)
        if isinstance(notifier, Speaks):
            notifier.speak_over(bedsides)
    outboxes = _outboxes(settings, store, channels, key, inbox)
    status, stopping = Status(), threading.Event()
    suspects = Suspects(folder / "at_work")

    def wake() -> None:
        for outbox in outboxes.values():
            outbox.wake()

    def end(*_: object) -> None:
        stopping.set()
        inbox.put(None)

    writer_loop = WriterLoop(
        store=store,
        unit=unit,
        transport=broker,
        listeners=[MqttPublisher(broker, utc_ms)],
        inbox=inbox,
        planner=DeliveryPlanner(settings),
        rehearsal=partial(plan_evening, settings),
        wake=wake,
        status=status,
        stopping=stopping,
        suspects=suspects,
    )
    action_handler = ActionHandler(key, inbox.put, utc_ms)
    health = _health(unit, broker, outboxes, status, inbox, store, action_handler, settings)
    web = serve(settings.http.host, settings.http.port, health, action_handler)
    dead_man = DeadManSwitch(settings.heartbeat, lambda: status.now().well_ms)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    writer_loop.begin()
    for outbox in outboxes.values():
        outbox.start()
    broker.start()
    dead_man.start()
    logger.info("server up: %s beds known, health on port %s", len(unit.beds), web.server_port)
    try:
        writer_loop.run()
    finally:
        dead_man.stop()
        broker.stop()
        for outbox in outboxes.values():
            outbox.stop()
        web.shutdown()
        suspects.close()
        store.close()
    return 0


def _outboxes(
    settings: ServerSettings,
    store: Store,
    channels: dict[str, Notifier],
    key: bytes,
    inbox: "queue.SimpleQueue[Request | None]",
) -> dict[str, Outbox]:
    outboxes: dict[str, Outbox] = {}

    def wake_all() -> None:
        for outbox in outboxes.values():
            outbox.wake()

    for name, notifier in channels.items():
        outboxes[name] = Outbox(
            store.outbox(name),
            name,
            notifier,
            Patience(settings.push.give_up_h, settings.push.workers),
            Calls(
                render=Renderer(settings, key),
                wake_all=wake_all,
                answered=partial(_answered_in_app, inbox, name),
            ),
        )
    return outboxes


def _answered_in_app(
    inbox: "queue.SimpleQueue[Request | None]", channel: str, delivery: int
) -> None:
    """Queue an acknowledgement that a person gave in the push service's own app."""
    claims = LinkClaims(TargetKind.DELIVERY, delivery, Action.SEEN, 0, 0)
    inbox.put(ActionRequested(claims, b"", channel, utc_ms(), lambda _outcome: None))


def _health(
    unit: UnitOfWork,
    broker: BrokerConnection,
    outboxes: dict[str, Outbox],
    status: Status,
    inbox: "queue.SimpleQueue[Request | None]",
    store: Store,
    action_handler: ActionHandler,
    settings: ServerSettings,
) -> Any:
    def report() -> dict[str, Any]:
        snapshot, counters, wrong = status.now(), unit.counters, []
        if not broker.connected():
            wrong.append("no connection to the broker")
        if snapshot.failing:
            wrong.append(f"the database accepts no writes: {snapshot.failing}")
        wrong += [f"bed {bed} cannot be judged" for bed in sorted(snapshot.unjudged)]
        wrong += [
            f"channel {name}: {outbox.failing}"
            for name, outbox in outboxes.items()
            if outbox.failing
        ]
        tried: dict[str, str] = {}
        try:
            with store.reader() as reader:
                due = reader.backlog(utc_ms())
                routes = route_statuses(reader, settings, utc_ms())
            waiting = sum(due.get(name, 0) for name in outboxes)
            for route in routes:
                colour = {True: "green", False: "amber", None: "unknown"}[route.good]
                tried[f"{route.person}/{route.channel}"] = f"{colour}: {route.why}"
        except StoreError as error:
            waiting = -1  # unknown
            wrong.append(f"the outbox cannot be read: {error}")
        now_ms = utc_ms()
        age_s = round((now_ms - snapshot.committed_ms) / 1000, 1) if snapshot.committed_ms else None
        names = ("windows", "duplicates", "late", "clock_wrong", "quarantined")
        return {
            "status": "degraded" if wrong else "ok",
            "wrong": wrong,
            "last_commit_age_s": age_s,
            "counters": {name: getattr(counters, name) for name in names},
            "notices": dict(counters.notices),
            "pushes": {name: dict(outbox.results) for name, outbox in outboxes.items()},
            "answers": dict(action_handler.results),
            "rehearsal": tried,
            "backlog": waiting,
            "queue": inbox.qsize(),
            "beds": len(unit.beds),
            "commits": snapshot.commits,
            "commit_s": round(snapshot.commit_s, 3),
        }

    return report
