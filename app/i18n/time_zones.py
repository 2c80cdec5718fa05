"""Names of time zones as people say them: by their city."""

from babel.dates import get_timezone_location

from app.i18n.translation import Words


def zone_name(w: Words, timezone: str) -> str:
    """Name a time zone (IANA name) by its city in a language: "Bogotá", "Manaos"; "UTC" stays."""
    if timezone == "UTC":
        return timezone
    city = get_timezone_location(timezone, locale=w.locale, return_city=True)
    return city.rpartition("/")[2]
