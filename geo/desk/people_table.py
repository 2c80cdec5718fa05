"""The table of accounts, for administrators."""

from sqlalchemy import case, func, select

from geo.desk.table_rows import RowSet, equals, one_of_these
from geo.models import Organization, Person

#: Values of the column that says whether a person can sign in: ``active``; ``invited``, if the
#: person has neither a password nor an account of the identity provider yet; ``shut``, if an
#: administrator deactivated the person.
ACCESS_STATES = ("active", "invited", "shut")


def people_rows() -> RowSet:
    """Return the row set of the accounts (writer session).

    The caller checks that the person is an administrator.
    """
    signs_in = Person.password_hash.is_not(None) | Person.oidc_subject.is_not(None)
    access = case((~Person.active, "shut"), (~signs_in, "invited"), else_="active")
    rows = (
        select(
            *(Person.id, Person.name, Person.email, Person.role, Person.countries),
            *(Person.language, Person.created_at),
            Organization.name.label("organization"),
            access.label("access"),
        )
        .outerjoin(Organization, Organization.id == Person.organization_id)
        .subquery("accounts")
    )
    c = rows.c
    return RowSet(
        rows,
        "id",
        ("name", "email", "organization"),
        ("name", "email", "role", "organization", "language", "access", "created_at"),
        {
            "role": equals(c.role),
            "access": one_of_these({code: c.access == code for code in ACCESS_STATES}, "access"),
            # Countries in which an approver decides; other roles do not depend on countries.
            "country": lambda value: func.array_position(c.countries, value).is_not(None),
        },
    )
