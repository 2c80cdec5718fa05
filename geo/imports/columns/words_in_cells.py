"""Words by which cells are recognised: names of places, organisations, addresses, groups, people.

Each list holds what any speaker would expect in cells of such a column, folded, in Spanish,
Portuguese, English and French [A]. A cell without a listed word can still be of the column.
"""

import re
from typing import Final

from geo.imports.headers.wording import word_set


def _words(text: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(text.split())})\b")


#: Words that names of spaces have at the beginning, as the first or the second word.
PLACE_NAMES: Final = _words(
    "casas? albergues? hogar refugio centros? puntos? puestos? posta posto ponto comedor "
    "espacios? espacos? posada abrigo cozinha cocina refeitorio sala unidad(?:e)? ubs upa ips "
    "cras creas hospital clinica oficina parroquia modulo ollas? ludoteca wi-?fi biblioteca "
    "consultorio brigada servicio sede ropero banco sopao restaurante assessoria orientacion "
    "acolhida pousada dormitorio shelter center centre house kitchen point clinic carpa "
    "campamento estacion kiosko infocentro infopunto caminantes migrante migrantes topico zona "
    "rincon iglesia paroquia igreja capilla mision missao fundacion escuela escola jornada "
    "equipo alojamiento hospedaje caravana nucleo merendero obrador panera rancho lar instituto "
    "san santa santo sao nossa"
)

#: Words in names of organisations.
ORGANISATIONS: Final = _words(
    "fund corp asoc assoc hnas fundacion fundacao foundation asociacion associacao association "
    "ong ngo ongs osc caritas "
    "cruz croix cross media(?:no)? diocesis diocese arquidiocesis arquidiocese pastoral "
    "parroquia paroquia vicariato gobierno governo government alcaldia municipalidad municipal "
    "municipio prefeitura intendencia secretaria ministerio ministerio gad gobernacion acnur "
    "unhcr oim iom unicef pma wfp oms ops unfpa iglesia igreja church hermanas hermanos irmas "
    "misioner[oa]s missionari[oa]s mision missao red rede network corporacion corporacao "
    "instituto institute coletivo colectivo colectiva universidad universidade comite committee "
    "servicio servico jesuita jesuitas sjr sjm scalabrini scalabrinianas consultorio consejo "
    "conselho consorcio cooperativa sociedad sociedade hospital ejercito exercito save refugee "
    "plan world vision medicos medecins hias nrc drc vecinos junta defensoria personeria estado "
    "movimiento movimento grupo grupos club centro congregacion congregacao franciscan[oa]s "
    "salesian[oa]s apoyo manos ayuda aldeas sos cvr crc dps sas ss"
)

#: Words of addresses: kinds of streets, "no number", kilometres, quarters, and phrases such as
#: "beside".
ADDRESSES: Final = re.compile(
    r"\b(?:calles?|cll|cl|cra|kra|carrera|kr|cr|avenidas?|av|avda|ave|rua|r|jiron|jr|pasaje|psje|"
    r"transversal|transv|diagonal|diag|autopista|autovia|carretera|rodovia|panamericana|ruta|via|"
    r"vereda|camino|travessa|tv|praca|plaza|parque|alameda|malecon|boulevard|bulevar|blvd|esquina|esq|"
    r"barrio|bairro|bo|colonia|col|urb|urbanizacion|sector|setor|manzana|mz|lote|lt|quadra|qd|bloco|"
    r"km|kilometro|s/n|sn|nro|terminal|rodoviaria|puente|ponte|street|st|road|rd|avenue|"
    r"frente a|al lado|ao lado|junto a|junto ao|cerca|detras|diagonal|entre|corregimiento|caserio|"
    r"zona|local|piso|edificio|galeria|mercado|br-?\d+|rn-?\d+|de \w+ \d+ (?:mts?|m|cuadras?))\b|"
    r"#\s*\d|\bn[°ºo.]\s*\d|,\s*\d{1,5}\b|\b\d+[a-z]?\s*-\s*\d+\b|\d+ m(?:ts?|etros)?\b"
)

#: Phrases by which people find a place: "frente al parque".
LANDMARKS: Final = re.compile(
    r"\b(?:frente|al lado|ao lado|junto|cerca|proximo|perto|detras|atras|diagonal|a la vuelta|"
    r"linea|linha|bus(?:es)?|onibus|buseta|metro|parada|ruta|llegar|chegar|bajar|descer|subir|"
    r"caminando|a pie|a pe|\d+ (?:m|mts?|metros|cuadras?|quadras?|min(?:utos)?))\b"
)

