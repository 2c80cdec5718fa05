"""Corridors as pictures for reports: what differs in kind differs in form."""

from app.planning.corridor_picture import png
from app.planning.corridor_strip import PieceKind, Strip, StripPiece, StripRow


def drawn(kind: PieceKind) -> bytes:
    piece = StripPiece(20_000.0, 60_000.0, "40 km", kind)
    return png(Strip(100_000.0, [StripRow("Comida", "Comida", [piece])]), "Cúcuta", [])


def test_p46_a_stretch_that_fails_is_told_from_a_gap_without_its_words() -> None:
    assert drawn("fails") != drawn("gap")
