"""Notices in cells, such as "RESERVADA" in place of an address, or "cerrado" in place of hours.

The notices say that a place must not be published (P1), that it is closed, or that it asks for a
letter of referral. The patterns read texts of `_plain`: folded words with one blank between them.
They look only a few words ahead, so that the time for a cell grows linearly with its length.
"""

import re
from functools import lru_cache
from typing import Final

from geo.imports.cells.dates import DAY_WORDS, MONTH_WORDS
from geo.imports.headers.wording import word_set
from geo.imports.readers.table import Value
from geo.text.normalize import folded

#: Words of a prohibition, with the auxiliary words up to the forbidden verb: "no se debe dar".
_NO: Final = (
    r"\b(?:no|nao|not|non|nunca|jamas|never|sin|sem|pas|ne|don t|dont|nadie|ninguem|"
    r"prohib\w+|proib\w+|interdit\w*|forbidden|evit\w+|avoid)\s+"
    r"(?:(?:se|debe\w*|deberia\w*|deve\w*|puede\w*|pueden|pode\w*|to|be|de|ser|sea|lo|la|los|las|l|"
    r"el|su|sus|a|o|os|as|le|les|pas|doit|doivent|peut|etre|should|must|may|can|"
    r"quier\w+|quer\w+|desea\w*|permit\w+|"
    r"autoriz\w+|ha|han|sido|hay|que)\s+){0,6}"
)

#: Verbs of publishing, which forbid publication even without an object: "no difundir".
_TELL: Final = (
    r"(?:difund|difus|diffus|divulg|public(?!os?\b|idad|itari)|publiqu|publish|publie|compart|"
    r"shar(?:e|ing)|"
    r"revel|disclos|expon|expos(?:e|er|to|ta)\b)\w*"
)
#: Verbs of giving or writing. Whether they forbid publication depends on the object after them: "no
#: dar dirección" does, "no dar comida" does not.
_SAY: Final = (
    r"(?:dar|da|dan|den|de|darse|indi(?:c|qu)\w*|entreg\w*|comm?uni(?:c|qu)\w*|inform(?!ac)\w*|"
    r"mostr\w*|muestr\w*|pass(?:ar|e|em)|repass\w*|pasar|facilit\w*|fornec\w*|mencion\w*|decir|"
    r"dizer|dire|donner|giv(?:e|en)(?: out)?|tell|told|show|dado|dada|damos|doy|"
    r"coloc\w*|poner|ponga\w*|escrib\w*|escrev\w*|anot\w*|subir|suba\w*|inclu\w*|aparec\w*|expor)"
)
#: Words that mean the location of a space, as the object of a prohibition: "no dar dirección".
_PLACE: Final = (
    r"(?:direccion(?:es)?(?! (?:general|nacional|regional|municipal))|ubicaci\w+|domicilio|lugar|"
    r"sitio(?! web)|enderec\w+|localiza\w+|local|adresses?|address(?:es)?|locations?|coordenad\w+|"
    r"coordinates|coordonnees|paradero|gps|whereabouts|lieu|emplacement)\b"
)

#: Words between a verb of `_SAY` and its object that do not change the meaning: "no dar a nadie la
#: dirección exacta".
_SMALL: Final = (
    r"(?:(?:la|el|las|los|lo|a|o|as|os|le|les|l|su|sus|sua|nuestra|nossa|the|our|this|esta|este|"
    r"cette|sa|de|del|da|do|nadie|ninguem|anyone|any|exact\w*|informacion|informacao|datos|dados|"
    r"about|out|ninguna|mas|sobre)\s+){0,5}"
)

