"""What a notification by e-mail says: that something waits, and where; never of which place."""

from collections.abc import Mapping
from typing import Any

#: Subject and text by event and language. Spanish is the one of who speaks none of these.
_TEXTS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "proposal.created": {
        "es": ("Hay un cambio por revisar", "Alguien propuso un cambio que espera su decisión."),
        "en": ("A change waits for review", "Somebody proposed a change that waits for you."),
        "pt": ("Há uma mudança para revisar", "Alguém propôs uma mudança que espera sua decisão."),
    },
    "proposal.accepted": {
        "es": ("Su cambio fue aceptado", "El cambio que usted propuso fue aceptado."),
        "en": ("Your change was accepted", "The change that you proposed was accepted."),
        "pt": ("Sua mudança foi aceita", "A mudança que você propôs foi aceita."),
    },
    "proposal.rejected": {
        "es": ("Su cambio no fue aceptado", "El cambio que usted propuso no fue aceptado."),
        "en": ("Your change was not accepted", "The change that you proposed was not accepted."),
        "pt": ("Sua mudança não foi aceita", "A mudança que você propôs não foi aceita."),
    },
    "record.changed": {
        "es": ("Un registro cambió", "Un registro de su red cambió."),
        "en": ("A record was changed", "A record of your network was changed."),
        "pt": ("Um registro mudou", "Um registro da sua rede mudou."),
    },
    "space.confirmed": {
        "es": ("Un espacio respondió", "El operador de un espacio respondió."),
        "en": ("A space has answered", "The operator of a space has answered."),
        "pt": ("Um espaço respondeu", "O operador de um espaço respondeu."),
    },
}


def text_of(
    event: str, payload: Mapping[str, Any], language: str, base_url: str | None
) -> tuple[str, str]:
    """Return subject and text of an e-mail.

    Parameters
    ----------
    event : str
        One of `geo.outbox.EVENTS`.
    payload : mapping
        Ids; of a proposal its link is made.
    language : str
        Of the person; Spanish where there is no text in it.
    base_url : str or None
        Where the console is reached; without one the text has no link.
    """
    texts = _TEXTS[event]
    subject, text = texts.get(language, texts["es"])
    if base_url is not None:
        proposal = payload.get("proposal_id")
        path = "/network" if proposal is None else f"/network/proposals/{proposal}"
        text = f"{text}\n\n{base_url}{path}"
    return f"Amparo: {subject}", f"{text}\n"
