"""URLs of static files, with a digest of the content, so that no cache serves an old version."""

import re
from functools import cache
from hashlib import sha256
from pathlib import Path

STATIC_FOLDER = Path(__file__).parents[1] / "static"

STATIC_URL = "/static"
"""URL path at which the application serves the files of `STATIC_FOLDER`."""


class AssetError(LookupError):
    """A static file is missing; the message says which one and how to get or build it."""


#: File name in the statement ``import … from './name.js'`` of our own JavaScript modules, as in the
#: source files.
_IMPORT = re.compile(rb"(?<=from '\./)([a-z-]+\.js)(?=')")


#: File name in an import statement of a module as served, where a digest follows the name.
_IMPORTED = re.compile(rb"(?<=from '\./)([a-z-]+\.js)(?=\?v=[0-9a-f]+')")


#: Patterns, by file suffix, of the comments removed from our own files; they are a quarter of the
#: bytes. Only comments on lines of their own are matched: elsewhere the signs may be in a string.
_COMMENTS = {
    ".css": re.compile(rb"^[ \t]*/\*.*?\*/[ \t]*\n", re.MULTILINE | re.DOTALL),
    ".js": re.compile(rb"^[ \t]*(?://[^\n]*|/\*\*.*?\*/)\n", re.MULTILINE | re.DOTALL),
}


@cache
def asset_content(path: str) -> bytes:
    """Return the content of a static file as served: our own scripts and styles without comments.

    In our own modules, each import statement gets the digest of the imported file, so that a
    browser never mixes modules of two releases.

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

    A page that lists all of these URLs lets the browser load the modules in parallel, instead of
    finding each import only after loading the module before.
    """
    found = {asset_url(path): None}
    if path.endswith(".js"):
        for name in _IMPORTED.findall(asset_content(path)):
            found |= dict.fromkeys(module_urls(name.decode()))
    return tuple(found)


@cache
def vendored_url(bundle: str, suffix: str) -> str:
    """Return the URL of the `.js` or `.css` file of a vendored bundle; its name holds a digest.

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