#: Lookahead for a verb without an object, as in "no difundir", which forbids publishing the whole
#: row.
_NO_OBJECT: Final = (
    r"(?=$|\s(?:[|]|(?:en|em|no|na|nas|nos|por|con|com|sin|sem|to|with|on|online|outside|fuera|fora|"
    r"bajo|hasta|nunca|ni|y|e|and|et|porque|please|par|sur|dans|aux?|esta|este|esto|isto|essa|esse|"
    r"estos|this|it|publicamente|publicly|al publico|ao publico|a (?:nadie|ninguem|tercer\w+|"
    r"otr\w+|outr\w+|extern\w+|extran\w+|desconocid\w+|public\w*))\b))"
)

#: Lookahead that skips words for shared beds and rooms ("compartida"), which are no prohibition.
_NOT_SHARED: Final = r"(?!compart(?:id|ilhad|e\b|en\b|o\b)|shared\b)"

_FORBIDDEN: Final = re.compile(
    rf"{_NO}(?:{_TELL}|dar\b)|\b(?:no|nao|non|not) public[oa]?\b"
    r"|\b(?:sigilo|sigilos[oa]|confidencia\w*|confidentia\w*|confidentiel\w*)\b"
)

#: Words that mean "secret" beside any word of `_PLACE`.
_HIDDEN: Final = (
    r"(?:confidencia\w*|confidentia\w*|confidentiel\w*|sigilos[oa]s?|sigilo|secret[oae]?s?|"
    r"ocult[oa]s?|clasificad[oa]s?|undisclosed|hidden|withheld|classified)\b"
)
#: Words for "reserved". They mean "secret" only beside a word of `_ADDRESS`, because a "lugar
#: reservado" can be a private room.
_KEPT: Final = r"(?:reservad[oa]s?|protegid[oa]s?|restringid[oa]s?|restrit[oa]s?)\b"
_ADDRESS: Final = (
    r"(?:direccion|ubicacion|domicilio|endereco|localizacion|localizacao|adresse|address|"
    r"location|coordenadas|coordinates)"
)
_BETWEEN: Final = r"(?:\s(?!(?:no|nao|not|non|pas|sin|sem)\b)\w+){0,4}\s"

_FORBIDDEN_NUMBER: Final = re.compile(
    rf"{_FORBIDDEN.pattern}|\b(?:privad[oa]|private|personal|pessoal|particular|uso interno)\b"
)

#: Means by which somebody can get an address: "por teléfono", "via WhatsApp".
_BY_PHONE: Final = (
    r"(?:por|al|ao|via|by|par|a traves de)\s(?:el\s|numero\s|mensaje\sde\s)?"
    r"(?:telefon[oe]|phone|whats\s?app|wsp|zap|llamada|ligacao|mensaje|mensagem|celular|interno|"
    r"privado|inbox)\b"
)
#: Words for "only", before the means of `_BY_PHONE`.
_ALONE: Final = r"(?:solo|solamente|unicamente|so|somente|apenas|only)"

