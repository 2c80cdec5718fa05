"""Country codes by the country names that files and people write."""

from geo.text.countries import CODES
from geo.text.normalize import folded

#: ISO 3166-1 alpha-3 code and folded names in Spanish, Portuguese, English and French, by alpha-2
#: code, for the countries with a bounding box in `geo.text.countries`.
_NAMES = {
    "AR": "arg|argentina|argentine",
    "AW": "abw|aruba",
    "BO": "bol|bolivia|estado plurinacional de bolivia|bolivie",
    "BR": "bra|brasil|brazil|bresil",
    "CL": "chl|chile|chili",
    "CO": "col|colombia|colombie",
    "CR": "cri|costa rica",
    "CW": "cuw|curazao|curacao",
    "DO": "dom|republica dominicana|dominican republic|republique dominicaine",
    "EC": "ecu|ecuador|equador|equateur",
    "GT": "gtm|guatemala",
    "GY": "guy|guyana",
    "HN": "hnd|honduras",
    "HT": "hti|haiti",
    "MX": "mex|mexico|mexique",
    "NI": "nic|nicaragua",
    "PA": "pan|panama",
    "PE": "per|peru|perou",
    "PY": "pry|paraguay|paraguai",
    "SR": "sur|surinam|suriname",
    "SV": "slv|el salvador|salvador",
    "TT": "tto|trinidad y tobago|trinidad e tobago|trinidad and tobago|trinidad y tabago",
    "UY": "ury|uruguay|uruguai",
    "VE": "ven|vzla|venezuela|republica bolivariana de venezuela",
}
#: Names of countries outside the region that files of the region state, by alpha-2 code. No name is
#: also that of a town of the region.
_ELSEWHERE = {
    "BZ": "belice|belize",
    "CA": "canada",
    "CU": "cuba",
    "DM": "dominica|dominique",
    "ES": "espana|spain|espanha|espagne",
    "FR": "francia|france",
    "GF": "guayana francesa|guiana francesa|french guiana|guyane|guyane francaise",
    "IT": "italia|italy|italie",
    "JM": "jamaica|jamaique",
    "PT": "portugal",
    "US": "usa|ee uu|eeuu|ee.uu.|ee. uu.|estados unidos|united states|etats-unis|etats unis|"
    "estados unidos de america|united states of america",
}
_BY_NAME = {
    name: code for code, names in (_NAMES | _ELSEWHERE).items() for name in names.split("|")
}

#: Country code by each name of the region's countries that may be shortened ("Hond."). Left out are
#: names that begin with "republica", "estado" or "dominican", which are ambiguous when shortened.
_BEGUN = {
    name: code
    for code, names in _NAMES.items()
    for name in names.split("|")[1:]
    if not name.startswith(("republi", "estado", "dominican"))
}
#: Texts that mean a part of a country ("sur", the south) unless written in capitals: SUR is the
#: alpha-3 code of Suriname.
_NO_SHORT = {"sur"}


#: Minimum number of letters of a shortened name: "GUA", "HON".
_SHORTEST = 3


def country_code(value: str, *, is_shortened: bool = False) -> str:
    """Return the ISO 3166-1 alpha-2 code of a country name or code; any other text unchanged.

    Underscores are read as blanks, since survey programs write "costa_rica". The validation of
    records later refuses a text that is no country code.

    Parameters
    ----------
    is_shortened : bool
        Whether the beginning of a name is accepted too, if only one country has such a name: "GUA",
        "Hond.". For columns that hold countries only.
    """
    if value.upper() in CODES:
        return value.upper()
    name = folded(value.replace("_", " "))
    if name.rstrip(".") in _NO_SHORT and not value.isupper():
        return value
    if name in _BY_NAME or not is_shortened:
        return _BY_NAME.get(name, value)
    name = name.rstrip(".")
    begun = {code for whole, code in _BEGUN.items() if whole.startswith(name)}
    return begun.pop() if len(name) >= _SHORTEST and len(begun) == 1 else value
