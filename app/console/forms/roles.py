"""FastAPI dependencies that restrict console pages to roles, after `geo.accounts.permissions`."""

from app.access.dependencies import ActorDep
from app.i18n.translation import Words, marked
from geo.accounts import permissions
from geo.accounts.permissions import Actor, Role

#: Names of the roles, in order of increasing rights.
ROLES = {
    Role.VIEWER: marked("lee como organización de la red"),
    Role.EDITOR: marked("edita los espacios de su organización"),
    Role.APPROVER: marked("aprueba en sus países"),
    Role.COORDINATOR: marked("coordina la región"),
    Role.ADMIN: marked("administra cuentas y accesos"),
}


async def get_coordinator(actor: ActorDep) -> Actor:
    """Return the signed-in person, who must be a coordinator or administrator.

    Raises
    ------
    ForbiddenError
        If the person has another role.
    """
    permissions.require_coordinate(actor)
    return actor


async def get_auditor(actor: ActorDep) -> Actor:
    """Return the signed-in person, who must be allowed to read the audit chain.

    Raises
    ------
    ForbiddenError
        If the person may not read the audit chain.
    """
    permissions.require_audit(actor)
    return actor


async def get_administrator(actor: ActorDep) -> Actor:
    """Return the signed-in person, who must be an administrator.

    Raises
    ------
    ForbiddenError
        If the person has another role.
    """
    permissions.require_administer(actor)
    return actor


def role_names(w: Words) -> dict[str, str]:
    """Return the names of the roles by code."""
    return {role.value: w.gettext(text) for role, text in ROLES.items()}