#: Phrases in a cell of any column by which the location must not be published: "NO DAR DIRECCION a
#: nadie" among remarks.
_PLACE_FORBIDDEN: Final = re.compile(
    rf"{_NO}{_TELL}\s(?:\w+\s){{0,4}}{_PLACE}"
    rf"|{_NO}{_SAY}\s{_SMALL}{_PLACE}"
    rf"|\b{_PLACE}(?:\s\w+){{0,5}}\s{_NO}(?:{_SAY}|{_TELL})\b{_NO_OBJECT}"
    rf"|{_NO}(?:{_SAY}|{_TELL})\s(?:en|no|on|in)\s(?:\w+\s)?map(?:a|as|s)?\b"
    rf"|\bomit\w*\s{_SMALL}{_PLACE}|\breserva\sd[ea]\s{_SMALL}{_ADDRESS}\b"
    rf"|\b{_ADDRESS}\s(?:\w+\s){{0,2}}(?:bajo|sob|en)\sreserva\b"
    rf"|\b{_ADDRESS}\s(?:(?:es|e|is)\s)?(?:(?:no|nao|not|non)\s(?:(?:es|e|is)\s)?public\w+|"
    r"privad[oa]|private)\b"
    rf"|\b{_PLACE}{_BETWEEN}{_HIDDEN}|\b{_ADDRESS}{_BETWEEN}{_KEPT}"
    rf"|\b{_HIDDEN}\s(?:\w+\s){{0,2}}{_PLACE}|\b{_KEPT}\s{_SMALL}{_ADDRESS}\b"
    r"|\b(?:casa|refugio|albergue|hogar|abrigo|shelter)(?:\s(?:de|da)\s\w+)?\s"
    rf"{_HIDDEN}"
    # Phrases about who gives out the address, the only means to get it, or whom to ask for it, and
    # names of safe houses.
    rf"|\b{_ADDRESS}\s(?:\w+\s){{0,2}}{_ALONE}\s(?:\w+\s){{0,2}}{_BY_PHONE}"
    rf"|\b{_ADDRESS}\s(?:la|lo|o|a|quien|quem)\s(?:da|dan|dao|entrega\w*|informa\w*|tienen?|"
    r"fornece\w*)\b"
    rf"|\b(?:pedir|pidan?|pedi|solicitar|solicite\w*)\s{_SMALL}{_ADDRESS}\b"
    r"|\bcasas?\s(?:seguras?|de\s(?:seguridad|seguranca))\b|\bsafe\s?houses?\b"
)

#: Phrases in a cell by which nothing of its row may be published: "No difundir". In a column about
#: people they forbid only publishing the people.
_ALL_FORBIDDEN: Final = re.compile(
    rf"{_NO}(?:{_NOT_SHARED}{_TELL}|se\scompart\w+){_NO_OBJECT}"
    r"|^(?:keep |muy |es )?(?:confiden\w+|sigilos[oa])$"
)

#: Services given in confidence, such as "atención confidencial". They are removed from a cell
#: before the search, because they do not make the location secret.
_IN_CONFIDENCE: Final = re.compile(
    r"\b(?:(?:atencion|atendimento|servicio|servico|asesoria|assessoria|escucha|escuta|orientacion|"
    r"orientacao|acompanamiento|consulta|entrevista|service|support)s?"
    r"(?:\s(?!direcc|ubicac|endere|domicil|locali|addres|adres|locati|casa)\w+){0,3}|"
    r"(?:lugar|espacio|espaco|ambiente|sitio) seguro (?:y|e)|(?:gratis|gratuit[oa]s?) (?:y|e))"
    r"\s(?:confidencia\w*|sigilos[oa]s?|reservad[oa]s?)\b"
)
_OF_PEOPLE: Final = re.compile(
    r"\b(?:focal|contact\w*|contat\w*|entrevist\w*|responsa\w*|encargad\w*|coordina\w*|"
    r"coordena\w*|telefon\w*|celular\w*|nombre|nome|name|quien|quem|referente|informante|corr?eo|"
    r"e?mail|enlace|director\w*|diretor\w*|turno)\b"
)

#: Texts in place of an address that is kept secret or only given by telephone.
_NO_ADDRESS: Final = re.compile(
    r"(?<!\bla )(?<!\bel )(?<!vereda )(?<!quebrada )(?<!barrio )"
    r"\b(?:reservad[oa]s?|secret[oa]s?|ocult[oa]s?|undisclosed|withheld)\b"
    r"|^privad[oa]$|\buso interno\b|\bomitid[oa]\b"
    r"|\bpor (?:(?:razones|motivos) de )?(?:seguridad|seguranca|proteccion|protecao|"
    r"protocolo)\b"
    r"|\b(?:bajo|sob|en|con)\sreserva\b|^(?:\w+\s)?protegid[oa]$"
    r"|\b(?:a|bajo|sob|on|upon|sur)\s(?:pedido|solicitud|consulta|request|demande)\b"
    r"|\b(?:da|dan|entrega|coordina|informa|indica|comunica|brinda|facilita|proporciona|suministra|"
    rf"envia|passad[oa]|informad[oa]|fornecid[oa]|given|provided|shared)\b.{{0,80}}\b{_BY_PHONE}"
    rf"|^(?:{_ALONE}|consultar|preguntar)?\s?{_BY_PHONE}"
    r"|^(?:consultar|llamar|llame|ligar|contactar|call)\b"
    r"(?!.*\b(?:calle|cl|cra|carrera|av|avenida|rua|street|jr|jiron|puerta|porta)\b)"
)

