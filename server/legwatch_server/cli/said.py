"""What a notice said: to the sleeper, and to carers, who read the same in other words."""

from collections.abc import Iterator, Mapping

from legwatch.oncall.people import CARER, Person, watchers
from legwatch.text.message import of_no_broker, text
from legwatch_server.store.records import NoticeRecord


def lines(record: NoticeRecord, bed: str, people: Mapping[str, Person]) -> Iterator[str]:
    """Yield what people were told; if nobody was, the words for those who watch the bed."""
    told = {step.person for step in record.steps} or set(watchers(people, bed))
    carers = {name for name in told if name in people and people[name].role == CARER}
    to_carers = _to_carers(record) if carers else record.text
    if told != carers or to_carers == record.text:
        yield f"Said: {record.text}"
    if to_carers != record.text:
        yield f"Said{'' if told == carers else ' to carers'}: {to_carers}"


def _to_carers(record: NoticeRecord) -> str:
    """Return the words for carers beside those that are stored, which are the sleeper's.

    An older version has stored other words: those for its carers are not known.
    """
    for notice in (record.notice, of_no_broker(record.notice)):
        if text(notice) == record.text:
            return text(notice, carer=True)
    return record.text
