"""Ways to damage a file, each with a seed: flipped bytes, zeroed pages, garbage, a cut, a swap."""

import random
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PAGE_BYTES = 4096
Harm = Callable[[bytearray, random.Random], None]


def flip(raw: bytearray, chance: random.Random) -> None:
    """Change single bytes anywhere."""
    for _ in range(chance.choice((1, 8, 64, 512))):
        raw[chance.randrange(len(raw))] ^= chance.randrange(1, 256)


def zero(raw: bytearray, chance: random.Random) -> None:
    """Zero whole pages, as a card does that has forgotten them."""
    for _ in range(chance.choice((1, 1, 3, 8))):
        at = _page(raw, chance)
        raw[at : at + PAGE_BYTES] = bytes(len(raw[at : at + PAGE_BYTES]))


def garbage(raw: bytearray, chance: random.Random) -> None:
    """Overwrite a stretch with noise."""
    size = min(len(raw), chance.choice((16, 512, PAGE_BYTES, 3 * PAGE_BYTES)))
    at = chance.randrange(len(raw) - size + 1)
    raw[at : at + size] = chance.randbytes(size)


def cut(raw: bytearray, chance: random.Random) -> None:
    """Lose the end of the file."""
    del raw[chance.randrange(len(raw)) :]


def swap(raw: bytearray, chance: random.Random) -> None:
    """Exchange two pages."""
    one, other = _page(raw, chance), _page(raw, chance)
    pages = raw[one : one + PAGE_BYTES], raw[other : other + PAGE_BYTES]
    if len(pages[0]) == len(pages[1]):
        raw[one : one + PAGE_BYTES], raw[other : other + PAGE_BYTES] = pages[1], pages[0]


def header(raw: bytearray, chance: random.Random) -> None:
    """Change bytes of the file's first hundred."""
    for _ in range(chance.choice((1, 4, 16))):
        raw[chance.randrange(min(100, len(raw)))] ^= chance.randrange(1, 256)


KINDS: dict[str, Harm] = {
    "flip": flip,
    "zero": zero,
    "garbage": garbage,
    "cut": cut,
    "swap": swap,
    "header": header,
}


def damage(path: Path, kind: str, seed: int) -> None:
    """Damage a file in one of the ways."""
    raw = bytearray(path.read_bytes())
    KINDS[kind](raw, random.Random(f"{kind} {seed}"))
    path.write_bytes(raw)


def zero_page(path: Path, number: int) -> None:
    """Zero one page of a database; the first is 1."""
    raw = bytearray(path.read_bytes())
    size = page_bytes(path)
    at = (number - 1) * size
    raw[at : at + size] = bytes(size)
    path.write_bytes(raw)


def page_bytes(path: Path) -> int:
    """Return the size of a page, as the header of a database tells it."""
    return int.from_bytes(path.read_bytes()[16:18], "big")


@contextmanager
def no_file_above(most_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size, as on a disk that is nearly full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def _page(raw: bytearray, chance: random.Random) -> int:
    return chance.randrange(max(1, len(raw) // PAGE_BYTES)) * PAGE_BYTES
