"""Offline use of the web pages: service worker, list of its cached files, web app manifest."""

import re
from functools import cache
from hashlib import sha256
from typing import Any, Final

import orjson

from app.http.assets import STATIC_FOLDER, asset_content, asset_url, module_urls, vendored_url
from app.i18n.translation import words
from geo.text.languages import LANGUAGES

#: Small files that pages need offline; the service worker caches them when a browser opens a page
#: of the site for the first time.
_SHELL: Final = (
    "page.css", "page.js", "page-exit.js", "offline.css", "offline.js", "icon.svg",
    "page-waiting.js", "crossings.js", "space.css", "plan.css", "report.css", "report.js",
    "outbox.js", "icons.svg", "listen.js",
)  # fmt: skip

#: Pages that open offline, each cached per language; `/offline` is the document from which
#: `static/offline.js` draws every other public page.
_PAGES: Final = ("/offline", "/report")

#: Modules of the map; cached when the map is first shown or an offline pack is downloaded. The
#: module of the landscape is among them although the basemap has no landscape: where an
#: OpenStreetMap extract is imported, the map loads landscape tiles from the server.
_MAP: Final = ("map.js", "style.js", "landscape.js", "map.css", "relief.webp")

#: Modules for route searches on streets; cached when a phone downloads streets.
_STREETS: Final = ("street-page.js", "street-worker.js")

#: Sides of the icons in pixels, as `app.drawings.install_icon` makes them.
_ICON_SIDES: Final = (192, 512)

#: Wrapper by which `outbox.js`, the pages' code that sends stored reports, is inlined in the
#: service worker: not every browser supports modules in service workers.
_SENDING: Final = b"const { sendUnseen } = (() => {\n%s\nreturn { sendUnseen };\n})();\n"
_EXPORT: Final = re.compile(rb"^export ", re.MULTILINE)


@cache
def service_worker() -> bytes:
    """Return the script of the service worker, including the list of files for it to cache.

    A release with changed files has a different script, which makes the browser install the update.
    """
    files = sorted({url for path in _SHELL for url in module_urls(path)})
    script = _SENDING % _EXPORT.sub(b"", asset_content("outbox.js"))
    script += (STATIC_FOLDER / "sw.js").read_bytes()
    release = sha256(orjson.dumps(files) + script).hexdigest()[:12]
    given = {"release": release, "files": files, "pages": _PAGES, "languages": tuple(LANGUAGES)}
    return b"const GIVEN = " + orjson.dumps(given) + b";\n" + script


@cache
def map_files() -> tuple[str, ...]:
    """Return the URLs of the scripts and styles that the map needs offline."""
    own = {url for path in _MAP for url in module_urls(path)}
    return (
        *sorted(own),
        vendored_url("ol", ".js"),
        vendored_url("ol", ".css"),
        vendored_url("pmtiles", ".js"),
    )


@cache
def street_files() -> tuple[str, ...]:
    """Return the URLs of the scripts that find ways over streets offline."""
    return tuple(sorted({url for path in _STREETS for url in module_urls(path)}))


def manifest(lang: str) -> dict[str, Any]:
    """Return the web application manifest (W3C) in a language.

    The installed app has the name and the icon of a map, because a person may be forced to show the
    phone (P37).
    """
    name = words(lang).gettext("Mapa")
    return {
        "name": name,
        "short_name": name,
        "lang": lang,
        "start_url": f"/?lang={lang}",
        "scope": "/",
        "display": "minimal-ui",
        "background_color": "#f2f5f5",
        "theme_color": "#0b5c6b",
        "icons": [
            {
                "src": asset_url(f"install-{side}.png"),
                "sizes": f"{side}x{side}",
                "type": "image/png",
                "purpose": purpose,
            }
            for side in _ICON_SIDES
            for purpose in ("any", "maskable")
        ],
    }
