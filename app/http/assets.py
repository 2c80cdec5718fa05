"""URLs of static files: each carries a content digest, so that no cache serves an old version."""

import re
from functools import cache
from hashlib import sha256
from pathlib import Path

STATIC_FOLDER = Path(__file__).parents[1] / "static"

STATIC_URL = "/static"
"""Where the application mounts `STATIC_FOLDER`."""


class AssetError(LookupError):
    """A static file is missing; the message says which one and how to get or build it."""


#: File name in an ``import … from './name.js'`` of our own JavaScript modules, in the source.
_IMPORT = re.compile(rb"(?<=from '\./)([a-z-]+\.js)(?=')")


#: The same file name in a module as served, where a digest follows the name.
_IMPORTED = re.compile(rb"(?<=from '\./)([a-z-]+\.js)(?=\?v=[0-9a-f]+')")


#: Comments on lines of their own (only there are they certain to be comments), by file suffix.
#: They are removed: a quarter of the bytes a phone would load, of use only to developers.
_COMMENTS = {
    ".css": re.compile(rb"^[ \t]*/\*.*?\*/[ \t]*\n", re.MULTILINE | re.DOTALL),
    ".js": re.compile(rb"^[ \t]*(?://[^\n]*|/\*\*.*?\*/)\n", re.MULTILINE | re.DOTALL),
}


@cache
def asset_content(path: str) -> bytes:
    """Return the content of a static file as it is served: our own scripts without comments.

    Imports between our modules get the digest of the imported file, so that a browser never mixes
    modules of two releases.

    Parameters
    ----------
    path
        Path below `STATIC_FOLDER`, such as `page.css`.

    Raises
    ------
    AssetError
        The file does not exist.
    """
    try:
        content = (STATIC_FOLDER / path).read_bytes()
    except OSError as error:
        msg = f"app/static/{path} is missing; take it from the repository again"
        raise AssetError(msg) from error
    comments = _COMMENTS.get(Path(path).suffix)
    # Files in subfolders are third-party and are served unchanged.
    if comments is None or "/" in path:
        return content
    content = comments.sub(b"", content)
    return _IMPORT.sub(lambda found: _named(found[1].decode()).encode(), content)


@cache
def asset_url(path: str) -> str:
    """Return the URL of a static file, with a digest of its content.

    Raises
    ------
    AssetError
        The file does not exist.
    """
    return f"{STATIC_URL}/{_named(path)}"


def _named(path: str) -> str:
    return f"{path}?v={sha256(asset_content(path)).hexdigest()[:12]}"


@cache
def module_urls(path: str) -> tuple[str, ...]:
    """Return the URLs of a static file and of every module that it imports, transitively.

    A page that lists all of them lets the browser load them in parallel instead of discovering
    one after the other.
    """
    found = {asset_url(path): None}
    if path.endswith(".js"):
        for name in _IMPORTED.findall(asset_content(path)):
            found |= dict.fromkeys(module_urls(name.decode()))
    return tuple(found)


@cache
def vendored_url(bundle: str, suffix: str) -> str:
    """Return the URL of a vendored bundle's `.js` or `.css`, whose name carries its digest.

    Parameters
    ----------
    bundle
        `ol` (the map library) or `pmtiles` (the reader of basemaps).

    Raises
    ------
    AssetError
        The bundle is missing, or there is more than one.
    """
    found = sorted((STATIC_FOLDER / "vendor").glob(f"{bundle}-*{suffix}"))
    if len(found) != 1:
        msg = f"{len(found)} bundles of {bundle} in app/static/vendor; run frontend/build.sh"
        raise AssetError(msg)
    return f"{STATIC_URL}/vendor/{found[0].name}"
