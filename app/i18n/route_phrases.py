"""Phrases about a route (P13, P32, P46), which never call a route "safe".

All are safety texts. Spanish is the reviewed original, and a translation into another language has
a label until a person has reviewed it (P47).
"""

from dataclasses import dataclass

#: Notice that every response about a route has to show (P13).
NOTICE = (
    "Información orientativa con los datos que se indican. No invita a viajar ni a quedarse, "
    "y no promete que el camino esté libre de peligros. Pedir protección es un derecho."
)

#: Sentence that every refusal of a route because of a border crossing has to contain (P32).
CLOSURE_IS_NOT_THE_END = (
    "Un cierre no termina el derecho a pedir protección: puede pedirla a las autoridades o "
    "en el espacio de apoyo más cercano."
)

#: Warning beside every picture of a sketch network: it does not serve for navigation.
SKETCH = (
    "Esquema ilustrativo, no sirve para navegar: líneas rectas entre poblaciones y distancias "
    "aproximadas."
)

DEMO = "DEMO: datos ficticios de demostración. No viaje a estos lugares."


def notice(*, is_demo: bool) -> str:
    """Return the notice for responses about roads or places (P13).

    For demo data the notice begins with the DEMO warning (P35).
    """
    return f"{DEMO} {NOTICE}" if is_demo else NOTICE


#: Altitude in metres from which a route is described as high and cold: the Wilderness Medical
#: Society's threshold of moderate risk (2019 guidelines; algorithms.md section 1).
HIGH_M = 2_800.0

#: The altitude `HIGH_M` in Spanish digits, for texts.
HIGH_WORDS = "2.800"

#: Length in metres above which a stretch without help comes with the advice to look for transport:
#: an adult's day on foot (25 km, an assumption; algorithms.md section 3).
LONG_STRETCH_M = 25_000.0


def kilometres(length_m: float) -> str:
    """Write a length in whole kilometres, or in metres below one kilometre."""
    metres_per_km = 1_000
    if length_m >= metres_per_km:
        return f"{length_m / metres_per_km:.0f} km"
    return f"{length_m:.0f} m"


@dataclass(frozen=True, slots=True)
class GapAdvice:
    """Description of a stretch without support spaces, and advice to the traveller.

    Attributes
    ----------
    missing
        Length of the stretch and what it lacks: "47 km sin ningún lugar para dormir".
    warnings
        Advice: "Pregunte por transporte"; empty if there is none.
    """

    missing: str
    warnings: str = ""

    def __str__(self) -> str:
        """Join the description and the advice."""
        return ". ".join(filter(None, (self.missing, self.warnings)))


def gap_advice(
    length_m: float, highest_m: float | None, *, overnight: bool = True, on_foot: bool = True
) -> GapAdvice:
    """Describe a stretch without support spaces to the person who walks it (P46).

    Parameters
    ----------
    length_m : float
        Length of the stretch along the road, metres.
    highest_m : float or None
        Altitude of the highest point of the stretch, metres above sea level; None if unknown.
    overnight : bool
        Whether the stretch lacks spaces for the night (True) or any open space (False).
    on_foot : bool
        Whether the person walks; drivers are not advised to ask for transport.
    """
    missing = "ningún lugar para dormir" if overnight else "ningún espacio de apoyo abierto"
    warnings = []
    if highest_m is not None and highest_m >= HIGH_M:
        warnings.append(f"Sube a más de {HIGH_WORDS} m: hace mucho frío de noche")
    if on_foot and length_m > LONG_STRETCH_M:
        warnings.append("Pregunte por transporte")
    return GapAdvice(f"{kilometres(length_m)} sin {missing}", ". ".join(warnings))


def by_schedule(state: str, doubt: str | None) -> str:
    """Word whether a space is open; a known state is always "according to its schedule" (P43)."""
    if state == "not_known":
        if doubt == "holiday":
            return "es festivo y no se sabe si abre: llame antes"
        return "no se conoce su horario: pregunte antes de ir"
    return "según su horario, abierto" if state == "open" else "según su horario, cerrado"
