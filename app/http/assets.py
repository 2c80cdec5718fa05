"""Addresses of the page's own files: each carries a digest, so that caches never serve old ones."""

import re
from functools import cache
from hashlib import sha256
from pathlib import Path

STATIC_FOLDER = Path(__file__).parents[1] / "static"

STATIC_URL = "/static"
"""Where the application mounts `STATIC_FOLDER`."""


class AssetError(LookupError):
    """A file of the page is missing; the message says which and how to make it."""


#: What one module of the page imports of another, beside it.
_IMPORT = re.compile(rb"(?<=from '\./)([a-z-]+\.js)(?=')")


#: The same in the file as it is served.
_IMPORTED = re.compile(rb"(?<=from '\./)([a-z-]+\.js)(?=\?v=[0-9a-f]+')")


#: Comments that have lines of their own, where they are told from anything else: they are a
#: quarter of what a phone would load, and are for who reads the repository.
_COMMENTS = {
    ".css": re.compile(rb"^[ \t]*/\*.*?\*/[ \t]*\n", re.MULTILINE | re.DOTALL),
    ".js": re.compile(rb"^[ \t]*(?://[^\n]*|/\*\*.*?\*/)\n", re.MULTILINE | re.DOTALL),
}


@cache
def asset_content(path: str) -> bytes:
    """Return a static file as it is served: our own without comments.

    What a module imports of the others is named with their digests, so that a new release never
    runs with an old half of itself.

    Parameters
    ----------
    path
        Path below `STATIC_FOLDER`, such as `page.css`.

    Raises
    ------
    AssetError
        When there is no such file.
    """
    try:
        content = (STATIC_FOLDER / path).read_bytes()
    except OSError as error:
        msg = f"app/static/{path} is missing; take it from the repository again"
        raise AssetError(msg) from error
    comments = _COMMENTS.get(Path(path).suffix)
    # Whatever lies in a folder is not ours.
    if comments is None or "/" in path:
        return content
    content = comments.sub(b"", content)
    return _IMPORT.sub(lambda found: _named(found[1].decode()).encode(), content)


@cache
def asset_url(path: str) -> str:
    """Return the address of a static file, with a digest of its content; raises as above."""
    return f"{STATIC_URL}/{_named(path)}"


def _named(path: str) -> str:
    return f"{path}?v={sha256(asset_content(path)).hexdigest()[:12]}"


@cache
def module_urls(path: str) -> tuple[str, ...]:
    """Return the addresses of a static file and of every module it imports, over others too.

    A page that names them all to the browser has them at once, not one after the other.
    """
    found = {asset_url(path): None}
    if path.endswith(".js"):
        for name in _IMPORTED.findall(asset_content(path)):
            found |= dict.fromkeys(module_urls(name.decode()))
    return tuple(found)


@cache
def vendored_url(bundle: str, suffix: str) -> str:
    """Return the address of a bundle's `.js` or `.css`, whose name carries its digest.

    Parameters
    ----------
    bundle
        `ol` (the map) or `pmtiles` (what reads basemaps).

    Raises
    ------
    AssetError
        When the bundle is missing, or there are two.
    """
    found = sorted((STATIC_FOLDER / "vendor").glob(f"{bundle}-*{suffix}"))
    if len(found) != 1:
        msg = f"{len(found)} bundles of {bundle} in app/static/vendor; run frontend/build.sh"
        raise AssetError(msg)
    return f"{STATIC_URL}/vendor/{found[0].name}"
