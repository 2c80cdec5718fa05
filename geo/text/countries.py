"""Country codes of ISO 3166-1 alpha-2, and bounding boxes of the countries of the region."""

from geo.reasons import CodedReason

#: ISO 3166-1 alpha-2, officially assigned (249 codes).
CODES = frozenset(
    # One text of codes is more readable than 249 quoted strings.
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ
    EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW
    GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY
    KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV
    MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM
    ZW
    """.split()  # noqa: SIM905
)

#: West, south, east, north in degrees of each country of the region, islands included, rounded
#: outwards from Natural Earth 1:10m (data/boundaries). Used only to detect swapped coordinates and
#: wrong countries.
BOXES = {
    "AR": (-73.7, -55.2, -53.6, -21.7),
    "AW": (-70.1, 12.4, -69.8, 12.7),
    "BO": (-69.7, -23.0, -57.4, -9.6),
    "BR": (-74.1, -33.8, -28.8, 5.3),
    "CL": (-109.5, -56.0, -66.4, -17.4),
    "CO": (-81.8, -4.3, -66.8, 13.7),
    "CR": (-87.2, 5.4, -82.5, 11.3),
    "CW": (-69.2, 12.0, -68.7, 12.5),
    "DO": (-72.1, 17.5, -68.3, 20.0),
    "EC": (-92.1, -5.1, -75.1, 1.7),
    "GT": (-92.3, 13.7, -88.2, 17.9),
    "GY": (-61.5, 1.1, -56.4, 8.6),
    "HN": (-89.4, 12.9, -83.1, 17.5),
    "HT": (-74.5, 18.0, -71.6, 20.1),
    "MX": (-118.4, 14.5, -86.6, 32.8),
    "NI": (-87.7, 10.7, -82.7, 15.1),
    "PA": (-83.1, 7.1, -77.1, 9.7),
    "PE": (-81.4, -18.4, -68.6, 0.0),
    "PY": (-62.7, -27.7, -54.2, -19.2),
    "SR": (-58.1, 1.8, -53.9, 6.1),
    "SV": (-90.2, 13.1, -87.6, 14.5),
    "TT": (-62.0, 9.9, -60.4, 11.4),
    "UY": (-58.5, -35.0, -53.0, -30.0),
    "VE": (-73.5, 0.6, -59.7, 15.8),
}

#: Box of the whole region, the union of `BOXES`.
REGION = (-118.4, -56.0, -28.8, 32.8)

#: Degrees by which a point may lie outside its country's box, for border bridges and imprecise town
#: centres.
MARGIN = 0.5


def misplacement(lon: float, lat: float, country: str | None = None) -> CodedReason | None:
    """Return what is wrong with an implausible position; None for a plausible position.

    Parameters
    ----------
    lon, lat : float
        Degrees, EPSG:4326.
    country : str or None
        Country that the record states. Without a country the box of the whole region is used, and
        a point outside the box is refused only if its swapped coordinates lie inside.
    """
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):  # noqa: PLR2004 - the whole earth
        if -180 <= lat <= 180 and -90 <= lon <= 90:  # noqa: PLR2004
            return CodedReason("swapped", lon=lon, lat=lat)
        return CodedReason("out_of_range", lon=lon, lat=lat)
    box = BOXES.get(country or "", REGION)
    if _inside(lon, lat, box):
        return None
    if _inside(lat, lon, box):
        return CodedReason("swapped", lon=lon, lat=lat)
    if country in BOXES:
        return CodedReason("outside_country", lon=lon, lat=lat, country=country)
    return None


def _inside(lon: float, lat: float, box: tuple[float, float, float, float]) -> bool:
    west, south, east, north = box
    return west - MARGIN <= lon <= east + MARGIN and south - MARGIN <= lat <= north + MARGIN
