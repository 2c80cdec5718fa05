"""Readers-writer lock: many threads search a metric, or one updates it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class ReadWriteLock:
    """Readers-writer lock in which a waiting writer goes before readers that arrive later.

    Not re-entrant: a thread that holds the lock for reading must not acquire it again, neither to
    write nor to read.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._readers = 0
        self._writers_waiting = 0
        self._writing = False

    def __enter__(self) -> None:
        """Acquire the lock for reading."""
        with self._changed:
            while self._writing or self._writers_waiting:
                self._changed.wait()
            self._readers += 1

    def __exit__(self, *_exception: object) -> None:
        """Release the lock after reading."""
        with self._changed:
            self._readers -= 1
            if self._readers == 0 and self._writers_waiting:
                self._changed.notify_all()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock for writing, which excludes all readers and other writers."""
        with self._changed:
            self._writers_waiting += 1
            try:
                while self._writing or self._readers:
                    self._changed.wait()
            finally:
                self._writers_waiting -= 1
            self._writing = True
        try:
            yield
        finally:
            with self._changed:
                self._writing = False
                self._changed.notify_all()
