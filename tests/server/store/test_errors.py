"""Which error of SQLite is the store's, and which that of the values."""

import sqlite3

import pytest

from legwatch_server.store.connection import translated
from legwatch_server.store.errors import StoreError, ValuesRefused, of_the_store

OF_THE_STORE = [
    sqlite3.OperationalError("disk I/O error"),
    sqlite3.OperationalError("database or disk is full"),
    sqlite3.OperationalError("database is locked"),
    sqlite3.DatabaseError("database disk image is malformed"),
]
OF_THE_VALUES = [
    sqlite3.InterfaceError("Error binding parameter 3"),
    sqlite3.DataError("string or blob too big"),
    sqlite3.IntegrityError("NOT NULL constraint failed"),
]


@pytest.mark.parametrize("error", OF_THE_STORE, ids=str)
def test_a_retry_may_help_where_the_store_is_at_fault(error: Exception) -> None:
    with pytest.raises(StoreError, match=str(error)) as found, translated():
        raise error
    assert of_the_store(found.value)


@pytest.mark.parametrize("error", OF_THE_VALUES, ids=str)
def test_no_retry_helps_where_the_values_are_at_fault(error: Exception) -> None:
    with pytest.raises(ValuesRefused, match=str(error)) as found, translated():
        raise error
    assert not of_the_store(found.value)


def test_the_machine_may_be_at_fault_too() -> None:
    assert of_the_store(OSError(5, "Input/output error"))
    assert of_the_store(MemoryError())
    assert not of_the_store(ZeroDivisionError())