#: Fields in whose cells, as in those of addresses, a word of `_FORBIDDEN` is about the location.
_SAYING: Final = frozenset({"name", "status", "locality", "eligibility", "access"})
_ADDRESSES: Final = frozenset({"address", "landmark"})

#: Fields of phone numbers and mailboxes. "No difundir" in their cells is about the number or
#: mailbox, which is left out, and not about the location.
_REACHES: Final = frozenset({"public_phones", "public_contact"})

#: Headers that ask only whether the place is secret: "¿Es confidencial?". A yes makes it secret.
_ASKS_SECRET: Final = re.compile(
    rf"(?:(?:{_PLACE}|es|esta|e|is|it|un|una|uma|um|el|la|o|a|the|de|del|do|da|si|no|s|n|sim|nao|"
    r"yes|\d+|espacio|espaco|punto|ponto|albergue|abrigo|refugio|casa|hogar|shelter|site|space|"
    r"place|dato|datos|dados|informacion|informacao|nivel|restringid[oa]|marcar|muy|debe|deve|ser|"
    rf"mantener\w*|considera\w*)\s)*(?:{_HIDDEN}|{_KEPT})"
    rf"(?:\s(?:{_PLACE}|si|no|s|n|sim|nao|yes|x|o|ou|or|del|de|do|da|la|el|lugar|espacio|albergue|"
    r"casa|ok))*"
)
#: Headers that forbid publishing: "No difundir (sí/no)". A yes in the column makes the place
#: secret.
_ASKS_TO_BAN: Final = re.compile(rf"{_NO}(?:{_TELL}|{_SAY}\s{_SMALL}{_PLACE})")
_NOUNS: Final = r"(?:publicacion|publicacao|divulgacion|divulgacao|difusion|diffusion)"
#: Headers that ask whether the place may be published: "¿Se puede publicar?". A no in the column
#: makes the place secret.
_ASKS_TO_TELL: Final = re.compile(
    r"\b(?:public(?:ar\w*|able)|divulgar\w*|difundi\w+|"
    r"publish\w*|publier|publiable|diffuser|divulguer|disclose\w*|shareable)\b"
    rf"|\b(?:autoriz|consent|permi|acept|aceit)\w*\s(?:\w+\s){{0,3}}{_NOUNS}\b"
    rf"|\b{_NOUNS}\sd\w+\s{_SMALL}(?:{_PLACE}|datos|dados)|^(?:si no )?{_NOUNS}$"
    r"|\b(?:aparecer|visible|visivel|mostrar\w*)\s(?:\w+\s){0,3}mapa\b"
    r"|\b(?:podemos|autoriza\w*)\s(?:compartir|compartilhar)\b"
    rf"|\b(?:compart\w+|share|mostrar\w*|dar|informar)\s{_SMALL}{_PLACE}"
    rf"|\b{_ADDRESS}\s(?:es\s|e\s|is\s)?(?:publica|publico|public|publique)\b"
    r"|^(?:se )?(?:puede |pode |can )?(?:compartir|compartilhar|share)(?: si no)?$"
)
#: Headers that ask for a private room within the place: "Espacio confidencial". Answers in such a
#: column do not make the place secret.
_ASKS_FOR_A_ROOM: Final = re.compile(
    r"^(?!.*\b(?:es|e|is|esta)\b).*\b(?:espacio|espaco|lugar|punto|ponto|space|place)"
    rf"\s(?:{_HIDDEN}|{_KEPT})"
    rf"|^(?!.*\b(?:es|e|is|esta)\b).*\b(?:albergue|abrigo)\s{_KEPT}"
)
#: Words for things other than the place, such as photographs: a header with such a word does not
#: ask whether the place may be published.
_ASKS_ELSE: Final = re.compile(r"\b(?:foto\w*|photos?|imagen\w*|imagem|logo\w*|video\w*)\b")

