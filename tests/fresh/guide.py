"""The lines of the guides, as they are printed, and what a person does with each."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from fresh.root import FreshRoot
from repository import REPO

_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
NOTHING: Mapping[str, str] = MappingProxyType({})
# These ask for packages, so they need the internet.
_ONLINE = ("sudo apt ", "sudo bash -c '. scripts/setup.sh;", "scripts/run")


def blocks(page: str, heading: str) -> list[list[str]]:
    """Return the lines of each shell block under a heading of a page."""
    text = (REPO / page).read_text()
    part = re.split(r"^## ", text.partition(f"\n## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)
    found = [block.splitlines() for block in _BLOCK.findall(part[0])]
    assert found, f"{page} has no lines under {heading}"
    return found


def type_block(root: FreshRoot, lines: list[str], answers: Mapping[str, str] = NOTHING) -> str:
    """Type every line and, by a word of it, what it asks for; return what the last one printed."""
    said = ""
    for line in lines:
        if line.startswith("sudo git clone"):
            root.clone()  # until now, its folder is a copy
        answer = next((text for word, text in answers.items() if word in line), "")
        if line.startswith("sudo apt install"):
            answer = "y\n"
        said = root.type(line, answer=answer, online=line.startswith(_ONLINE))
    return said


def first_toml(page: str) -> str:
    """Return the first settings that a page says to write."""
    found = re.search(r"^```toml\n(.*?)^```", (REPO / page).read_text(), re.DOTALL | re.MULTILINE)
    assert found
    return found[1]
