"""What an error of the database's means is told by its state, in whatever language it speaks."""

import pytest

from geo.db.outages import outage_of
from geo.errors import DatabaseUnavailableError, DiskFullError


class ToldError(Exception):
    """An error of the driver's: its words are those of the server's language."""

    def __init__(self, sqlstate):
        super().__init__("ERROR: se cancela la sentencia por un conflicto con la recuperación")
        self.sqlstate = sqlstate


@pytest.mark.parametrize("state", ["57014", "57P01", "08006", "53300", "40001"])
def test_a_reader_is_told_of_an_outage_by_its_state(state):
    assert type(outage_of(ToldError(state))) is DatabaseUnavailableError


@pytest.mark.parametrize("state", ["40001", "23505", "42P01"])
def test_what_a_writer_asked_wrongly_is_no_outage(state):
    # Two writers at once: the primary, where writers are, takes no part in a standby's conflicts.
    assert outage_of(ToldError(state), is_writer=True) is None


def test_a_full_disk_is_told_apart():
    assert type(outage_of(ToldError("53100"))) is DiskFullError


def test_what_has_no_state_is_no_outage():
    assert outage_of(ValueError("57014: conflict with recovery")) is None
