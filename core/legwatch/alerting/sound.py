"""Which notice of an alert makes its first sound, and which notice makes a further sound.

The transition alone does not show this: after a hold, or when the budget has suppressed a warning,
the first sound comes with a RENOTIFIED notice.
"""

from collections.abc import Iterable, Iterator

from legwatch.alerting.notice import (
    MAY_SOUND,
    Notice,
    Sounding,
    SuppressedBy,
    TransitionKind,
)
from legwatch.events import FactKind, NoticeKind


def with_sounding(notices: Iterable[Notice]) -> Iterator[tuple[Notice, Sounding]]:
    """Yield each notice of one bed with its sounding; `notices` must be in order."""
    sounded: set[tuple[NoticeKind, int | None]] = set()  # episodes that have made a sound
    for notice in notices:
        episode = notice.kind, notice.episode_ms
        if notice.kind is FactKind.OUT and notice.transition is TransitionKind.REPORTED:
            yield notice, Sounding.FIRST  # for those who ask for it
        elif notice.transition not in MAY_SOUND:
            yield notice, Sounding.NO
        elif notice.suppressed_by is not None:
            yield (
                notice,
                Sounding.NOT_YET if notice.suppressed_by is SuppressedBy.HOLD else Sounding.NO,
            )
        else:
            yield notice, Sounding.AGAIN if episode in sounded else Sounding.FIRST
            sounded.add(episode)
