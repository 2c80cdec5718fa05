"""What `benchmarks.contract` has schemathesis load: counts of answers by operation, and its judge.

The counts go to the file that AMPARO_CONTRACT_TALLY names: ``{operation: {status: cases}}``. The
file that AMPARO_CONTRACT_PAGES names says what `_contract_judge.pages_of` found.
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
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import AllowHeaderMismatch, UnsupportedMethodResponse

from benchmarks._contract_judge import are_of_pages, is_capped_limit, is_of_page

# Schemathesis aims at accepted questions by hypothesis' targeting, which then makes each of them
# smaller, again and again: nine tenths of the CPU, for questions that differ in nothing that
# matters. Without it every example is a new one.
hypothesis.target = lambda observation, **_label: observation

_answers: defaultdict[str, Counter[int]] = defaultdict(Counter)
_lock = threading.Lock()
_pages = json.loads(Path(os.environ["AMPARO_CONTRACT_PAGES"]).read_text(encoding="utf-8"))


@schemathesis.hook
def after_call(_context: Any, case: Any, response: Any) -> None:  # noqa: ANN401 -- theirs
    """Count one answer."""
    with _lock:
        _answers[case.operation.label][response.status_code] += 1


@schemathesis.hook
def filter_failure(_context: Any, failure: Failure, case: Any, response: Any) -> bool:  # noqa: ANN401 -- theirs
    """Keep a failure, unless the judge knows that it is none."""
    operation = case.operation
    if isinstance(failure, UnsupportedMethodResponse):
        return not is_of_page(_pages, failure.method, operation.path, failure.status_code)
    if isinstance(failure, AllowHeaderMismatch):
        beside = are_of_pages(_pages, failure.undocumented_methods, operation.path)
        return bool(failure.missing_methods) or not beside
    if isinstance(failure, AcceptedNegativeData):
        wrong = {where for where, part in case.meta.components.items() if part.mode.is_negative}
        return wrong != {ParameterLocation.QUERY} or not is_capped_limit(
            operation.path, operation.definition.raw.get("parameters", ()), response.request.url
        )
    return True


@atexit.register
def _write() -> None:
    Path(os.environ["AMPARO_CONTRACT_TALLY"]).write_text(json.dumps(_answers), encoding="utf-8")
