"""Who may do what: every role against every rule, and nobody decides an own proposal (P23, P40)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.accounts import permissions
from geo.accounts.permissions import Actor, Means, Role
from geo.errors import ForbiddenError, SessionNeededError

COUNTRIES = ("CO", "EC", "PE", "BR")
ORGANIZATIONS = ("cruz", "casa")


def actor(role, **changes):
    made = Actor("ana", "Ana", Role(role), "cruz", frozenset({"CO"}), means=Means.SESSION)
    return replace(made, **changes)


actors = st.builds(
    Actor,
    id=st.sampled_from(["ana", "beto"]),
    name=st.just("X"),
    role=st.sampled_from(Role),
    organization_id=st.sampled_from([None, *ORGANIZATIONS]),
    countries=st.frozensets(st.sampled_from(COUNTRIES)),
    means=st.sampled_from(Means),
)
places = st.sampled_from([None, *COUNTRIES])
owners = st.sampled_from([None, *ORGANIZATIONS])


@pytest.mark.parametrize(
    ("role", "own", "foreign_in_country", "abroad"),
    [
        ("viewer", False, False, False),
        ("editor", True, False, False),
        ("approver", True, True, False),
        ("coordinator", True, True, True),
        ("admin", True, True, True),
    ],
)
def test_who_may_propose_and_close(role, own, foreign_in_country, abroad):
    for can in (permissions.can_propose, permissions.can_close):
        assert can(actor(role), organization_id="cruz", country="EC") is own
        assert can(actor(role), organization_id="casa", country="CO") is foreign_in_country
        assert can(actor(role), organization_id="casa", country="EC") is abroad
        assert can(actor(role, organization_id=None), organization_id=None, country=None) is abroad


@pytest.mark.parametrize(
    ("role", "in_country", "abroad"),
    [
        ("viewer", False, False),
        ("editor", False, False),
        ("approver", True, False),
        ("coordinator", True, True),
        ("admin", False, False),
    ],
)
def test_p40_who_may_approve(role, in_country, abroad):
    assert permissions.can_approve(actor(role), country="CO", proposed_by="beto") is in_country
    assert permissions.can_approve(actor(role), country="CO", proposed_by=None) is in_country
    assert permissions.can_approve(actor(role), country="EC", proposed_by="beto") is abroad
    assert permissions.can_approve(actor(role), country=None, proposed_by="beto") is abroad


def may_review(someone):
    return permissions.is_present(someone) and permissions.can_coordinate(someone)


@given(actors, places)
def test_p23_nobody_decides_an_own_proposal(someone, country):
    someone = replace(someone, means=Means.SESSION)
    assert not permissions.can_approve(someone, country=country, proposed_by=someone.id)
    with pytest.raises(ForbiddenError, match="second person"):
        permissions.require_approve(someone, country=country, proposed_by=someone.id)


@given(actors, places)
def test_p50_a_program_is_no_second_person_whatever_its_role(someone, country):
    program = replace(someone, means=Means.PROGRAM)
    decided = {"country": country, "proposed_by": None}
    for can, require, about in (
        (permissions.can_approve, permissions.require_approve, decided),
        (may_review, permissions.require_review, {}),
        (permissions.can_administer, permissions.require_administer, {}),
        (permissions.can_audit, permissions.require_audit, {}),
        (permissions.is_present, permissions.require_present, {}),
    ):
        assert not can(program, **about)
        with pytest.raises(SessionNeededError):
            require(program, **about)


def test_p50_who_does_not_say_by_what_they_came_is_a_program():
    unsaid = Actor("ana", "Ana", Role.COORDINATOR, None, frozenset())
    assert not permissions.is_present(unsaid)


@given(actors, places, owners)
def test_a_viewer_changes_nothing(someone, country, organization):
    viewer = replace(someone, role=Role.VIEWER)
    assert not permissions.is_staff(viewer)
    assert not permissions.can_propose(viewer, organization_id=organization, country=country)
    assert not permissions.can_close(viewer, organization_id=organization, country=country)
    assert not permissions.can_approve(viewer, country=country, proposed_by=None)
    assert not permissions.can_hide(viewer, country=country)
    assert not permissions.can_coordinate(viewer)
    assert not permissions.can_administer(viewer)
    assert not permissions.can_audit(viewer)


@given(actors, places, owners, st.sampled_from([None, "ana", "beto"]))
def test_each_requirement_refuses_exactly_who_may_not(someone, country, organization, proposed_by):
    record = {"organization_id": organization, "country": country}
    decided = {"country": country, "proposed_by": proposed_by}
    for can, require, about in (
        (permissions.can_propose, permissions.require_propose, record),
        (permissions.can_close, permissions.require_close, record),
        (permissions.can_approve, permissions.require_approve, decided),
        (permissions.can_hide, permissions.require_hide, {"country": country}),
        (permissions.can_coordinate, permissions.require_coordinate, {}),
        (may_review, permissions.require_review, {}),
        (permissions.can_administer, permissions.require_administer, {}),
        (permissions.can_audit, permissions.require_audit, {}),
        (permissions.is_staff, permissions.require_staff, {}),
    ):
        if can(someone, **about):
            require(someone, **about)
        else:
            with pytest.raises(ForbiddenError) as refused:
                require(someone, **about)
            assert someone.id not in str(refused.value).split()


def test_p24_who_may_hide_at_once():
    assert permissions.can_hide(actor("approver"), country="CO")
    assert not permissions.can_hide(actor("approver"), country="EC")
    assert not permissions.can_hide(actor("approver"), country=None)
    assert not permissions.can_hide(actor("editor"), country="CO")
    for role in ("coordinator", "admin"):
        assert permissions.can_hide(actor(role), country=None)
