"""`legwatch sensors`: find what is wired to this Pi, or show what the sensors of a bed say."""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from legwatch.errors import CannotRun
from legwatch_runtime.process import EXITS, between, whole

LONGEST_S, BROKER_S = 3600.0, 60.0  # a Zigbee thermometer reports within a minute or so


def main(argv: Sequence[str]) -> int:
    """Run `legwatch sensors`; 0 something was found or read, 1 nothing, 2 wrong settings."""
    args = _parser().parse_args(argv)
    if args.live is not None:
        return _live(args)
    if args.broker is not None:
        found = _published(args)
    else:
        found = _listened(args) if args.listen else _looked(args.root)
    tables = [one.as_table() for one in found]
    if args.json:
        print(json.dumps(tables, ensure_ascii=False))
    else:
        _show(tables, _nothing(args))
    return 0 if tables else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="legwatch sensors",
        description="Find the sensors that are wired to this Pi: on 1-Wire, on I2C, those that the"
        " kernel reads, and radars at serial ports. Nothing is changed.",
        epilog=EXITS,
    )
    add = parser.add_argument
    add(
        "--listen",
        type=between(1, 600),
        metavar="SECONDS",
        help="instead: listen which GPIO pins tick while somebody moves the bed",
    )
    add(
        "--broker",
        metavar="HOST",
        help="instead: listen to a broker for what Zigbee2MQTT, Tasmota or ESPHome publish; its"
        " password is LEGWATCH_SENSORS_PASSWORD",
    )
    add("--port", type=whole(1, 65_535), default=1883, metavar="PORT", help="of the broker (1883)")
    add("--user", default="", metavar="USER", help="of the broker, if it wants one")
    add(
        "--live",
        type=Path,
        metavar="AGENT.toml",
        help="instead: show what the sensors in a settings file say, each second; end it with"
        " Ctrl-C. The agent must not run: it holds the pins",
    )
    add("--seconds", type=between(1, LONGEST_S), metavar="SECONDS", help="how long to listen")
    add("--json", action="store_true", help="for programs")
    add("--root", type=Path, default=Path("/"), help=argparse.SUPPRESS)
    return parser


def _looked(root: Path) -> Iterable[Any]:
    from legwatch_device.looking import buses  # noqa: PLC0415 - its help needs no driver

    return buses.found(root)


def _listened(args: argparse.Namespace) -> Iterable[Any]:
    from legwatch_device.looking.lines import ticking  # noqa: PLC0415

    if not args.json:
        print(f"Move the bed now; I listen for {args.listen:g} s ...", flush=True)
    return ticking(args.listen)


def _published(args: argparse.Namespace) -> Iterable[Any]:
    from legwatch_device.drivers.mqtt.broker import PASSWORD, Broker  # noqa: PLC0415
    from legwatch_device.looking.published import found  # noqa: PLC0415
    from legwatch_runtime.secrets import secret  # noqa: PLC0415

    seconds = args.seconds or BROKER_S
    if not args.json:
        print(f"I listen to {args.broker} for {seconds:g} s; move the bed ...", flush=True)
    return list(found(Broker(args.broker, args.port, args.user), secret(PASSWORD), seconds))


def _nothing(args: argparse.Namespace) -> str:
    """Return what to say if nothing was found."""
    if args.broker is not None:
        return "Nothing for a bed was published in this time. Some sensors report only when moved."
    if args.listen:
        return "No pin has ticked: is the sensor wired as in the guide, and was the bed moved?"
    return (
        "No sensor was found on a bus. A DHT22 or a switch at a pin cannot be found so: `legwatch"
        " sensors --listen 20` listens to the pins. `--broker HOST`: what is published by MQTT."
    )


def _show(tables: list[dict[str, Any]], nothing: str) -> None:
    for one in tables:
        keys = "".join(f", {key} = {value!r}" for key, value in one["options"].items())
        now = f", now {one['now']}" if one["now"] else ""
        print(f"{one['about']}: {one['kind']}{now}; driver = {one['driver']!r}{keys}")
    if not tables:
        print(nothing)


def _live(args: argparse.Namespace) -> int:
    from legwatch_device import settings  # noqa: PLC0415 - its help needs no driver
    from legwatch_device.looking.live import windows  # noqa: PLC0415

    found = settings.read(args.live)
    if found.recording.file:
        raise CannotRun(f"{args.live} plays a recording: there is nothing to look at")
    try:
        for said in windows(found, args.seconds or LONGEST_S):
            line = json.dumps(said) if args.json else _line(said)
            print(line, flush=True)
    except KeyboardInterrupt:
        print(file=sys.stderr)
    return 0


def _line(said: dict[str, Any]) -> str:
    names = {
        "leg_c": "leg {} °C",
        "room_c": "room {} °C",
        "moved_s": "moved {} s",
        "moves": "{} edges",
    }
    words = [form.format(f"{said[name]:.1f}") for name, form in names.items() if name in said]
    if "in_bed" in said:
        words.append("somebody is in bed" if said["in_bed"] else "nobody is in bed")
    words += [f"{name}: {fault}" for name, fault in said.get("faults", {}).items()]
    return "  ".join(words) or "nothing yet"
