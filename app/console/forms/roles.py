"""Who may open which page of the console, as dependencies that ask `geo.accounts.permissions`."""

from app.access.dependencies import ActorDep
from app.i18n.translation import Words, marked
from geo.accounts import permissions
from geo.accounts.permissions import Actor, Role

#: The roles in words, from least to most.
ROLES = {
    Role.VIEWER: marked("lee como organización de la red"),
    Role.EDITOR: marked("edita los espacios de su organización"),
    Role.APPROVER: marked("aprueba en sus países"),
    Role.COORDINATOR: marked("coordina la región"),
    Role.ADMIN: marked("administra cuentas y accesos"),
}


async def get_coordinator(actor: ActorDep) -> Actor:
    """Return the person who asks, a coordinator or administrator.

    Raises
    ------
    ForbiddenError
        Somebody else.
    """
    permissions.require_coordinate(actor)
    return actor


async def get_auditor(actor: ActorDep) -> Actor:
    """Return the person who asks, who may read the audit chain.

    Raises
    ------
    ForbiddenError
        Somebody else.
    """
    permissions.require_audit(actor)
    return actor


async def get_administrator(actor: ActorDep) -> Actor:
    """Return the person who asks, an administrator.

    Raises
    ------
    ForbiddenError
        Somebody else.
    """
    permissions.require_administer(actor)
    return actor


def role_names(w: Words) -> dict[str, str]:
    """Return the roles by code, in words."""
    return {role.value: w.gettext(text) for role, text in ROLES.items()}
