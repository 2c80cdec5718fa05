"""Addresses of the page's own files: each carries a digest, so that caches never serve old ones."""

from functools import cache
from hashlib import sha256
from pathlib import Path

STATIC_FOLDER = Path(__file__).with_name("static")

STATIC_URL = "/static"
"""Where the application mounts `STATIC_FOLDER`."""


class AssetError(LookupError):
    """A file of the page is missing; the message says which and how to make it."""


@cache
def asset_url(path: str) -> str:
    """Return the address of a static file, with a digest of its content.

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
        msg = f"app/web/static/{path} is missing; take it from the repository again"
        raise AssetError(msg) from error
    return f"{STATIC_URL}/{path}?v={sha256(content).hexdigest()[:12]}"


@cache
def vendored_url(suffix: str) -> str:
    """Return the address of the map bundle's `.js` or `.css`, whose name carries its digest.

    Raises
    ------
    AssetError
        When the bundle is missing, or there are two.
    """
    found = sorted((STATIC_FOLDER / "vendor").glob(f"ol-*{suffix}"))
    if len(found) != 1:
        msg = f"{len(found)} map bundles in app/web/static/vendor; run frontend/build.sh"
        raise AssetError(msg)
    return f"{STATIC_URL}/vendor/{found[0].name}"
