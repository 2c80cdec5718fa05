"""Names of the first divisions of countries: departments, states, provinces, regions."""

import re

from geo.text.normalize import folded

#: Folded names by ISO 3166-1 alpha-2 code, separated by bars: those of Natural Earth
#: (`data/boundaries/SOURCES.md`), short forms in use, and the letters of Brazil's states.
_NAMES = {
    "AR": (
        "buenos aires|caba|catamarca|chaco|chubut|ciudad autonoma de buenos aires|"
        "ciudad de buenos aires|cordoba|corrientes|entre rios|formosa|jujuy|la pampa|"
        "la rioja|mendoza|misiones|neuquen|rio negro|salta|san juan|san luis|"
        "santa cruz|santa fe|santiago del estero|tierra del fuego|tucuman"
    ),
    "BO": "beni|chuquisaca|cochabamba|la paz|oruro|pando|potosi|santa cruz|tarija",
    "BR": (
        "ac|acre|al|alagoas|am|amapa|amazonas|ap|ba|bahia|ce|ceara|df|"
        "distrito federal|es|espirito santo|go|goias|ma|maranhao|mato grosso|"
        "mato grosso do sul|mg|minas gerais|ms|mt|pa|para|paraiba|parana|pb|pe|"
        "pernambuco|pi|piaui|pr|rio de janeiro|rio grande do norte|rio grande do sul|"
        "rj|rn|ro|rondonia|roraima|rr|rs|santa catarina|sao paulo|sc|se|sergipe|"
        "sp|to|tocantins"
    ),
    "CL": (
        "aisen del general carlos ibanez del campo|antofagasta|araucania|"
        "arica y parinacota|atacama|aysen|bio bio|bio-bio|biobio|coquimbo|"
        "la araucania|libertador general bernardo o'higgins|los lagos|los rios|"
        "magallanes|magallanes y antartica chilena|maule|metropolitana|nuble|ohiggins|"
        "region metropolitana|region metropolitana de santiago|rm|tarapaca|valparaiso"
    ),
    "CO": (
        "amazonas|antioquia|arauca|atlantico|bogota|bogota d.c.|bolivar|boyaca|"
        "caldas|caqueta|casanare|cauca|cesar|choco|cordoba|cundinamarca|guainia|"
        "guajira|guaviare|huila|la guajira|magdalena|meta|n. de santander|narino|"
        "norte de santander|putumayo|quindio|risaralda|san andres|"
        "san andres y providencia|santander|sucre|tolima|valle|valle del cauca|vaupes|"
        "vichada"
    ),
    "CR": "alajuela|cartago|guanacaste|heredia|limon|puntarenas|san jose",
    "DO": (
        "azua|bahoruco|barahona|dajabon|distrito nacional|duarte|el seybo|espaillat|"
        "hato mayor|hermanas|independencia|la altagracia|la estrelleta|la romana|"
        "la vega|maria trinidad sanchez|monsenor nouel|monte cristi|monte plata|"
        "pedernales|peravia|puerto plata|samana|san cristobal|san jose de ocoa|"
        "san juan|san pedro de macoris|sanchez ramirez|santiago|santiago rodriguez|"
        "santo domingo|valverde"
    ),
    "EC": (
        "azuay|bolivar|canar|carchi|chimborazo|cotopaxi|el oro|esmeraldas|galapagos|"
        "guayas|imbabura|loja|los rios|manabi|morona santiago|napo|orellana|pastaza|"
        "pichincha|santa elena|santo domingo de los tsachilas|sto domingo|sucumbios|"
        "tungurahua|zamora chinchipe"
    ),
    "GT": (
        "alta verapaz|baja verapaz|chimaltenango|chiquimula|el progreso|escuintla|"
        "guatemala|huehuetenango|izabal|jalapa|jutiapa|peten|quetzaltenango|quiche|"
        "retalhuleu|sacatepequez|san marcos|santa rosa|solola|suchitepequez|"
        "totonicapan|zacapa"
    ),
    "HN": (
        "atlantida|choluteca|colon|comayagua|copan|cortes|el paraiso|"
        "francisco morazan|gracias a dios|intibuca|islas de la bahia|la paz|lempira|"
        "ocotepeque|olancho|santa barbara|valle|yoro"
    ),
    "HT": ("centre|grand'anse|l'artibonite|nippes|nord|nord-est|nord-ouest|ouest|sud|sud-est"),
    "MX": (
        "aguascalientes|baja california|baja california sur|campeche|cdmx|chiapas|"
        "chihuahua|ciudad de mexico|coahuila|colima|distrito federal|durango|edomex|"
        "estado de mexico|guanajuato|guerrero|hidalgo|jalisco|mexico|michoacan|"
        "morelos|nayarit|nuevo leon|oaxaca|puebla|queretaro|quintana roo|"
        "san luis potosi|sinaloa|sonora|tabasco|tamaulipas|tlaxcala|veracruz|yucatan|"
        "zacatecas"
    ),
    "NI": (
        "atlantico norte|atlantico sur|boaco|carazo|chinandega|chontales|esteli|"
        "granada|jinotega|leon|madriz|managua|masaya|matagalpa|nueva segovia|"
        "rio san juan|rivas"
    ),
    "PA": (
        "bocas del toro|chiriqui|cocle|colon|darien|embera|herrera|kuna yala|"
        "los santos|ngobe bugle|panama|veraguas"
    ),
    "PE": (
        "amazonas|ancash|apurimac|arequipa|ayacucho|cajamarca|callao|cusco|"
        "huancavelica|huanuco|ica|junin|la libertad|lambayeque|lima|lima province|"
        "loreto|madre de dios|moquegua|pasco|piura|puno|san martin|tacna|tumbes|"
        "ucayali"
    ),
    "PY": (
        "alto paraguay|alto parana|amambay|asuncion|boqueron|caaguazu|caazapa|"
        "canindeyu|central|concepcion|cordillera|guaira|itapua|misiones|neembucu|"
        "paraguari|presidente hayes|san pedro"
    ),
    "SV": (
        "ahuachapan|cabanas|chalatenango|cuscatlan|la libertad|la paz|la union|"
        "morazan|san miguel|san salvador|san vicente|santa ana|sonsonate|usulutan"
    ),
    "UY": (
        "artigas|canelones|cerro largo|colonia|durazno|flores|florida|lavalleja|"
        "maldonado|montevideo|paysandu|rio negro|rivera|rocha|salto|san jose|soriano|"
        "tacuarembo|treinta y tres"
    ),
    "VE": (
        "amazonas|anzoategui|apure|aragua|barinas|bolivar|carabobo|cojedes|"
        "delta amacuro|dependencias federales|distrito capital|falcon|guarico|la guaira|"
        "lara|merida|miranda|monagas|nueva esparta|portuguesa|sucre|tachira|trujillo|"
        "vargas|yaracuy|zulia"
    ),
}
_BY_COUNTRY = {country: frozenset(names.split("|")) for country, names in _NAMES.items()}
_ALL = frozenset(name for names in _BY_COUNTRY.values() for name in names)

#: Pattern for "Sto." and "Sta.", which are read as "Santo" and "Santa" when names are compared.
_SHORT = re.compile(r"\bst([oa])\.? ")


def is_division(value: str) -> bool:
    """Return whether a text names a department, state, province or region of the network."""
    return _plain(value) in _ALL


def countries_of(division: str) -> frozenset[str]:
    """Return the countries (ISO 3166-1 alpha-2) that have a division of this name."""
    name = _plain(division)
    return frozenset(country for country, names in _BY_COUNTRY.items() if name in names)


def _plain(value: str) -> str:
    plain = folded(value).replace("_", " ").rstrip(".")
    return _SHORT.sub(lambda found: f"sant{found[1]} ", plain)
