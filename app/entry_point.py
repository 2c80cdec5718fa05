"""Entry point of the command ``amparo``, which may be installed without the server's packages."""

import sys


def run() -> None:
    """Run the command; if packages of the server are missing, say how to install them."""
    try:
        from app.cli import app  # noqa: PLC0415 -- what is missing is told
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in {"app", "geo", "routing", "tiles"}:
            raise
        sys.exit(
            f"amparo: {error.name} is not installed. The library `routing` does without it; the "
            "server needs the extra: pip install 'amparo[server]'"
        )
    app(prog_name="amparo")
