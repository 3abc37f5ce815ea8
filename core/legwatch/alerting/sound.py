"""Which notice of an alert makes its first sound, and which makes one again.

`what` does not tell: a warning that waited for a natural movement, or for which the night had no
wake-up left, is `repeated` when it sounds for the first time.
"""

from collections.abc import Iterable, Iterator

from legwatch.alerting.notice import ALARMS, Held, Notice, Sounds
from legwatch.events import Kind


def sounded(notices: Iterable[Notice]) -> Iterator[tuple[Notice, Sounds]]:
    """Yield each notice of one bed, in order, with how it sounds by what was said before it."""
    heard: set[tuple[Kind, int | None]] = set()  # episodes that have made a sound
    for notice in notices:
        episode = notice.kind, notice.episode_ms
        if notice.what not in ALARMS:
            yield notice, Sounds.NO
        elif notice.held is not None:
            yield notice, Sounds.NOT_YET if notice.held is Held.WAITING else Sounds.NO
        else:
            yield notice, Sounds.AGAIN if episode in heard else Sounds.FIRST
            heard.add(episode)
