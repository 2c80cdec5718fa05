"""Sentences of the workbench: figures of a corridor, and how they differ on another day."""

from collections.abc import Sequence
from math import isnan
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.i18n.translation import Words
from app.planning.corridors import DatedFigures, MeasuredCorridor
from routing.corridors.figures import CorridorFigures

#: Share of an area that must have values in a raster for its count to be called complete [A]; not
#: 1, because cells of water have no value.
_WHOLE: Final = 0.98


def said(found: MeasuredCorridor, names: Sequence[str], w: Words) -> list[str]:
    """Return a sentence for each service: number of spaces, longest gap, length beyond a day."""
    now = found.now
    sentences = []
    for number, name in enumerate(names):
        if not now.is_known[number]:
            text = w.gettext("%(service)s: sin datos de ese día.")
            sentences.append(text % {"service": name})
            continue
        text = w.gettext(
            "%(service)s: espacios: %(count)s; tramo más largo sin ninguno: %(longest)s;"
            " km que pasan de un día de camino: %(unmet)s."
        )
        figures = now.figures
        values = {
            "service": name,
            "count": int(figures.supports[number]),
            "longest": w.km(float(figures.longest_m[number])),
            "unmet": w.km(float(figures.unmet_m[number])),
        }
        sentences.append(text % values)
    return sentences


def reconfirmed(found: MeasuredCorridor, names: Sequence[str], w: Words) -> list[str]:
    """Give each service's longest gap on a future day if every space were confirmed until then.

    Empty unless today's confirmation of some space ends before that day.
    """
    figures = found.now.if_reconfirmed
    if figures is None:
        return []
    text = w.gettext("%(service)s, si todos vuelven a confirmar: tramo más largo %(longest)s.")
    return [
        text % {"service": name, "longest": w.km(float(figures.longest_m[number]))}
        for number, name in enumerate(names)
    ]


def compared(found: MeasuredCorridor, names: Sequence[str], w: Words) -> list[str]:
    """Return sentences on what differs between the two days, from the earlier to the later.

    Of a day to come nobody has confirmed most spaces yet. A difference that would go away if they
    were confirmed again is none of the spaces', so what is compared is their state if they are,
    and the spaces not confirmed yet are named beside it.
    """
    if found.compared is None or found.change is None:
        return []
    earlier, later = sorted((found.compared, found.now), key=lambda one: one.on)
    sentences = []
    for number, name in enumerate(names):
        if not (earlier.is_known[number] and later.is_known[number]):
            text = w.gettext("%(service)s: no se puede comparar, un día no tiene datos.")
            sentences.append(text % {"service": name})
            continue
        title = f"{name}, {w.day(earlier.on)} → {w.day(later.on)}"
        if earlier.if_reconfirmed is not None or later.if_reconfirmed is not None:
            title = w.gettext("%(title)s, si todos vuelven a confirmar") % {"title": title}
        sentences.append(_changed(title, earlier.at_best, later.at_best, number, w))
        for day, other in ((earlier, later), (later, earlier)):
            sentences += _alone(found, number, day, other, w)
        for day in (earlier, later):
            sentences += _unconfirmed(found, number, day, w)
    return sentences


def _alone(
    found: MeasuredCorridor, number: int, day: DatedFigures, other: DatedFigures, w: Words
) -> list[str]:
    """Return a sentence naming the spaces that open on ``day`` only; none if there are none."""
    counts = day.reconfirmed.counts[number] & ~other.reconfirmed.counts[number]
    text = w.gettext("Solo el %(day)s: %(names)s.")
    return _naming(found, text, day, counts, w)


def _unconfirmed(found: MeasuredCorridor, number: int, day: DatedFigures, w: Words) -> list[str]:
    """Return a sentence naming the spaces that nobody has confirmed for ``day`` yet, if any."""
    counts = day.reconfirmed.counts[number] & ~day.supports.counts[number]
    text = w.gettext("Sin confirmar todavía para el %(day)s: %(names)s.")
    return _naming(found, text, day, counts, w)


def _naming(
    found: MeasuredCorridor, text: str, day: DatedFigures, counts: NDArray[np.bool_], w: Words
) -> list[str]:
    """Fill a sentence with a day and the names of the spaces that ``counts`` marks, bool [n]."""
    spaces = [found.spaces[column].support.name for column in np.flatnonzero(counts).tolist()]
    return [text % {"day": w.day(day.on), "names": ", ".join(spaces)}] if spaces else []


def residents(found: MeasuredCorridor, w: Words) -> list[str]:
    """Return sentences on the people who live near: by the operator's raster, else by towns."""
    raster, people = found.by_raster, found.people.people
    source, notes = w.gettext("poblaciones de GeoNames"), []
    if raster is not None and raster.people is not None:
        source, people = raster.source, raster.people.people
        # A note instead of the share of known area, because pages show no percentages (P46).
        if raster.people.known_share.min() < _WHOLE:
            notes.append(
                w.gettext("Ese mapa de población no cubre todo: puede haber más personas.")
            )
    else:
        if raster is not None:
            notes.append(w.gettext("El mapa de población del servidor no se pudo usar aquí."))
        notes.append(
            w.gettext("Es una estimación: cada ciudad se reparte en un círculo desde su centro.")
        )
    bands = [
        f"{w.km(m)}: {w.gettext('no se sabe') if isnan(count) else w.integer(rounded(count))}"
        for m, count in zip(found.people.within_m.tolist(), people.tolist(), strict=True)
    ]
    text = w.gettext(
        "Personas que viven cerca, por distancia al corredor: %(bands)s. Fuente: %(source)s."
    )
    return [text % {"bands": "; ".join(bands), "source": source}, *notes]


def rounded(people: float) -> float:
    """Round a number of people to two digits: an estimate is no count."""
    return float(f"{people:.2g}")


def tried(found: MeasuredCorridor, names: Sequence[str], w: Words) -> list[str]:
    """Return sentences on what the trial spaces change, for each service."""
    change = found.what_if
    if change is None:
        return []
    title = w.gettext("%(service)s, con los espacios de prueba")
    return [
        _changed(title % {"service": name}, change.before, change.after, number, w)
        for number, name in enumerate(names)
        if found.now.is_known[number]
    ]


def _changed(
    title: str, before: CorridorFigures, after: CorridorFigures, number: int, w: Words
) -> str:
    text = w.gettext(
        "%(title)s: tramo más largo %(longest_before)s → %(longest_after)s; km que pasan de un"
        " día de camino %(unmet_before)s → %(unmet_after)s; espacios %(before)s → %(after)s."
    )
    return text % {
        "title": title,
        "longest_before": w.km(float(before.longest_m[number])),
        "longest_after": w.km(float(after.longest_m[number])),
        "unmet_before": w.km(float(before.unmet_m[number])),
        "unmet_after": w.km(float(after.unmet_m[number])),
        "before": int(before.supports[number]),
        "after": int(after.supports[number]),
    }
