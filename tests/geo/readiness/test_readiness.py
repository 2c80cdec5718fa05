"""The way from the demonstration to own data, and rows that load and do nothing."""

from datetime import timedelta

import pytest

from geo import models
from geo.db.sessions import Tier
from geo.readiness.silent import silent_records
from geo.readiness.steps import is_complete, read_steps
from geo.records import demo_rows
from geo.records.file_kinds import KINDS
from geo.records.silent_rows import REASONS, remarks_on, silent_reason
from tests.conftest import opened
from tests.docs.test_formats import TODAY, read_examples
from tests.fixtures.clock import run_now

BY_NAME = {kind.name: kind for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_example_of_the_page_of_formats_does_nothing(kind):
    found = [silent_reason(row, rows, TODAY) for row, rows in read_examples(kind)]
    assert found == [None] * len(found)


@pytest.mark.parametrize(
    ("kind", "changes", "reason"),
    [
        ("hazards", {"approved_at": None}, "unapproved"),
        ("hazards", {"valid_to": "2026-11-28T00:00:00Z"}, "over"),
        ("hazards", {"visibility": None}, "restricted"),
        ("crossing statuses", {"valid_to": "2026-11-28"}, "over"),
        ("crossing statuses", {"valid_from": "2026-12-01"}, "not_begun"),
        ("contacts", {"expires_on": "2026-11-28"}, "expired"),
        ("messages", {"reviewed_by": None}, "draft"),
        ("products", {"valid_to": "2026-11-28"}, "over"),
        ("pathways", {"expires_on": "2026-11-28"}, "expired"),
        ("spaces", {"expires_on": "2026-11-28"}, "expired"),
        ("spaces", {"schedules": None, "byday": None, "opens_at": None, "closes_at": None},
         "no_schedule"),
        ("spaces", {"status": "closed", "schedules": None, "byday": None, "opens_at": None,
                    "closes_at": None}, None),
        ("spaces", {"visibility": "restricted"}, None),
        ("places", {"population": None}, None),
    ],
)  # fmt: skip
def test_a_row_that_does_nothing_is_named_with_what_to_do(kind, changes, reason):
    read = [one for one in read_examples(BY_NAME[kind], changes) if not one[0].problems]
    assert read
    found = [silent_reason(row, rows, TODAY) for row, rows in read]
    assert set(found) == {reason}
    if reason is not None:
        (said,) = remarks_on("file.csv", [(reason, line) for line in range(2, 9)])
        assert said == f"file.csv:2,3,4,5,6 and 2 more: {REASONS[reason]}"


def test_p36_a_human_threat_of_one_source_is_named():
    row, rows = read_examples(BY_NAME["hazards"], {"independent_sources": 1})[1]
    assert silent_reason(row, rows, TODAY) == "one_source"


async def test_welcome_names_every_crossing_as_missing_after_the_demonstration_leaves(
    loaded_clone, settings_for
):
    today = run_now().date()
    async with (
        opened(settings_for(loaded_clone)) as database,
        database.session(Tier.WRITER) as session,
    ):
        before = {
            step.key: step for step in await read_steps(session, today=today, copied_on=today)
        }
        assert not before["demo"].is_done
        await demo_rows.remove_demo(session)
        steps = await read_steps(session, today=today, copied_on=today - timedelta(days=8))
        after = {step.key: step for step in steps}
        assert after["demo"].is_done
        assert not is_complete(steps)
        assert after["crossings"].figures == {"known": 0, "all": 37}
        assert [key for key, step in after.items() if step.is_needed and not step.is_done] == [
            "organization", "people", "second_person", "spaces", "crossings", "contacts", "roads",
            "copy",
        ]  # fmt: skip
        (crossings,) = [
            one for one in await silent_records(session, today) if one.reason == "no_hours"
        ]
        assert crossings.count == 37
        session.add(
            models.CrossingStatus(
                id="s", crossing_id="X-BOLIVAR", state="open", valid_from=today,
                timezone="America/Bogota", byday=["MO"], source="test",
            )
        )  # fmt: skip
        await session.flush()
        known = {step.key: step for step in await read_steps(session, today=today, copied_on=None)}
        assert known["crossings"].is_done
        assert not known["copy"].is_done
