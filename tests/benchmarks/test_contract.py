"""What `./run bench contract` makes of a document, and of what schemathesis reports."""

import json

from benchmarks.contract import Run, operations_of

DOCUMENT = {
    "paths": {
        "/hides": {
            "parameters": [],
            "get": {"responses": {"200": {}, "403": {}}},
            "post": {"responses": {"201": {}, "403": {}}},
        },
        "/legend": {"get": {"responses": {"200": {}}}},
    }
}


def test_operations_are_told_apart_by_whom_they_are_for():
    assert operations_of(DOCUMENT, "") == {
        "GET /hides": True,
        "POST /hides": True,
        "GET /legend": False,
    }
    assert operations_of(DOCUMENT, "^/leg") == {"GET /legend": False}


def test_failures_and_server_errors_are_of_their_operation(tmp_path):
    failures = [{"title": "Undocumented status code", "operations": ["GET /hides"]}]
    report = {"failures": failures, "errors": [{"title": "Server Unavailable"}]}
    (tmp_path / "report.json").write_text(json.dumps(report))
    tally = {"GET /hides": {"200": 3, "418": 1}, "GET /legend": {"200": 2, "503": 1}}
    (tmp_path / "tally.json").write_text(json.dumps(tally))
    gone, hides, legend = Run(tmp_path, "http://127.0.0.1:1", []).outcomes()
    assert gone.failures == ("Server Unavailable",)
    assert (hides.cases, hides.server_errors) == (4, 0)
    assert hides.failures == ("Undocumented status code",)
    assert (legend.cases, legend.server_errors, legend.failures) == (3, 1, ())