#: Answers that mean yes in a column that asks whether the place is secret, also as a degree
#: ("alta", "parcialmente"). Any other text, such as a name under "Contacto (no difundir)", is no
#: yes.
_IS_YES: Final = re.compile(
    r"(?:si|sim|yes|oui|wi|true|verdadeir?o|vrai|alt[oa]|high|total\w*|parcial\w*|muy|solo|"
    r"confiden\w*|reservad\w*|sigilos\w*|secret\w*|restri\w*)\b|(?:x|s|y|1|✓|✔)$"
)
_IS_NO: Final = re.compile(
    r"(?:no|nao|non|not|n|0|false|falso)\b"
    r"(?!\s(?:se|sabe\w*|sei|sabemos|known)\b)"
)


def _plain(text: str) -> str:
    """Return a text as folded words with one blank between; "|" stands between sentences."""
    ended = re.sub(r"[.;!?](?:\s|$)", " | ", folded(text))
    return " ".join(re.sub(r"[^a-z0-9|]+", " ", ended).split()).strip("| ")


def is_withheld(cell: Value, name: str | None, header: str = "") -> bool:
    """Return whether a cell says that the place must not be published.

    Parameters
    ----------
    name : str or None
        Field of the cell's column; None for a column of no field, whose cells withhold the place
        only if they forbid publishing it or telling where it is.
    header : str
        Header of the column: under "¿Es confidencial?" a yes withholds the place, under "¿Se puede
        publicar?" a no. A column of no field whose header names an address is read as the field
        ``address``.
    """
    if name not in _REACHES and _is_withheld_by_answer(cell, _asked_by(header)):
        return True
    if not isinstance(cell, str):
        return False
    said = _plain(cell)
    said = _IN_CONFIDENCE.sub(" ", said)
    if _PLACE_FORBIDDEN.search(said):
        return True
    if _ALL_FORBIDDEN.search(said) and not (_OF_PEOPLE.search(folded(header)) or name in _REACHES):
        return True
    if name is None and _asked_by(header) == "address":
        name = "address"
    if name in _SAYING | _ADDRESSES and _FORBIDDEN.search(said):
        return True
    return name in _ADDRESSES and _NO_ADDRESS.search(said) is not None


def is_private(cell: Value, name: str) -> bool:
    """Return whether a cell forbids publishing the numbers or mailboxes that it holds (P6)."""
    is_said = name in _REACHES and isinstance(cell, str)
    return is_said and _FORBIDDEN_NUMBER.search(_plain(cell)) is not None


@lru_cache(maxsize=10_000)
def _asked_by(header: str) -> str:
    """Return what the answers in a column are about, by its header.

    The result is "secret" (a yes withholds the place), "tell" (a no withholds the place), "address"
    (cells hold addresses), or "" for any other header.
    """
    asked = _plain(header).replace("| ", "")
    if _ASKS_ELSE.search(asked) or _ASKS_FOR_A_ROOM.search(asked):
        return ""
    if _ASKS_TO_BAN.search(asked) or _ASKS_SECRET.fullmatch(asked):
        return "secret"
    if _ASKS_TO_TELL.search(asked):
        return "tell"
    return "address" if re.match(rf"{_ADDRESS}\b", asked) else ""


