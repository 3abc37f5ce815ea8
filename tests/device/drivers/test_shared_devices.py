"""Two tables of a bed may name one strip or one radar; a pin for two devices is still refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from legwatch.errors import SettingsError
from legwatch.options import Board, Part, read_options
from legwatch.settings import load
from legwatch_device.settings import AgentSettings


def check(*, leg: dict[str, Any] | None = None, **sensors: dict[str, Any]) -> None:
    tables = {**sensors, **({"leg": leg} if leg else {})}
    load(AgentSettings, {"bed": "anna", "state_dir": "/nowhere", "sensors": tables}).check()


STRIP = {"driver": "ads1115"}
SPI = {"driver": "mcp3008"}
RADAR = {"driver": "ld2410"}


@pytest.mark.parametrize("table", [STRIP, SPI, RADAR, {**RADAR, "port": "/dev/ttyUSB0"}])
def test_movement_and_presence_share_one_device(table: dict[str, Any]) -> None:
    check(movement=table, presence=table)


def test_two_channels_of_a_chip_and_chips_of_one_bus_are_no_mistake() -> None:
    check(movement={**STRIP, "channel": 1}, presence={**STRIP, "channel": 2})
    check(movement=STRIP, presence={**STRIP, "address": 73, "supply_v": 5.0 - 1.0})
    check(movement={**SPI, "channel": 7}, presence=SPI)
    check(movement=SPI, presence={**SPI, "select": 1})
    check(movement=STRIP, presence=RADAR, leg={"driver": "dht22", "pin": 4})


@pytest.mark.parametrize(
    ("movement", "presence", "words"),
    [
        (
            STRIP,
            {"driver": "bed_mat", "pin": 3},
            (
                "sensors.presence.pin: GPIO 3 is taken by sensors.movement.bus as I2C bus 1;"
                " each needs its own"
            ),
        ),
        (
            {"driver": "gpio_motion", "pin": 10},
            SPI,
            (
                "sensors.presence.select: GPIO 10 is taken by sensors.movement.pin, and here it is"
                " SPI bus 0"
            ),
        ),
        (
            {**SPI, "select": 1},
            {"driver": "bed_mat", "pin": 7},
            "GPIO 7 is taken by sensors.movement.select as the MCP3008 on CE1",
        ),
        (RADAR, {"driver": "bed_mat", "pin": 15}, "GPIO 15 is taken by sensors.movement.port"),
        (
            RADAR,
            {**RADAR, "baud": 115_200},
            (
                "sensors.presence.port: the port /dev/serial0 is taken by sensors.movement.port as"
                " an LD2410 at 256000 baud, and here it is an LD2410 at 115200 baud"
            ),
        ),
        (
            STRIP,
            {**STRIP, "supply_v": 2.5},
            (
                "sensors.presence.address: address 72 of I2C bus 1 is taken by"
                " sensors.movement.address as an ADS1115 with supply_v = 3.3, and here it is an"
                " ADS1115 with supply_v = 2.5"
            ),
        ),
    ],
)
def test_one_part_for_two_devices_is_refused(
    movement: dict[str, Any], presence: dict[str, Any], words: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        check(movement=movement, presence=presence)
    assert words in str(refused.value)


@dataclass(frozen=True)
class Shared:
    device: str

    def parts(self) -> Iterator[Part]:
        yield Part("port", "the port", self.device)


@pytest.mark.parametrize(("first", "second"), [("", ""), ("", "a"), ("a", ""), ("a", "b")])
def test_only_the_same_device_may_take_a_part_again(first: str, second: str) -> None:
    board = Board()
    board.take(Shared(first), "one")
    with pytest.raises(SettingsError, match=r"^two\.port: the port is taken by one\.port"):
        board.take(Shared(second), "two")


class Odd:
    @dataclass(frozen=True)
    class Options:
        def parts(self) -> list[tuple[int, ...]]:
            return [(1, 2, 3, 4)]


def test_parts_that_are_none_are_found_where_the_package_is_blamed_for_them() -> None:
    with pytest.raises(TypeError):
        read_options(Odd, {}, "here")


def test_a_third_table_of_a_shared_device_is_taken_too() -> None:
    board = Board()
    for path in ("one", "two", "three"):
        board.take(Shared("a"), path)
