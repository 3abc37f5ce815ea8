"""The zone of this machine is found by its name, or it is said why not; nobody guesses one."""

from pathlib import Path

import pytest

from legwatch_runtime.system_zone import SystemZone, find

ZONE_FILES = "/usr/share/zoneinfo"


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (":Europe/Berlin", "Europe/Berlin"),
        (f"{ZONE_FILES}/America/Los_Angeles", "America/Los_Angeles"),
        (f":{ZONE_FILES}/posix/America/Los_Angeles", "America/Los_Angeles"),
        ("EST5EDT", "EST5EDT"),  # the zone database has this one, too
        ("", "UTC"),  # as for the C library
    ],
)
def test_tz_goes_first(etc: Path, told: str, name: str) -> None:
    (etc / "localtime").symlink_to(f"{ZONE_FILES}/Asia/Tokyo")
    assert find({"TZ": told}, etc) == SystemZone(name, "TZ")


@pytest.mark.parametrize(
    "told", ["CET-1CEST", "CET-1CEST,M3.5.0,M10.5.0/3", "Mars/Base", "/nowhere/at/all", "localtime"]
)
def test_a_tz_without_a_name_is_no_zone_and_no_other_is_guessed(etc: Path, told: str) -> None:
    (etc / "localtime").symlink_to(f"{ZONE_FILES}/Asia/Tokyo")
    found = find({"TZ": told}, etc)
    assert not found.name
    assert repr(told) in found.problem


@pytest.mark.parametrize("tz", [None, "its own file"])
def test_the_link_says_it(etc: Path, tz: str | None) -> None:
    link = etc / "localtime"
    link.symlink_to(f"..{ZONE_FILES}/America/Los_Angeles")  # there or not: the name counts
    (etc / "timezone").write_text("Asia/Tokyo\n")
    environ = {} if tz is None else {"TZ": f":{link}"}
    assert find(environ, etc) == SystemZone("America/Los_Angeles", str(link))


def test_a_link_to_a_link_is_followed(etc: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").symlink_to(f"{ZONE_FILES}/Europe/Paris")
    (etc / "localtime").symlink_to(tmp_path / "mine")
    assert find({}, etc).name == "Europe/Paris"


def test_links_in_a_ring_and_to_no_zone_are_said(etc: Path) -> None:
    link = etc / "localtime"
    link.symlink_to(link)
    assert "TZ is not set" in find({}, etc).problem
    link.unlink()
    link.symlink_to(f"{ZONE_FILES}/Mars/Base")
    assert "'Mars/Base', which is no zone" in find({}, etc).problem


def test_without_a_link_the_text_says_it(etc: Path) -> None:
    text = etc / "timezone"
    assert "neither" in find({}, etc).problem
    text.write_text("# set by hand\n\nEurope/Berlin\n")
    assert find({}, etc) == SystemZone("Europe/Berlin", str(text))
    text.write_text("Berlin\n")
    assert not find({}, etc).name


def test_a_copy_has_to_agree_with_the_text(etc: Path) -> None:
    """A container has the copy of its host, and the text of its image."""
    (etc / "localtime").write_bytes(Path(ZONE_FILES, "Europe/Berlin").read_bytes())
    (etc / "timezone").write_text("Europe/Paris\n")  # the same hours by another name
    assert find({}, etc).name == "Europe/Paris"
    (etc / "timezone").write_text("Etc/UTC\n")
    found = find({}, etc)
    assert not found.name
    assert "says Etc/UTC, but" in found.problem
    (etc / "localtime").write_text("no zone file")
    assert not find({}, etc).name
