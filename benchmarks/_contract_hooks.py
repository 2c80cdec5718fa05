"""What `benchmarks.contract` has schemathesis load: counts of answers by operation.

They go to the file that AMPARO_CONTRACT_TALLY names: ``{operation: {status: cases}}``.
"""

import atexit
import json
import os
import threading
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import hypothesis
import schemathesis

# Schemathesis aims at accepted questions by hypothesis' targeting, which then makes each of them
# smaller, again and again: nine tenths of the CPU, for questions that differ in nothing that
# matters. Without it every example is a new one.
hypothesis.target = lambda observation, **_label: observation

_answers: defaultdict[str, Counter[int]] = defaultdict(Counter)
_lock = threading.Lock()


@schemathesis.hook
def after_call(_context: Any, case: Any, response: Any) -> None:  # noqa: ANN401 -- theirs
    """Count one answer."""
    with _lock:
        _answers[case.operation.label][response.status_code] += 1


@atexit.register
def _write() -> None:
    Path(os.environ["AMPARO_CONTRACT_TALLY"]).write_text(json.dumps(_answers), encoding="utf-8")
