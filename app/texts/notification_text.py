"""Texts of e-mail notifications about events such as a change to review; none names a place."""

from collections.abc import Mapping
from typing import Any

#: Subject and text of the e-mail by event and language, with Spanish for all other languages.
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
    "records.incomplete": {
        "es": (
            "Faltan datos en sus espacios",
            (
                "A espacios de su organización les faltan datos que la gente busca, como horario,"
                " teléfono o si es gratis. La lista está en la consola, en «Por completar»."
            ),
        ),
        "en": (
            "Data are missing in your spaces",
            (
                "Spaces of your organisation lack data that people look for, such as hours, a"
                ' telephone or whether it is free. The list is in the console, at "To fill in".'
            ),
        ),
        "pt": (
            "Faltam dados em seus espaços",
            (
                "A espaços da sua organização faltam dados que as pessoas procuram, como horário,"
                " telefone ou se é grátis. A lista está no console, em «A completar»."
            ),
        ),
    },
    "space.confirmed": {
        "es": ("Un espacio respondió", "El operador de un espacio respondió."),
        "en": ("A space has answered", "The operator of a space has answered."),
        "pt": ("Um espaço respondeu", "O operador de um espaço respondeu."),
    },
    "account.invited": {
        "es": (
            "Enlace nuevo para su cuenta",
            (
                "Quien administra la red creó un enlace para elegir la contraseña de su cuenta. Las"
                " sesiones y claves anteriores terminaron. Si usted no lo pidió, avise enseguida a"
                " quien coordina: con ese enlace otra persona podría actuar en su nombre."
            ),
        ),
        "en": (
            "A new link for your account",
            (
                "Who administers the network made a link to choose the password of your account."
                " Earlier sign-ins and tokens have ended. If you did not ask for it, tell who"
                " coordinates at once: with that link somebody else could act in your name."
            ),
        ),
        "pt": (
            "Novo link para sua conta",
            (
                "Quem administra a rede criou um link para escolher a senha da sua conta. As"
                " sessões e chaves anteriores terminaram. Se você não pediu, avise logo quem"
                " coordena: com esse link outra pessoa poderia agir em seu nome."
            ),
        ),
    },
    "account.token_issued": {
        "es": (
            "Clave nueva en su nombre",
            (
                "Se creó una clave de acceso que propone y decide cambios en su nombre. Si no fue"
                " usted, revóquela en la consola y avise enseguida a quien coordina."
            ),
        ),
        "en": (
            "A new token in your name",
            (
                "An access token was made that proposes and decides changes in your name. If it was"
                " not you, revoke it in the console and tell who coordinates at once."
            ),
        ),
        "pt": (
            "Nova chave em seu nome",
            (
                "Foi criada uma chave de acesso que propõe e decide mudanças em seu nome. Se não"
                " foi você, revogue-a no console e avise logo quem coordena."
            ),
        ),
    },
    "account.factor_added": {
        "es": (
            "Su cuenta pide ahora un código",
            (
                "En su cuenta se preparó una aplicación que da los códigos para entrar. Si no fue"
                " usted, avise enseguida a quien administra la red: alguien sabe su contraseña."
            ),
        ),
        "en": (
            "Your account now asks for a code",
            (
                "An app that gives the codes to sign in was set up for your account. If it was not"
                " you, tell who administers the network at once: somebody knows your password."
            ),
        ),
        "pt": (
            "Sua conta agora pede um código",
            (
                "Foi preparado em sua conta um aplicativo que dá os códigos para entrar. Se não"
                " foi você, avise logo quem administra a rede: alguém sabe sua senha."
            ),
        ),
    },
    "account.factor_reset": {
        "es": (
            "Se quitó el código de su cuenta",
            (
                "Quien administra la red quitó la aplicación de códigos de su cuenta y cerró sus"
                " sesiones. Al entrar preparará otra. Si no lo pidió, avise enseguida a quien"
                " coordina."
            ),
        ),
        "en": (
            "The code of your account was taken away",
            (
                "Who administers the network took the app with codes off your account and ended"
                " your sign-ins. You set up another when you sign in. If you did not ask for it,"
                " tell who coordinates at once."
            ),
        ),
        "pt": (
            "O código de sua conta foi retirado",
            (
                "Quem administra a rede retirou o aplicativo de códigos de sua conta e encerrou"
                " suas sessões. Ao entrar você prepara outro. Se não pediu, avise logo quem"
                " coordena."
            ),
        ),
    },
    "account.codes_refused": {
        "es": (
            "Alguien sabe su contraseña",
            (
                "Con su contraseña se escribieron muchos códigos que no son los suyos. Si no fue"
                " usted, pida ya un enlace para elegir otra a quien administra la red."
            ),
        ),
        "en": (
            "Somebody knows your password",
            (
                "Many codes that are not yours were written after your password. If it was not"
                " you, ask who administers the network now for a link to choose another."
            ),
        ),
        "pt": (
            "Alguém sabe sua senha",
            (
                "Depois de sua senha foram escritos muitos códigos que não são os seus. Se não"
                " foi você, peça já a quem administra a rede um link para escolher outra."
            ),
        ),
    },
    "source.gone": {
        "es": (
            "Hay espacios por los que preguntar",
            (
                "En un formulario de su organización ya no están envíos de los que salieron"
                " espacios. Nada cambió en el mapa: pregunte si siguen abiertos y confírmelos o"
                " ciérrelos. La lista está en la consola, en Importar."
            ),
        ),
        "en": (
            "There are spaces to ask about",
            (
                "In a form of your organisation, submissions that spaces came from are no longer"
                " there. Nothing changed on the map: ask whether they are still open, and confirm"
                " or close them. The list is in the console, under Import."
            ),
        ),
        "pt": (
            "Há espaços sobre os quais perguntar",
            (
                "Em um formulário da sua organização já não estão envios dos quais saíram espaços."
                " Nada mudou no mapa: pergunte se continuam abertos e confirme-os ou feche-os. A"
                " lista está no console, em Importar."
            ),
        ),
    },
    "removals.many": {
        "es": (
            "Una persona ocultó o cerró mucho",
            (
                "Una persona de la red ocultó, cerró o retiró en un día más registros de lo"
                " habitual. Lo que pasa del límite vuelve a verse en 24 horas si nadie más lo"
                " confirma. Mírelo en el inicio de la consola."
            ),
        ),
        "en": (
            "One person has hidden or closed a lot",
            (
                "One person of the network has hidden, closed or withdrawn more records in a day"
                " than usual. What is beyond the limit is shown again after 24 hours unless"
                " somebody else confirms it. Look at it on the first page of the console."
            ),
        ),
        "pt": (
            "Uma pessoa ocultou ou fechou muito",
            (
                "Uma pessoa da rede ocultou, fechou ou retirou em um dia mais registros do que o"
                " habitual. O que passa do limite volta a aparecer em 24 horas se ninguém mais"
                " confirmar. Veja no início do console."
            ),
        ),
    },
    "reading.unusual": {
        "es": (
            "Alguien leyó mucho más de lo habitual",
            (
                "Ayer una persona de la red leyó muchos registros que el público no ve. Puede"
                " tener una buena razón: pregúntele. El detalle está en la auditoría de la consola."
            ),
        ),
        "en": (
            "Somebody has read much more than usual",
            (
                "Yesterday a person of the network read many records that the public does not see."
                " There may be a good reason: ask. The details are in the console's audit."
            ),
        ),
        "pt": (
            "Alguém leu muito mais do que o habitual",
            (
                "Ontem uma pessoa da rede leu muitos registros que o público não vê. Pode haver um"
                " bom motivo: pergunte. O detalhe está na auditoria do console."
            ),
        ),
    },
    "audit.outside": {
        "es": (
            "Algo cambió por fuera de Amparo",
            (
                "La auditoría encontró cambios hechos directamente en la base de datos, por fuera"
                " de Amparo. Pregunte a quien maneja el servidor; si nadie lo hizo a propósito, es"
                " un incidente de datos: no borre nada. El detalle lo da `amparo audit verify`."
            ),
        ),
        "en": (
            "Something was changed outside Amparo",
            (
                "The audit has found changes that were made in the database itself, outside"
                " Amparo. Ask who runs the server; if nobody meant it, it is a data incident:"
                " delete nothing. `amparo audit verify` has the details."
            ),
        ),
        "pt": (
            "Algo mudou fora do Amparo",
            (
                "A auditoria encontrou mudanças feitas diretamente no banco de dados, fora do"
                " Amparo. Pergunte a quem cuida do servidor; se ninguém fez isso de propósito, é"
                " um incidente de dados: não apague nada. O detalhe está em `amparo audit verify`."
            ),
        ),
    },
    # Sent in Spanish only, to an address from the settings. `text_of` appends the anchor of the
    # audit log as a single line, which can be saved to a file unchanged.
    "audit.head": {
        "es": (
            "Código de la auditoría",
            (
                "Guarde este mensaje fuera del servidor. Con esta línea, `amparo audit verify"
                " --anchor` nota si se borró o se reescribió el final de la auditoría."
            ),
        ),
    },
}


def text_of(
    event: str, payload: Mapping[str, Any], language: str, base_url: str | None
) -> tuple[str, str]:
    """Return the subject and the text of a notification.

    Parameters
    ----------
    event : str
        One of the events of `geo.accounts.outbox`.
    payload : mapping
        Ids of the records of the event. The text links to the proposal with ``proposal_id``, and
        ends with ``line``, the anchor line of an `ANCHOR_EVENT`.
    language : str
        Language of the recipient; Spanish if the event has no text in the language.
    base_url : str or None
        Base URL of the console; without it the text has no link.
    """
    texts = _TEXTS[event]
    subject, text = texts.get(language, texts["es"])
    if "line" in payload:
        text = f"{text}\n\n{payload['line']}"
    elif base_url is not None:
        proposal = payload.get("proposal_id")
        path = "/network" if proposal is None else f"/network/proposals/{proposal}"
        text = f"{text}\n\n{base_url}{path}"
    return f"Amparo: {subject}", f"{text}\n"
