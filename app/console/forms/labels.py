"""Names of a record's fields and of their values, in Spanish, as keys of the translations."""

from collections.abc import Mapping

from app.i18n.labels import HAZARDS
from app.i18n.translation import marked

#: Labels by field of a space, a crossing's statement or an organisation.
FIELD_LABELS: Mapping[str, str] = {
    "id": marked("Identificador"),
    "name": marked("Nombre"),
    "kind": marked("Tipo de espacio"),
    "organization": marked("Organización"),
    "organization_id": marked("Identificador de la organización"),
    "position": marked("Posición"),
    "lon": marked("Longitud"),
    "lat": marked("Latitud"),
    "surveyed_lon": marked("Longitud confirmada"),
    "surveyed_lat": marked("Latitud confirmada"),
    "surveyed_on": marked("Vista en el lugar el"),
    "coord_precision": marked("Qué marca la posición"),
    "country": marked("País"),
    "admin1": marked("Departamento, estado o provincia"),
    "locality": marked("Municipio o población"),
    "timezone": marked("Zona horaria"),
    "status": marked("Estado"),
    "access": marked("Cómo se entra"),
    "referral_points": marked("Quién remite aquí"),
    "overnight": marked("Se puede dormir"),
    "sectors": marked("Sectores"),
    "services": marked("Servicios"),
    "eligibility": marked("Para quién, en palabras del espacio"),
    "minimum_age": marked("Edad mínima"),
    "maximum_age": marked("Edad máxima"),
    "genders": marked("Solo para"),
    "families_only": marked("Solo familias"),
    "children_alone": marked("Niños sin un adulto"),
    "cost": marked("Costo, en palabras del espacio"),
    "fees": marked("Gratis o no"),
    "documents_required": marked("Documentos que pide"),
    "maximum_nights": marked("Máximo de noches"),
    "address": marked("Dirección"),
    "landmark": marked("Punto de referencia"),
    "road": marked("Carretera"),
    "road_km": marked("Kilómetro"),
    "amenities": marked("Qué hay en el lugar"),
    "step_free": marked("Entra una silla de ruedas"),
    "data_shared": marked("Datos que comparte con autoridades"),
    "holidays": marked("En días festivos"),
    "languages": marked("Idiomas"),
    "public_phones": marked("Teléfonos públicos"),
    "public_contact": marked("Otro contacto público"),
    "notice": marked("Aviso para quienes llegan"),
    "schedules": marked("Horario"),
    "schedule_exceptions": marked("Días con otro horario"),
    "itinerary": marked("Paradas de la unidad móvil"),
    "capacity": marked("Cupo total"),
    "available": marked("Cupos libres"),
    "capacity_updated": marked("Cupos contados el"),
    "visibility": marked("Quién lo puede ver"),
    "confidential": marked("Confidencial"),
    "confirmed_on": marked("Confirmado el"),
    "expires_on": marked("Vale hasta"),
    "confirmed_by": marked("Quién lo confirmó"),
    "consent_on": marked("Aceptó aparecer en la lista el"),
    "source": marked("Fuente"),
    "licence": marked("Licencia"),
    "demo": marked("Ficticio"),
    "hazard": marked("Qué peligro"),
    "title": marked("Cómo se llama"),
    "effect": marked("Qué hacen los caminos"),
    "weight": marked("Cuánto pesa en los caminos"),
    "state": marked("Estado del paso"),
    "valid_from": marked("Desde"),
    "valid_to": marked("Hasta"),
    "byday": marked("Días"),
    "opens_at": marked("Abre"),
    "closes_at": marked("Cierra"),
    "description": marked("Descripción"),
    "website": marked("Sitio web"),
    "email": marked("Correo electrónico"),
    "phone": marked("Teléfono"),
    "whatsapp": marked("WhatsApp"),
    "medium": marked("Medio"),
    "operator": marked("Quién lo lleva"),
    "hours": marked("Horario"),
    "independent": marked("No la atiende quien opera los espacios"),
    "need": marked("Necesidad"),
    "steps": marked("Pasos, en orden"),
    "version": marked("Versión"),
    "valid_months": marked("Se repite cada (meses)"),
    "pass_score": marked("Puntos con que pasa, de 0 a 1"),
    "example": marked("Es un ejemplo"),
    "items": marked("Preguntas"),
    "vocabulary": marked("Vocabulario"),
    "code": marked("Código"),
    "active": marked("Se usa"),
    "protected": marked("Protegido"),
    "validity_days": marked("Días que vale una confirmación"),
    "name_es": marked("Nombre en español"),
    "name_en": marked("Nombre en inglés"),
    "name_pt": marked("Nombre en portugués"),
    "name_fr": marked("Nombre en francés"),
    "name_ht": marked("Nombre en criollo haitiano"),
    "read_es": marked("Leído en español"),
    "read_en": marked("Leído en inglés"),
    "read_pt": marked("Leído en portugués"),
    "read_fr": marked("Leído en francés"),
    "read_ht": marked("Leído en criollo haitiano"),
    "claim": marked("Lo que se dice"),
    "heard_on": marked("Se oyó el"),
    "message_key": marked("Mensaje que responde"),
}

