"""What is survived is counted."""

import logging

from legwatch_runtime.error_count import ErrorCount


def test_errors_are_counted_by_module_and_warnings_are_not() -> None:
    count = ErrorCount()
    logger = logging.getLogger("tests.error_count")
    logger.addHandler(count)
    logger.warning("the line is away")
    assert count.counts() == {}
    logger.error("a commit failed")
    logger.critical("the process ends")
    assert count.counts() == {"tests.error_count": 2}
