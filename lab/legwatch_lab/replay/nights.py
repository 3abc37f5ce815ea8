"""Play all nights of a call, a few or short ones here and many on all cores, with progress."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from legwatch_lab.replay.play import Piece, Play, play, played
from legwatch_runtime.replay_file import LONG_BYTES

FEW = 8  # for fewer nights, it takes longer to start another Python than to play them


def pieces(paths: Sequence[Path], how: Play, jobs: int) -> Generator[tuple[Path, Iterable[Piece]]]:
    """Yield each file with the output about it; the order does not depend on `jobs`."""
    if jobs == 1 or len(paths) < 2 or not _is_much(paths):
        for path in paths:
            yield path, play(path, how)
        return
    from legwatch_lab.side_by_side import in_order  # noqa: PLC0415 - few nights do not need it

    with closing(in_order(partial(played, how=how), paths, jobs)) as nights:
        yield from zip(paths, nights, strict=True)


def _is_much(paths: Sequence[Path]) -> bool:
    return len(paths) >= FEW or sum(map(_bytes, paths)) >= LONG_BYTES


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # playing it tells why
