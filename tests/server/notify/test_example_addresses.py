"""An address that was copied from an example is said: others may have copied it, too."""

import re
from pathlib import Path

import pytest
from tomlkit import dumps

from legwatch.__main__ import main
from legwatch_server.notify.example_addresses import EXAMPLES
from repository import REPO

SHIPPED = (
    "README.md",
    "config/server.example.toml",
    "deploy/server.toml",
    "deploy/home/server.toml",
)
NTFY = re.compile(r'(?:ntfy|topic) = "([-_a-zA-Z0-9]+)"')


def test_these_are_the_topics_of_the_shipped_examples() -> None:
    found = {topic for name in SHIPPED for topic in NTFY.findall((REPO / name).read_text())}
    assert found == EXAMPLES


@pytest.mark.parametrize("topic", [*sorted(EXAMPLES), "anna-7f3kq-of-my-own"])
def test_check_config_says_that_a_topic_is_everybodys(
    topic: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "server.toml"
    anna = {"channels": ["ntfy"], "address": {"ntfy": topic}}
    table = {"zone": "Europe/Berlin", "state_dir": f"{tmp_path}/state", "people": {"anna": anna}}
    file.write_text(dumps(table))
    assert main(["check-config", str(file)]) == 0
    said = capsys.readouterr().out
    assert ("look again: people.anna.address.ntfy: everybody" in said) is (topic in EXAMPLES)
    file.write_text(dumps({**table, "people": {}, "push": {"ntfy": {"topic": topic}}}))
    assert main(["check-config", str(file)]) == 0
    assert ("push.ntfy.topic: everybody" in capsys.readouterr().out) is (topic in EXAMPLES)