#: Groups of people whom places take in.
GROUPS: Final = _words(
    "tod[oa]s? persona? personas pessoas people mujer mujeres mulher mulheres women femmes "
    "hombres homens men familias? famili(?:es|a) nna nnaj ninos ninas ninez criancas? children "
    "adolescentes jovenes jovens adultos? adultas? mayores idosos gestantes gestante lactantes "
    "embarazadas migrantes? refugiad[oa]s solicitantes caminantes? retornad[oa]s poblacion "
    "populacao publico venezolan[oa]s venezuelan[oa]s haitian[oa]s colombian[oa]s cuban[oa]s "
    "indigenas warao lgbti\\w* discapacidad deficiencia sobrevivientes victimas vitimas "
    "transito vocacion permanencia pendular acogida anyone everyone any nacionalidad "
    "nacionalidade deportad[oa]s mixto mixta madres maes bebes menores estudiantes trabajadores "
    "vulnerables?"
)

#: Words in cells about what something costs.
COSTS: Final = re.compile(
    r"\b(?:gratis|gratuit[oa]|sin costo|sem custo|de graca|no (?:se )?(?:cobra|paga)n?|free|"
    r"aportes?|voluntari[oa]|contribucion|contribuicao|colaboracion|donacion|donativo|simbolic[oa])\b"
)

#: Given names of persons, without names that also are names of towns of the region.
GIVEN_NAMES: Final = word_set(
    "maria jose juan luis carlos ana andres leidy pedro jorge miguel angel luz marta martha "
    "rosa claudia patricia sandra diana carolina paola andrea daniel daniela david diego felipe "
    "fernando francisco gabriel gabriela gloria gustavo hector henry hugo ivan jaime javier "
    "jesus jhon john johana joao jonathan julia julian juliana julio karen karina katherine "
    "kelly laura leonardo lina liliana lorena lucas lucia luciana luisa manuel marcela marcelo "
    "marco marcos mariana mario mateo matheus mauricio milena monica nancy natalia nelson "
    "nicolas norma olga omar oscar pablo paula paulo rafael raquel raul ricardo roberto rodrigo "
    "ruben sara sebastian sergio silvia sofia sonia teresa valentina vanessa veronica victor "
    "viviana wilmer wilson william yesenia yolanda yuliana adriana alba alberto alejandra "
    "alejandro alexander alfredo alicia alvaro amanda antonio arturo beatriz camila camilo "
    "catalina cecilia cesar cristian cristina edgar eduardo elena elizabeth enrique esteban "
    "fabian fabio flor freddy german gladys guillermo irene isabel jean marie pierre jacques "
    "thiago tatiana renata bruno bruna aline fernanda leticia larissa vitor joaquim antonia "
    "francisca raimunda raimundo ines mercy yaneth janeth yamile dayana josue kevin brayan "
    "steven erika yuri mayra nelly nohora edith esther rocio pilar consuelo"
)

#: Titles and labels before a person's name.
TITLES: Final = word_set(
    "sr sra srta don dona hna hno hermana hermano padre pbro pe p frei irma lic licda dr dra "
    "ing prof profe mg enf psic abog soc mr mrs ms mme"
)

#: Words by which a cell is about a person: given names and titles.
ANYBODY: Final = GIVEN_NAMES | word_set("sr sra srta don dona hna hno sor pbro lic licda dra prof")

#: Domains of providers of private mailboxes.
PERSONAL_MAIL: Final = re.compile(
    r"@(?:gmail|hotmail|outlook|yahoo|live|icloud|msn|bol|uol|terra|protonmail|proton)\."
)

#: Words with which mailboxes of a place or an office begin. A mailbox without such a word may be
#: that of a person who works there [A].
ROLE_MAIL: Final = word_set(
    "info informacion informacao informes information contacto contato contact contacts correo "
    "mail albergue abrigo shelter refugio casa hogar lar centro center centre comedor cocina "
    "cozinha posada pousada punto ponto espacio espaco oficina office escritorio secretaria "
    "secretariat atencion atendimento acolhida acogida recepcion recepcao reception admin "
    "administracion administracao direccion direcao gerencia coordinacion coordenacao "
    "comunicacion comunicaciones comunicacao prensa ayuda apoyo apoio help support hola hello "
    "migracion migracao migrante migrantes movilidad movilidadhumana mobilidade refugiado "
    "refugiados humanitaria humanitario social servicios servicos salud saude hospital clinica "
    "parroquia paroquia pastoral diocesis diocese caritas fundacion fundacao asociacion "
    "associacao mision missao ong osc sede general geral cras creas ubs acnur unhcr oim iom "
    "unicef orientacion orientacao juridica consultorio registro proteccion protecao "
    "voluntariado donaciones doacoes emergencia emergencias linea central citas"
)

#: Text that may follow a word of `ROLE_MAIL` in a mailbox: "casadelmigrante" is that of a place,
#: "casasgutierrez" is not.
MORE_MAIL: Final = re.compile(
    r"(?:[ae]?l)?(?:de|da|do|san|sao|paso|passagem|migra|refug|tempor|comunit|social|human|nacional)"
)