def _is_withheld_by_answer(cell: Value, asked: str) -> bool:
    if cell is None or asked not in {"secret", "tell"}:
        return False
    said = _plain(str(cell))
    if asked == "tell":
        # A text such as "No. 5" is a number in an address, not the answer no.
        return _IS_NO.match(said) is not None and not re.search(r"[1-9]", said)
    return _IS_YES.match(said or str(cell).strip()) is not None


#: Words for a letter of referral, but not for other papers that are called a letter, such as "carta
#: de identidad".
_LETTER: Final = re.compile(
    r"\b(?:cartas?(?! de (?:identidad|identidade|ciudadania|extranjeria|residencia|vecindad|"
    r"nacionalidad|conducir|conduccion|conducao|motorista|vacuna\w*|vacina\w*|salud|saude|"
    r"nacimiento|trabajo)| andina)|remision|remitid[oa]s?|referid[oa]s?|oficio|"
    r"orden del?|ordem d[eo]|derivacion|derivad[oa]s?|encaminha\w+|"
    r"referral|lettre)\b"
)
#: Words by which a letter is not needed, or needed only from people who have one.
_NO_LETTER: Final = re.compile(
    r"\b(?:no|nao|not|non|sin|sem|sans|without|opcional\w*|optional|preferi\w+|ideal\w*|"
    r"si tiene\w*|se tiver)\b"
)


def asks_for_a_letter(cell: Value) -> bool:
    """Return whether a cell of required documents names a letter of referral."""
    if not isinstance(cell, str):
        return False
    parts = re.split(r"[,;|/+]|\b(?:y|e|o|u|ou|and|or|et)\b", folded(cell))
    return any(_LETTER.search(part) and not _NO_LETTER.search(part) for part in parts)


#: Words that may stand before "cerrado" without changing its meaning: "actualmente", "el albergue
#: está".
_BEFORE: Final = (
    r"(?:(?:esta|este|esse|foi|desde|20\d\d|se|encuentra|encontra|actualmente|atualmente|currently|ahora|agora|now|por|el|la|o|"
    r"momento|temporal\w*|temporari\w*|provisori\w*|provisional\w*|momentanea\w*|permanent\w*|"
    r"definitiv\w*|total\w*|ya|ja|is|it|the|est|il|actuellement|temporairement|espacio|lugar|local|"
    r"albergue|abrigo|centro|sede|punto|comedor)\s){0,5}"
)
#: Words at the beginning of a cell that say that the place is closed.
_CLOSED: Final = re.compile(
    rf"{_BEFORE}(?:cerrad[oa]s?|fechad[oa]s?|encerrad[oa]s?|suspendid[oa]s?|suspens[oa]|closed|shut|"
    r"cierre (?:temporal|definitivo)|ferme(?:e|es|s)?|clausurad[oa]s?|"
    r"desmantelad[oa]s?|desactivad[oa]|desativad[oa]|inactiv[oa]|inativ[oa]|cerro(?=$|\s(?:por|en|desde|hace|sus)\b)|fechou|"
    r"(?:ya )?no existe|nao existe mais|(?:dejo|deixou) de (?:funcionar|operar|atender)|"
    r"sin funcionamiento|sem funcionamento|no esta abiert[oa]|nao esta abert[oa]|"
    r"(?:no|nao)\s(?:esta\s)?(?:funciona\w*|oper(?:a|an|ando)|atiend\w+|atend\w+|abr\w+)"
    r"(?=$|\s(?:[|]|mas|mais|desde|hasta|ate|por|al publico|ao publico|actualmente|atualmente|"
    r"temporal\w*|definitiv\w*))|not (?:open|operating)|no longer \w+|out of service|"
    r"(?:fuera|fora) de (?:servicio|servico|funcionamiento|funcionamento)|"
    r"ne fonctionne (?:pas|plus)|hors service)\b"
)
#: Words by which a closed place is closed for good, not only for some time.
_FOR_GOOD: Final = re.compile(
    r"\b(?:no existe|nao existe|dejo de|deixou de|definitiv\w+|permanent\w*|"
    r"clausurad[oa]s?|desmantelad[oa]s?|encerrad[oa]s?|para siempre|"
    r"for good|(?:ya no|ja nao|no longer|ne \w+ plus)\b|(?:nao|no) \w+ (?:mas|mais)\b)"
)
#: Phrases by which a place is closed for good although the same cell has hours: "8:00-17:00
#: (cerrado desde 2023)".
_ENDED: Final = re.compile(
    r"\b(?:cerrad[oa]|fechad[oa]|encerrad[oa]|closed|ferme)\s(?:definitiv\w+|permanent\w*|"
    r"(?:desde|since|depuis)\s20\d\d)"
)
_DAYS: Final = "|".join(word for words in DAY_WORDS.values() for word in words if len(word) > 2)  # noqa: PLR2004
_MONTHS: Final = "|".join(sorted(word for word in MONTH_WORDS if len(word) > 2))  # noqa: PLR2004