STATUSES: Mapping[str, str] = {
    "active": marked("Funciona"),
    "full": marked("Lleno"),
    "temporarily_closed": marked("Cerrado por un tiempo"),
    "closed": marked("Cerrado"),
}

VISIBILITIES: Mapping[str, str] = {
    "public": marked("Todas las personas"),
    "partners": marked("Solo organizaciones de la red"),
    "restricted": marked("Restringido: solo personas nombradas"),
}

YES_NO: Mapping[bool, str] = {True: marked("sí"), False: marked("no")}

_YES_NO_WORDS = {"yes": marked("sí"), "no": marked("no"), "not_known": marked("no se sabe")}

#: Codes that each coded field may hold, with Spanish names, in the order of the form.
CODED: Mapping[str, Mapping[str, str]] = {
    "status": STATUSES,
    "visibility": VISIBILITIES,
    "access": {
        "open": marked("Abierto: se llega y se entra"),
        "referral_only": marked("Solo con remisión"),
    },
    "children_alone": _YES_NO_WORDS,
    "fees": {
        "free": marked("gratis"),
        "paid": marked("se paga"),
        "not_known": marked("no se sabe"),
    },
    "holidays": {
        "open": marked("abre"),
        "closed": marked("cierra"),
        "not_known": marked("no se sabe"),
    },
    "coord_precision": {
        "town": marked("El centro de la población"),
        "point": marked("La puerta del espacio"),
    },
    "state": {
        "open": marked("abierto"),
        "closed": marked("cerrado"),
        "not_known": marked("no se sabe"),
    },
    "effect": {
        "weight": marked("Se avisa; los caminos pueden pasar"),
        "exclusion": marked("Ningún camino pasa por ahí"),
    },
    "hazard": HAZARDS,
}

#: Vocabulary, by field, of the fields whose values are vocabulary terms.
VOCABULARY: Mapping[str, str] = {
    "kind": "space_kind",
    "services": "service",
    "sectors": "sector",
    "amenities": "amenity",
    "documents_required": "document",
    "genders": "gender",
}

PROPOSAL_STATES: Mapping[str, str] = {
    "pending": marked("Por revisar"),
    "accepted": marked("Aceptados"),
    "rejected": marked("Rechazados"),
    "withdrawn": marked("Retirados"),
    "applied": marked("Hechos al instante"),
}

ENTITIES: Mapping[str, str] = {
    "space": marked("espacio"),
    "crossing": marked("paso fronterizo"),
    "organization": marked("organización"),
    "hazard": marked("peligro"),
    "contact": marked("línea para llamar"),
    "channel": marked("canal de información"),
    "pathway": marked("ruta de atención"),
    "checklist": marked("lista de estándares"),
    "term": marked("término"),
    "rumour": marked("rumor"),
    "area": marked("zona"),
}

#: Coded reasons for a hide (removal of a record from public view in an emergency), as shown to
#: everybody in charge of the record (P56).
HIDE_CODES: Mapping[str, str] = {
    "danger": marked("peligro para las personas"),
    "request": marked("lo pidió el lugar"),
    "wrong_data": marked("datos equivocados"),
    "privacy": marked("protección de datos"),
    "restriction": marked("espera que otra persona lo restrinja"),
    "other": marked("otra razón"),
}

