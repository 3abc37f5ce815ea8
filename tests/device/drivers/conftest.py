"""Pins that no machine needs to have."""

import os
from collections.abc import Iterator

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

os.environ["W1THERMSENSOR_NO_KERNEL_MODULE"] = "1"  # else it loads modules when it is imported


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    before = Device.pin_factory
    factory = Device.pin_factory = MockFactory()
    yield factory
    factory.close()
    Device.pin_factory = before