#: Phrases that say since when or until when a place is closed. `closing` removes them, so that
#: their numbers are not taken for opening hours.
_SINCE: Final = re.compile(
    rf"^\W*20\d\d\b|^\W*(?:{_MONTHS})\s(?:de |del )?(?:20)?\d\d\b"
    rf"|\b(?:en|em|in)\s(?:20\d\d\b|(?:{_MONTHS})\s(?:de |del )?20\d\d)"
    r"|\b(?:desde|since|depuis|a partir d[eo]|hace|ha|hasta|ate|until|jusqu\w*)\s(?:\w+\s){0,4}?"
    rf"(?:(?:{_MONTHS})\w*(?:\s(?:de |del )?(?:20)?\d\d\b)?|"
    r"\d{1,2}\s\d{1,2}\s(?:20)?\d\d|20\d\d|"
    r"mes|meses|mese|months?|mois|anos?|years?|ans?|semanas?|weeks?|dias|days|pandemia|aviso|notice)\b"
)
#: Phone numbers to call. `closing` removes them, so that their digits are not taken for opening
#: hours.
_CALL: Final = re.compile(
    r"\b(?:llamar|tel\w*|cel\w*|ligar|call|whats\s?app|wsp|zap|info\w*)\s(?:\D{0,15})?\d[\d ]{0,20}"
    r"|\b\d[\d ]{6,20}\d\b"
)

#: Words that say when or to whom a place is closed, so that it is open at other times or to other
#: people: "cerrado los lunes".
_OTHERWISE: Final = re.compile(
    rf"\d|\b(?:{_DAYS})s?\b|\b(?:festiv|feriad|holiday|weekend|fin(?:es)? de|fi(?:m|ns) de|noche|"
    r"noite|night|tarde|manana|manha|madrugada|mediodia|meio|almuerzo|almoco|midi|hoy|hoje|today|"
    r"ramadan|navidad|natal|christmas|noel|semana santa|pascua|easter|carnaval|vacacion|ferias|"
    r"receso|recesso|rato|ratos|momentito|veces|vezes|sometimes|parcial|partial|en parte|en lluvia|"
    rf"abre|abren|abierto|abierta|aberto|aberta|abertos|open|opens|ouvert|ouvre|atiende|atende|"
    rf"reabr|salvo|excepto|exceto|except|(?:en|em|in)\s(?:{_MONTHS})"
    r"|(?:a|al|ao|aos|as|to|aux?|para|pra|pour|for)\s(?:los\s|las\s|a\s|o\s|os\s)?"
    r"(?:hombre|mujer|homen|mulher|men|women|homme|femme|varon|menor|nin|crianca|child|enfant|"
    r"famili|migrant|extranj|estrang|visit|person|pessoa|adult|jov|perro|mascota))"
)


