"""The console's menu: its entries in five groups, and which of them a person may open."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.access.identity import CONSOLE
from app.http.middleware import is_below
from app.i18n.translation import marked
from geo.accounts import permissions
from geo.accounts.permissions import Actor


@dataclass(frozen=True)
class NavigationEntry:
    """One entry of the menu.

    Parameters
    ----------
    path, title
        Target path, and Spanish title.
    is_for
        Function that says whether a person may open the page; the page itself checks each action.
    also
        Further path prefixes under which the entry is highlighted.
    """

    path: str
    title: str
    is_for: Callable[[Actor], bool] = permissions.is_staff
    also: Sequence[str] = ()

    def covers(self, path: str) -> bool:
        """Return whether a page belongs to the entry."""
        return any(is_below(path, top) for top in (self.path, *self.also))


@dataclass(frozen=True)
class NavigationGroup:
    """Entries of the menu that belong together, under one heading that opens them."""

    title: str
    entries: tuple[NavigationEntry, ...]


#: Menu entry of the console's first page, which belongs to no group.
HOME = NavigationEntry(CONSOLE, marked("Inicio"))

#: Groups in the order of a day's work; each new page of the console adds an entry to one.
NAVIGATION = (
    NavigationGroup(
        marked("En espera"),
        (
            NavigationEntry(
                f"{CONSOLE}/queue",
                marked("Cambios por revisar"),
                also=(f"{CONSOLE}/proposals", f"{CONSOLE}/reports"),
            ),
            NavigationEntry(f"{CONSOLE}/expiring", marked("Por vencer")),
            NavigationEntry(f"{CONSOLE}/links", marked("Enlaces sin respuesta")),
            NavigationEntry(f"{CONSOLE}/duplicates", marked("Duplicados")),
            NavigationEntry(
                f"{CONSOLE}/voices", marked("Quejas y rumores"), permissions.can_coordinate
            ),
        ),
    ),
    NavigationGroup(
        marked("Espacios"),
        (
            NavigationEntry(f"{CONSOLE}/spaces", marked("Espacios"), also=(f"{CONSOLE}/bulk",)),
            NavigationEntry(f"{CONSOLE}/visits", marked("Visitas")),
            NavigationEntry(f"{CONSOLE}/imports", marked("Importar")),
            NavigationEntry(f"{CONSOLE}/crossings", marked("Pasos fronterizos")),
            NavigationEntry(
                f"{CONSOLE}/corridors", marked("Corredores"), also=(f"{CONSOLE}/siting",)
            ),
            NavigationEntry(f"{CONSOLE}/hides", marked("Ocultar de urgencia")),
        ),
    ),
    NavigationGroup(
        marked("Orientación"),
        (
            NavigationEntry(f"{CONSOLE}/guidance", marked("Mensajes y contactos")),
            NavigationEntry(f"{CONSOLE}/wording", marked("Textos de seguridad")),
            NavigationEntry(f"{CONSOLE}/standards", marked("Estándares mínimos")),
        ),
    ),
    NavigationGroup(
        marked("Red"),
        (
            NavigationEntry(f"{CONSOLE}/organizations", marked("Organizaciones")),
            NavigationEntry(
                f"{CONSOLE}/vocabulary", marked("Vocabularios"), permissions.can_coordinate
            ),
            NavigationEntry(
                f"{CONSOLE}/people", marked("Personas y accesos"), permissions.can_administer
            ),
            NavigationEntry(f"{CONSOLE}/audit", marked("Auditoría"), permissions.can_audit),
        ),
    ),
    NavigationGroup(
        marked("Mi cuenta"),
        (
            NavigationEntry(f"{CONSOLE}/tokens", marked("Mis claves")),
            NavigationEntry(f"{CONSOLE}/factor", marked("Códigos para entrar")),
        ),
    ),
)


def groups_for(actor: Actor) -> tuple[NavigationGroup, ...]:
    """Return the groups of the menu with the entries that a person may open."""
    shown = (
        NavigationGroup(group.title, tuple(one for one in group.entries if one.is_for(actor)))
        for group in NAVIGATION
    )
    return tuple(group for group in shown if group.entries)


def entry_of(path: str) -> str:
    """Return the path of the entry that covers a page most closely, or an empty text."""
    entries = (HOME, *(one for group in NAVIGATION for one in group.entries))
    return max((one.path for one in entries if one.covers(path)), key=len, default="")