#: Ways to remove a record from public view (P52).
REMOVING_ACTS: Mapping[str, str] = {
    "hide": marked("ocultó"),
    "restrict": marked("ocultó, pidiendo restringir"),
    "close": marked("cerró"),
    "withdraw": marked("retiró"),
    "retire": marked("retiró del vocabulario"),
}

CHANNELS: Mapping[str, str] = {
    "whatsapp": marked("WhatsApp"),
    "sms": marked("mensaje de texto"),
    "email": marked("correo"),
    "phone": marked("llamada"),
    "visit": marked("visita"),
    "web": marked("esta página"),
}

ANSWERS: Mapping[str, str] = {
    "as_listed": marked("igual que antes"),
    "changed": marked("algo cambió"),
    "full": marked("lleno"),
    "closed": marked("cerrado"),
}

#: Ways in which a change was submitted.
VIAS: Mapping[str, str] = {
    "web": marked("esta página"),
    "api": marked("otro sistema"),
    "import": marked("un archivo"),
    "link": marked("un enlace de confirmación"),
    "cli": marked("la consola del servidor"),
}

#: Sides of a rectangle on the map, in the order west, south, east, north.
SIDES: Mapping[str, str] = {
    "west": marked("Oeste (longitud)"),
    "south": marked("Sur (latitud)"),
    "east": marked("Este (longitud)"),
    "north": marked("Norte (latitud)"),
}

#: Kinds of help line.
CONTACT_KINDS: Mapping[str, str] = {
    "emergency": marked("Emergencias"),
    "asylum": marked("Asilo y refugio"),
    "gbv": marked("Violencia de género"),
    "child_protection": marked("Protección de la niñez"),
    "psea": marked("Quejas sobre el personal (independiente)"),
    "other": marked("Otra línea"),
}

CHANNEL_STATES: Mapping[str, str] = {
    "active": marked("funciona"),
    "paused": marked("en pausa"),
    "ended": marked("terminó"),
}

MESSAGE_KINDS: Mapping[str, str] = {
    "information": marked("Orientación"),
    "campaign": marked("Campaña"),
    "self_care": marked("Autocuidado"),
}

AUDIENCES: Mapping[str, str] = {
    "people_on_the_move": marked("personas en camino"),
    "host_community": marked("comunidad de acogida"),
    "operators": marked("quienes operan espacios"),
    "partners": marked("organizaciones de la red"),
}

TEXT_STATES: Mapping[str, str] = {
    "draft": marked("borrador"),
    "submitted": marked("por revisar"),
    "reviewed": marked("revisado"),
    "retired": marked("retirado"),
}

#: Kinds of complaint, as shown to coordinators.
COMPLAINT_CATEGORIES: Mapping[str, str] = {
    "staff_conduct": marked("trato o abuso del personal"),
    "refused": marked("no atendieron"),
    "charged": marked("cobraron"),
    "unsafe": marked("lugar inseguro"),
    "privacy": marked("datos personales"),
    "other": marked("otra cosa"),
}

#: States of complaints and of rumours.
VOICE_STATES: Mapping[str, str] = {
    "new": marked("nueva"),
    "handling": marked("en trámite"),
    "open": marked("sin respuesta"),
    "answered": marked("respondido"),
    "retired": marked("retirado"),
}

FEEDBACK_ANSWERS: Mapping[str, str] = {
    "served": marked("atendieron"),
    "not_served": marked("no atendieron"),
    "found_open": marked("estaba abierto"),
    "found_closed": marked("estaba cerrado"),
}

ASSESSMENT_STATES: Mapping[str, str] = {
    "draft": marked("en curso"),
    "submitted": marked("por verificar"),
    "verified": marked("verificada"),
    "returned": marked("devuelta"),
}

ASSESSMENT_ANSWERS: Mapping[str, str] = {
    "yes": marked("sí"),
    "partly": marked("en parte"),
    "no": marked("no"),
    "not_applicable": marked("no aplica"),
}

VOCABULARY_TITLES: Mapping[str, str] = {
    "space_kind": marked("Tipos de espacio"),
    "service": marked("Servicios"),
    "sector": marked("Sectores"),
    "amenity": marked("Comodidades"),
    "document": marked("Documentos"),
    "gender": marked("Para quién, por género"),
    "phone_type": marked("Tipos de teléfono"),
    "count_method": marked("Cómo se cuenta a las personas en camino"),
    "count_source": marked("Quién cuenta"),
}