#: Words about where a place is or who may know where it is. A row without a position in which a
#: cell has such a word is not placed in its town, because its position may be secret or far from
#: the town.
_OF_THE_PLACE: Final = re.compile(
    r"segurid|seguranca|\breserv|restring|restrit|\bocult|autoriz|\bmap(?:a|as|ear|eo)\b|georref|"
    r"geoloc|\bgps\b|coorden|ubica|localizac|\bsolicitud\b|\bpedido\b|\bintern[oa]\b|amenaz|"
    r"\bsoci[oa]s\b|indica al|privad|proteg|confiden|sigil|secret(?!ari)|anonim|bajo perfil|"
    r"difund|divulg|publicar|"
    r"\bmovil\b|\bmovel\b|itinera|"
    r"\ba \d+ (?:km|horas?|min)|no es publico|traslad|rotativ|ambulant|"
    r"\bvereda\b|\brural|\bkm\b|caserio|resguardo|\bfinca\b|corregimiento|\baldea\b|"
    r"\btrata\b|victim|vitim|violen|maltrat|\bnna|lgb|osig|mujer|mulher|\bmenores\b|ninos solos"
)

#: Words in headers that ask for a position.
_ASKS_WHERE: Final = re.compile(
    r"\b(?:gps|coord(?!ina)\w*|georref\w*|ubicacion|mapa?s?|maps|lat|lon|lng)\b"
)

#: Fields whose cells use the words of `_OF_THE_PLACE` in other senses: "solicitud de refugio",
#: "mujeres y niños".
_OF_SERVICES: Final = frozenset({"services", "opening_hours", "languages", "documents_required",
                                 "eligibility", "genders", "sectors"})  # fmt: skip


def speaks_of_the_place(cell: Value, name: str | None, header: str) -> bool:
    """Return whether a cell has a word about where the space is or who may know where it is.

    Parameters
    ----------
    name : str or None
        Field of the cell's column; None for a column of no field. If the header of such a column
        asks for a position, any text in the cell is enough.
    """
    if not isinstance(cell, str) or not cell.strip():
        return False
    if name is None and _ASKS_WHERE.search(_plain(header)):
        return True
    return name not in _OF_SERVICES and _OF_THE_PLACE.search(_plain(cell)) is not None


#: Words in headers that ask whether a place is open: "Situação".
_STATES: Final = word_set(
    "estado estatus status situacion situacao vigencia vigente operativo operativa operacional "
    "funcionamiento funcionamento funcionando sigue abierto abierta aberto aberta activo activa "
    "ativo ativa"
)
#: Words that a header with a word of `_STATES` may also have. With any other word the header asks
#: for the state of something else: "Estado del convenio", "Situação do contrato".
_BESIDE_STATES: Final = word_set(
    "obs observ observacion observaciones observacao observacoes recado nota notas actual atual "
    "del de el la o a y e espacio espaco local lugar punto ponto casa obra corte al hoy hoje "
    "comentario comentarios"
)


@lru_cache(maxsize=10_000)
def asks_for_a_state(header: str) -> bool:
    """Return whether a header asks if a place is open, even with remarks: "Situação / obs."."""
    said = set(_plain(header).split()) - {"|"}
    return bool(said & _STATES) and said <= _STATES | _BESIDE_STATES


def closing(cell: Value) -> str | None:
    """Return the status of a place whose cell of hours says that it is closed.

    Returns
    -------
    str or None
        "closed" if for good, else "temporarily_closed"; None if the cell does not say that the
        place is closed, or says only when or to whom it is: "cerrado los lunes".
    """
    if not isinstance(cell, str):
        return None
    said = _plain(cell)
    if _ENDED.search(said):
        return "closed"
    found = _CLOSED.match(said)
    if found is None:
        return None
    if _OTHERWISE.search(_CALL.sub(" ", _SINCE.sub(" ", said[found.end() :]))):
        return None
    return "closed" if _FOR_GOOD.search(said) else "temporarily_closed"
