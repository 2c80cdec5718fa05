"""What every trial record of `./run bench fresh` showed and when: how old an answer is."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Final

#: What an answer shows of a record: its version, or None where it is not there.
type State = int | None

#: A name that tells record and version, in JSON and in a tile's strings alike.
_MARK: Final = re.compile(rb"trial ([a-z]+\d+) v(\d+);")


def mark(record: str, version: int) -> str:
    """Return the name of a record in a version."""
    return f"trial {record} v{version};"


def shown(body: bytes, records: Iterable[str]) -> dict[str, State]:
    """Return what a page, a tile or an item shows of some records."""
    found = {name.decode(): int(version) for name, version in _MARK.findall(body)}
    return {record: found.get(record) for record in records}


class Times:
    """States of records over time; a moment is of `time.perf_counter`."""

    def __init__(self, states: Mapping[str, State], at_s: float) -> None:
        self._began = {record: [at_s] for record in states}
        self._states = {record: [state] for record, state in states.items()}

    def state(self, record: str) -> State:
        """Return what holds now."""
        return self._states[record][-1]

    def change(self, record: str, state: State, at_s: float) -> None:
        """Note what holds from a moment on."""
        self._began[record].append(at_s)
        self._states[record].append(state)

    def age_s(self, record: str, state: State, at_s: float) -> float:
        """Return for how long something had not held any more at a moment; 0: it held.

        Raises
        ------
        ValueError
            It has never held until then.
        """
        began, states = self._began[record], self._states[record]
        last = bisect_right(began, at_s) - 1
        for place in range(last, -1, -1):
            if states[place] == state:
                return 0.0 if place == last else at_s - began[place + 1]
        msg = f"{record} was never {state}"
        raise ValueError(msg)
