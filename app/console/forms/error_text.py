"""Spanish texts of every code in `geo.reasons`, translated to the reader's language."""

from collections.abc import Mapping

from app.console.forms.labels import FIELD_LABELS
from app.i18n.translation import Words, marked
from geo.reasons import AS_IT_STANDS, CodedReason, Parameter

_MISSING = marked("Falta este dato.")
_CHOOSE = marked("Elija una opción de la lista.")
_NUMBER = marked("Escriba un número.")
_NUMBER_BETWEEN = marked("Escriba un número entre %(low)s y %(high)s.")
_DATE = marked("Escriba una fecha válida.")
_TIME = marked("Escriba una hora válida.")
_LENGTH = marked("Escriba entre 1 y %(most)s caracteres.")
_FIXED = marked("Este dato no se puede cambiar.")
_NOT_A_FIELD = marked("Este dato no existe en este registro.")
_BOTH = marked("Ponga los dos datos, o ninguno.")
_GEOMETRY = marked("La forma en el mapa no es válida.")
_TOO_LARGE = marked("El archivo es demasiado grande: divídalo.")
_BROKEN = marked("El archivo no se pudo leer: guárdelo en otro formato.")
_NOT_JSON = marked("No es un archivo JSON que se pueda leer.")
_MAPPING = marked("no se puede leer: revise cómo está escrito.")
_DAY_OR_MONTH = marked("No se sabe si va primero el día o el mes: dígalo al elegir las columnas.")

#: Spanish texts by code of a reason; pages show field, row and column beside the text.
TEXTS: Mapping[str, str] = {
    # Problems with the value of a single field.
    "missing": _MISSING,
    "needed": _MISSING,
    "not_text": marked("Escriba un texto."),
    "too_long": marked("El texto pasa de %(most)s caracteres."),
    "length": _LENGTH,
    "too_short": marked("Escriba al menos %(least)s caracteres."),
    "at_most": marked("El texto pasa de %(most)s caracteres."),
    "unstorable": marked("El texto tiene un signo que no se puede guardar: bórrelo."),
    "not_number": _NUMBER,
    "not_whole": marked("Escriba un número entero."),
    "not_between": _NUMBER_BETWEEN,
    "too_small": marked("Escriba un número desde %(low)s."),
    "not_true_or_false": marked("Elija sí o no."),
    "not_date": _DATE,
    "not_moment": marked("Escriba día, hora y zona horaria."),
    "not_clock": _TIME,
    "future": marked("La fecha está en el futuro."),
    "too_long_ago": marked("Fue hace más de %(days)s días."),
    "not_one_of": _CHOOSE,
    "not_id": marked("Use letras, números y guion bajo."),
    "not_term": marked("Use letras, números y guion bajo."),
    "not_code": marked("No es un código: use letras, números y guion bajo."),
    "not_codes": marked("Escriba una lista de códigos, con comas."),
    "not_objects": marked("No es una lista de datos que se pueda leer."),
    "too_few": marked("Escriba al menos %(least)s nombres."),
    "too_many": marked("Hay más de %(most)s: deje menos."),
    "not_country": marked("Elija un país de la lista."),
    "not_language": marked("Escriba el código del idioma, como es o ht."),
    "not_timezone": marked("Elija una zona horaria de la lista."),
    "not_email": marked("Escriba un correo electrónico válido."),
    "not_https": marked("La dirección empieza por https://."),
    "not_phone": marked("No es un número de teléfono."),
    "not_dialled": marked("No es un número que se pueda marcar."),
    "unknown": marked("No existe un espacio con el código %(value)s."),
    "no_match": marked("Ninguno coincide. Pruebe con otra palabra o con el código."),
    "not_a_field": _NOT_A_FIELD,
    "fixed": _FIXED,
    "never_changes": _FIXED,
    "twice": marked("Está dos veces."),
    "there_already": marked("Ya hay otro igual."),
    "not_a_button": _CHOOSE,
    "not_confirmed": marked("Marque la casilla para confirmar que lo entiende."),
    # Problems with questions of planning.
    "beyond_limit": marked("No cabe en el número de espacios o en el presupuesto."),
    "count_needed": marked("Para esta pregunta diga cuántos espacios."),
    "not_flow_row": marked("La fila %(row)s no es un corredor y un número de personas."),
    "no_flow": marked("Falta cuántas personas van por %(corridors)s."),
    "under_way": marked("Ya hay una búsqueda suya en curso: espere, o termínela."),
    "site_forbidden": marked("Está en una zona donde no puede haber ninguno."),
    # Problems with GeoJSON features sent by programs.
    "not_feature": marked("No es un objeto GeoJSON de un registro."),
    "not_type_feature": marked("No es un objeto GeoJSON de un registro."),
    "unknown_member": _NOT_A_FIELD,
    "not_object": marked("No es una lista de datos que se pueda leer."),
    "stated_elsewhere": marked("Este dato va en otra parte del registro: %(member)s."),
    "published_only": marked("Este dato solo se publica; el del registro es %(other)s."),
    "derived": marked("Este dato sale de otros registros: no se escribe."),
    "not_point": marked("La posición no es un punto."),
    "not_two_coordinates": marked("La posición necesita longitud y latitud."),
    "not_number_coordinate": marked("Longitud y latitud son números."),
    "outside_system": marked("La posición está fuera de la Tierra; el orden es %(order)s."),
    # Problems with the values of several fields together.
    "before": marked("El final está antes del principio."),
    "not_after": marked("La fecha final debe ser posterior a la inicial."),
    "more_than": marked("Es más que el máximo, que es %(most)s."),
    "hours_needed": marked("Falta la hora en que abre o cierra."),
    "stop_times_needed": marked("Falta cuándo llega o cuándo se va."),
    "both_or_neither": _BOTH,
    "same_countries": marked("Los dos países son el mismo."),
    "ids_clash": marked("Dos registros tienen el mismo código, o falta en uno."),
    "nothing_changes": marked("No hay ningún cambio que enviar."),
    "changed_meanwhile": marked("Cambió mientras tanto: mírelo de nuevo."),
    # Problems with positions and geometries.
    "swapped": marked("Latitud y longitud parecen cambiadas de lugar."),
    "out_of_range": marked("La posición está fuera de la Tierra: revise los números."),
    "outside_country": marked("La posición no está en ese país."),
    "outside_region": marked("La posición no está en la región."),
    "geometry_kind": marked("La forma en el mapa es de otra clase."),
    "geometry_invalid": _GEOMETRY,
    "not_geometry": _GEOMETRY,
    "not_degrees": marked("La posición está fuera de la Tierra: revise los números."),
    "crossing_stays": marked("La posición de un paso oficial no se cambia aquí."),
    "far_from_crossing": marked(
        "Está a más de %(km)s km de donde figura el paso: revise los números."
    ),
    # Problems with opening hours.
    "days_and_times": marked("Ponga los días y las dos horas."),
    "hours_need_open": marked("Las horas solo van con el estado «abierto»."),
    "count_or_until": marked("Ponga hasta cuándo o cuántas veces, no las dos cosas."),
    "interval_needs_start": marked("Diga desde qué fecha se cuenta."),
    "no_days": marked("Diga en qué días abre."),
    "not_weekday": marked("No es un día de la semana."),
    "not_weekday_of_rule": marked("No es un día de la semana que sirva en esa repetición."),
    "only_monthly": marked("Los días del mes solo van si se repite cada mes."),
    "not_day_of_month": marked("Escriba días del mes, de 1 a 31."),
    "no_day_ticked": marked("Marque al menos un día."),
    "closed_or_hours": marked("Ponga las dos horas, o marque cerrado."),
    # Problems with records of spaces.
    "refers_to_itself": marked("Un espacio no remite a sí mismo."),
    "follows_from_services": marked("Lo dicen los servicios: cámbielo allí."),
    "held_by_words": marked("Otras palabras lo tienen en cuarentena: propóngalo de nuevo."),
    "not_by_link": marked("Este dato no se cambia con un enlace."),
    "not_by_visit": marked("Este dato no se cambia en una visita."),
    "proposed_instead": marked("Esto se propone como un cambio."),
    "new_not_proposed": marked("Diga qué registro cambia: aquí no se propone uno nuevo."),
    "box_empty": marked("El norte va arriba del sur, y el este a la derecha del oeste."),
    "neither_code_nor_day": marked("Diga la razón o el día."),
    # Problems with hazards, counts and reports.
    "not_days_after": marked("Debe terminar como mucho %(days)s días después de empezar."),
    "rate_needs_source": marked("Una tasa necesita su fuente."),
    "not_counted": marked("Esa columna no es de un conteo: %(value)s."),
    "not_count_term": _CHOOSE,
    "not_collected": marked("Elija de la lista. No se recogen controles de policía ni migración."),
    # Problems with texts of guidance and standards.
    "phone_or_whatsapp": marked("Falta un teléfono o un WhatsApp."),
    "not_independent": marked("La línea para quejas no la atiende quien opera."),
    "refuge_name": marked("Ese es el nombre de un refugio: ponga el de la línea."),
    "real_checklist": marked("Las listas de verdad las agrega quien coordina."),
    "no_steps": marked("Escriba al menos un paso."),
    "unknown_contact": marked("No existe una línea con el código %(contact)s."),
    "unknown_space": marked("No existe un espacio con el código %(space)s."),
    "instruction_names_space": marked("El paso no nombra el espacio: elíjalo al lado."),
    "a_persons": marked("Quite números, direcciones y nombres de personas."),
    "protected_claim": marked("Habla de servicios protegidos: no se guarda."),
    "needed_to_send_back": marked("Diga por qué se devuelve."),
    "needed_to_return": marked("Diga por qué se devuelve."),
    "reader_of_language": marked("Diga quién lo leyó en ese idioma."),
    "noted_on_review": marked("Se anota cuando otra persona lo revisa."),
    "not_reviewed": marked("Elija un mensaje que ya esté revisado."),
    "not_writable": marked("Ese espacio no está entre los suyos."),
    "no_such_space": marked("No hay un espacio con ese código."),
    "no_checklist": marked("Para ese tipo de espacio no hay una lista vigente."),
    "not_kind": marked("Elija un tipo de espacio."),
    "items_count": marked("Escriba entre 1 y %(most)s preguntas."),
    "items_length": marked("Cada pregunta y su estándar tienen entre 1 y %(most)s caracteres."),
    "no_question": marked("La lista no tiene la pregunta %(number)s."),
    "evidence_needed": marked("Escriba qué lo muestra."),
    "was_served_or_open": marked("Diga si le atendieron o si estaba abierto."),
    "not_handled": _CHOOSE,
    # Problems with terms of vocabularies.
    "protected_for_good": marked("Ese término está protegido para siempre."),
    "protectable": marked("Solo se protegen tipos de espacio y servicios."),
    "validity_of_kinds": marked("Los días que vale una confirmación son de los tipos de espacio."),
    "name_needed": marked("Escriba el nombre en %(language)s."),
    "name_length": marked("Escriba el nombre en %(language)s."),
    "unknown_code": _CHOOSE,
    "in_use": marked("Hay registros que lo usan: retírelo en vez de borrarlo."),
    # Problems with wordings of safety texts in other languages.
    "other_placeholders": marked("Los datos no son los del original: %(names)s."),
    "stray_percent": marked("Quite el signo %% que no es de un dato."),
    "other_numbers": marked("Los números no son los del original."),
    "markup_or_address": marked("Quite direcciones y los signos < > & @."),
    "hidden_characters": marked("Quite saltos de renglón y signos que no se ven."),
    "not_printed": marked("Los afiches no tienen estas letras: %(letters)s."),
    "in_text": marked("«%(text)s»: %(why)s"),
    "not_po": marked("No es un archivo .po que se pueda leer."),
    # Problems with accounts of people and with tokens.
    "guessed": marked("Esa contraseña se adivina pronto: elija otra."),
    "editor_works_for_one": marked("Quien edita necesita una organización."),
    "approver_decides": marked("Marque al menos un país."),
    "not_countries": marked("Elija un país de la lista."),
    "no_such_organization": marked("No existe esa organización."),
    "no_such_person": marked("No hay una cuenta activa de esa persona."),
    "acts_in_a_name": marked("Elija en nombre de quién."),
    "own_account": marked("Su cuenta la cambia otra persona."),
    "not_anchor": marked("Ese renglón no es un registro de la cadena."),
    "contradicting_anchor": marked("Ese renglón no es de la cadena, o contradice otro."),
    "not_head": marked("Son 64 letras y números, como se mostraron."),
    "mixed": marked("Los datos ficticios y los reales no se mezclan."),
    # Reasons why an imported record becomes restricted even if its file says otherwise.
    "protected_kind": marked("el tipo de espacio está protegido"),
    "protected_service": marked("un servicio está protegido"),
    "protected_words": marked("estas palabras están protegidas: «%(words)s»"),
    "marked_confidential": marked("está marcado como confidencial"),
    # Remarks on what the import ignored or changed in a record.
    "not_used": marked("No se usó «%(name)s» de %(part)s."),
    "no_visibility": marked("No dice quién lo ve: queda restringido."),
    "made_restricted": marked("Queda restringido, diga lo que diga el archivo: %(why)s."),
    "pathway_restricted": marked("Queda restringida: %(why)s."),
    "term_protected": marked("Queda protegido: sus palabras hablan de lugares protegidos."),
    "row_night_contradicted": marked(
        "Una columna dice que no se duerme y los servicios dicen que sí: corrija una de las dos."
    ),
    "night_by_services": marked("Si se puede dormir lo dicen los servicios, no la otra columna."),
    "expires_too_late": marked("Vale %(days)s días como mucho: la fecha final se acortó."),
    "of_record": marked("%(id)s: %(note)s"),
    "may_be_same": marked("Quizá es el mismo lugar que %(id)s (%(score)s)."),
    # Problems with cells of imported files.
    "cell_not_yes_or_no": marked("No es sí ni no."),
    "cell_not_date": _DATE,
    "cell_too_early": marked("La fecha es anterior a %(year)s: quizá la celda está vacía."),
    "cell_too_late": marked("La fecha es posterior a %(year)s."),
    "cell_beyond_dates": _DATE,
    "cell_ambiguous_date": _DAY_OR_MONTH,
    "cell_ambiguous_decimal": marked(
        "No se sabe qué signo separa los decimales: dígalo al elegir las columnas."
    ),
    "cell_not_time": _TIME,
    "cell_not_moment": _DATE,
    "cell_without_offset": marked("Falta la zona horaria: dígala al elegir las columnas."),
    "cell_not_weekdays": marked("No son días de la semana."),
    "cell_unknown_weekday": marked("Nombra un día de la semana que no se conoce."),
    "cell_hours_unclear": marked(
        "Las horas no se leen con seguridad: pregunte, y escríbalas en la ficha del espacio."
    ),
    "cell_not_position": marked("No es latitud y longitud."),
    "cell_not_objects": marked("No es una lista de datos que se pueda leer."),
    "cell_not_json": marked("No es una lista de datos que se pueda leer."),
    "cell_error": marked("La celda tiene un error de la hoja de cálculo."),
    "cell_formula": marked("La fórmula no tiene un valor guardado: abra el archivo y guárdelo."),
    # Problems with rows of imported files.
    "row_too_wide": marked("Tiene más celdas que el encabezado, que tiene %(width)s."),
    "row_other_width": marked("Tiene %(cells)s columnas, y el encabezado %(width)s."),
    "row_not_feature": marked("No es un objeto GeoJSON de un registro."),
    "row_properties": marked("No es una lista de datos que se pueda leer."),
    "row_not_geometry": _GEOMETRY,
    "row_empty_geometry": _GEOMETRY,
    "row_not_one_point": marked("Es una línea, un área o varios puntos: ponga un solo punto."),
    "row_shapes": marked("Es una línea, un área o varios puntos: ponga un solo punto."),
    "row_no_point": marked("No tiene un punto en el mapa."),
    "row_no_coordinates": marked("No tiene un punto en el mapa."),
    "row_not_numbers": marked("Longitud y latitud son números."),
    "row_id_from_empty": marked("Está vacía, y el código se hace con ella."),
    "row_same_id": marked("La fila %(row)s tiene el mismo código."),
    "row_country_by_position": marked(
        "«%(column)s» no nombra el país del punto en el mapa: se toma el del punto."
    ),
    "row_country_by_division": marked(
        "El punto cae en otro país, cerca de la frontera: se toma %(country)s, por el departamento "
        "escrito. Confírmelo."
    ),
    "row_country_elsewhere": marked("El punto está en otro país que el escrito."),
    "row_placed_in_town": marked(
        "No tiene posición: queda marcado en su localidad, %(town)s. Pida la posición."
    ),
    "row_status_not_told": marked(
        "No dice si está abierto: el espacio entra como activo. Pregunte, y escríbalo en la ficha."
    ),
    "row_closed_by_hours": marked(
        "«%(column)s» dice que está cerrado: el espacio entra como cerrado. Pregunte."
    ),
    "row_kept_back": marked(
        "«%(column)s» dice que algo no se difunde: el espacio queda restringido."
    ),
    "cell_left_out": marked(
        "El espacio entra sin «%(column)s»: la celda no se entiende. Pregunte, y escríbalo en la "
        "ficha."
    ),
    "row_services_to_be_read": marked(
        "«%(column)s» dice para quién o cuándo no, o nombra a personas que un lugar puede "
        "proteger. Léalo, y diga qué significan sus palabras."
    ),
    "row_unread_of_stored": marked(
        "La celda no se entiende, y lo guardado quedaría. Diga qué significan sus palabras, o "
        "cambie la ficha."
    ),
    "row_hours_unclear": marked(
        "El espacio entra sin horas: la celda no se lee con seguridad. Pregunte, y escríbalas en "
        "la ficha."
    ),
    "row_longitude_mended": marked(
        "«%(column)s»: la longitud se leyó con el otro signo, y así queda junto a la localidad de "
        "la fila. Mírela en el mapa."
    ),
    "row_latitude_mended": marked(
        "«%(column)s»: la latitud se leyó con el otro signo, y así queda junto a la localidad de "
        "la fila. Mírela en el mapa."
    ),
    "row_exchange_mended": marked(
        "«%(column)s»: latitud y longitud se leyeron al revés, y así quedan junto a la localidad "
        "de la fila. Mírelas en el mapa."
    ),
    "row_swapped": marked("Latitud y longitud parecen cambiadas de lugar."),
    "row_unknown_referrer": marked("Nombra un espacio que no existe."),
    "row_of_others": marked("Lo cambia quien edita su organización o quien aprueba en su país."),
    # Prefixes that say where in a file a problem is.
    "in_file": marked("%(why)s"),
    "in_line": marked("Renglón %(line)s: %(why)s"),
    "in_column": marked("Fila %(line)s, columna «%(column)s»: %(why)s"),
    "in_field": marked("Fila %(line)s, %(of)s: %(why)s"),
    "in_mapping": marked("En el archivo de columnas: %(why)s"),
    "more_problems": marked("Y %(count)s errores más."),
    "about_persons": marked(
        "La columna «%(column)s» es sobre personas: un archivo de lugares no la lleva. Bórrela y "
        "tráigalo de nuevo."
    ),
    "import_closed": marked("Ese archivo ya se envió o se descartó."),
    "records_changed": marked("Los registros cambiaron desde la revisión: revíselo de nuevo."),
    # Reasons why a file cannot be read at all.
    "file_empty": marked("El archivo está vacío."),
    "file_too_large": _TOO_LARGE,
    "file_unpacked_too_large": _TOO_LARGE,
    "file_zip_broken": _BROKEN,
    "file_gzip_broken": _BROKEN,
    "file_encrypted": marked("El archivo tiene contraseña: guárdelo sin ella."),
    "file_other_format": marked("El archivo es %(found)s, no %(stated)s."),
    "file_zip_of_nothing": marked("El archivo no trae una tabla ni un mapa."),
    "file_json_of_nothing": marked("El archivo no es de lugares: traiga GeoJSON o HSDS."),
    "file_not_encoding": marked("El archivo no es %(encoding)s."),
    "file_unknown_encoding": marked("No se conoce esa forma de escribir letras: %(encoding)s."),
    "file_no_encoding": marked("No se pueden leer las letras: guárdelo como CSV UTF-8."),
    "file_delimiter": marked("Ese signo no separa columnas: use coma, punto y coma o tabulador."),
    "file_not_csv": marked("No es una tabla CSV que se pueda leer."),
    "file_not_csv_or_geojson": marked("Traiga un archivo .csv o .geojson."),
    "file_not_json": _NOT_JSON,
    "file_json_broken": _NOT_JSON,
    "file_nested": _NOT_JSON,
    "file_not_collection": marked("El archivo no es un mapa GeoJSON."),
    "file_other_system": marked("El mapa usa otras coordenadas: guárdelo con longitud y latitud."),
    "file_unnamed_column": marked("Hay una columna sin nombre."),
    "file_column_twice": marked("Dos columnas tienen el mismo nombre."),
    "file_not_gpkg": marked("El archivo no es un GeoPackage que se pueda leer (%(detail)s)."),
    "gpkg_crs": marked(
        "Las posiciones están en un sistema de referencia que aquí no se conoce (%(crs)s)."
    ),
    "gpkg_layers_left": marked("Capas que no se leyeron: %(layers)s."),
    "file_no_rows": marked("El archivo no tiene lugares."),
    "file_too_many_rows": marked("Tiene %(count)s filas y se leen %(most)s como mucho: divídalo."),
    "file_too_many_columns": marked("Tiene %(count)s columnas y se leen %(most)s como mucho."),
    "file_empty_header": marked("La fila %(row)s está vacía: no puede ser el encabezado."),
    "file_no_header": marked("Falta el encabezado: una fila con los nombres de las columnas."),
    "file_no_location": marked("El archivo no tiene lugares."),
    "file_entities": _BROKEN,
    "file_not_xml": _BROKEN,
    "file_not_kml": marked("El archivo no es un mapa KML."),
    "file_links": marked("El mapa solo enlaza a otro archivo: expórtelo con sus datos."),
    "file_no_kml": marked("El archivo no trae una tabla ni un mapa."),
    "file_sheet_too_large": marked("La hoja «%(sheet)s» tiene más de %(most)s celdas: divídala."),
    "file_old_workbook": marked("Es un libro antiguo o con contraseña: guárdelo como .xlsx."),
    "file_not_workbook": marked("No es un libro .xlsx."),
    "file_unmeasured": _BROKEN,
    "file_no_sheet": marked("No hay una hoja «%(sheet)s». Hay: %(sheets)s."),
    "file_no_data": marked("Ninguna hoja visible tiene datos."),
    "file_several_sheets": marked("Varias hojas tienen datos: diga cuál, de %(sheets)s."),
    "file_needs_mapping": marked("Ninguna columna se llama como un dato: diga qué es cada una."),
    "file_lacks_column": marked("Falta la columna «%(column)s»."),
    # Files that exceed the limits of one import, with advice.
    "heavy_members": marked(
        "El archivo trae demasiados archivos dentro: traiga solo la tabla o el mapa."
    ),
    "heavy_unpacked": marked("El archivo es demasiado grande al abrirlo: divídalo."),
    "heavy_ratio": marked(
        "El archivo contiene mucho más de lo que pesa: guárdelo de nuevo sin filas vacías ni "
        "repetidas."
    ),
    "heavy_rows": marked("El archivo tiene demasiadas filas para una sola vez: divídalo."),
    "heavy_cells": marked("El archivo tiene demasiadas celdas llenas: divídalo."),
    "heavy_memory": marked(
        "El archivo ocupa demasiada memoria al leerlo: divídalo, o borre lo que está lejos de la "
        "tabla."
    ),
    "heavy_time": marked("El archivo tarda demasiado en leerse: divídalo."),
    "heavy_turn": marked(
        "Otro archivo suyo se está leyendo: espere un minuto y tráigalo de nuevo."
    ),
    "heavy_broken": _BROKEN,
    # Problems with country kits.
    "not_of_kit": marked("No es del país del paquete, %(country)s."),
    "informal_crossing": marked("Habla de un paso informal: aquí van solo pasos oficiales."),
    "not_pcode": marked("No es un código P: letras y números que empiezan por %(country)s."),
    # Problems with column mapping files.
    "mapping_not_utf8": _MAPPING,
    "mapping_not_toml": _MAPPING,
    "mapping_unknown_name": marked("no existe «%(name)s» en %(where)s."),
    "mapping_not_table": _MAPPING,
    "mapping_not_texts": _MAPPING,
    "mapping_not_row": marked("Escriba el número de la fila del encabezado."),
    "mapping_one_column": marked("Ese dato sale de una sola columna."),
    "mapping_no_text": marked("Falta qué quiere decir «%(label)s»."),
    "mapping_parts": marked("Estos datos no se leen juntos de una celda; se leen: %(choices)s."),
    "mapping_only_lists": marked("Solo una lista se hace de respuestas."),
    "mapping_same_id": marked("El código no puede ser el mismo en todas las filas."),
    "mapping_column_or_recipe": marked("El código sale de una columna o de varias, no de ambas."),
    "mapping_recipe_prefix": marked("Escriba abajo el nombre corto de la fuente."),
    # Remarks on how a file was read, and on what its mapping leaves out.
    "read_as": marked("El archivo se leyó como %(encoding)s: revise las tildes."),
    "read_without_mark": marked("El archivo se leyó como %(encoding)s: revise las tildes."),
    "encoded_twice": marked("Las tildes parecen dañadas («Ã±» en vez de «ñ»): repare el archivo."),
    "hidden_sheets": marked("Hojas ocultas que no se leyeron: %(sheets)s."),
    "other_sheets": marked("Otras hojas que no se leyeron: %(sheets)s."),
    "other_files": marked("Otros archivos que no se leyeron: %(files)s."),
    "hidden_rows": marked("Filas ocultas que se leyeron como las demás: %(count)s."),
    "hidden_columns": marked("Las columnas ocultas se leyeron como las demás."),
    "merged_cells": marked("Celdas que tomaron el valor de su celda combinada: %(count)s."),
    "short_rows": marked("Filas más cortas que el encabezado, con celdas vacías: %(count)s."),
    "same_columns": marked("Columnas del mismo nombre que se distinguieron: %(columns)s."),
    "survey_type_not_read": marked(
        "La pregunta «%(column)s» es de un tipo que no se lee nunca (%(type)s)."
    ),
    "survey_columns": marked("Columnas sobre la encuesta que no se leyeron: %(columns)s."),
    "columns_not_used": marked("Columnas sin usar: %(columns)s."),
    "totals_left_out": marked("Filas de sumas, que quedan fuera: %(rows)s."),
    "most_swapped": marked(
        "Latitud y longitud parecen cambiadas de lugar en %(count)s de %(total)s filas: corrija "
        "las columnas o el archivo. Solo se cambian las filas cuya localidad lo prueba."
    ),
    "field_in_no_column": marked("Ninguna columna dice esto: %(of)s. Elíjala, o escríbalo abajo."),
    "country_by_position": marked(
        "Ninguna columna dice el país: cada fila toma el de su punto. Cerca de una frontera lo "
        "dice el departamento, o escríbalo abajo."
    ),
    "day_of_form": marked(
        "«%(column)s» es el día del formulario: vale como día de confirmación, porque ninguna "
        "columna dice otro."
    ),
    "no_position": marked("Ninguna columna tiene la posición: latitud y longitud."),
    "visibility_in_no_column": marked(
        "Ninguna columna dice quién lo ve: cada espacio nuevo queda restringido."
    ),
    "phones_published": marked("Los teléfonos se publican: quite los números de personas."),
    "answers_read": marked("Sí y no en «%(columns)s» se leen como: %(codes)s."),
    "unknown_country": marked("No se conoce el país: %(country)s."),
    "dates_ambiguous": marked(
        "En «%(column)s» no se sabe si va primero el día o el mes: dígalo abajo."
    ),
    "status_in_no_column": marked(
        "Ninguna columna dice el estado: los espacios nuevos entran como activos. "
        "Mire cuáles cerraron."
    ),
    "rows_without_position": marked(
        "Filas sin posición: %(count)s. Elija más abajo si quedan marcadas en su localidad."
    ),
    "free_text": marked("«%(column)s» tiene texto libre, no valores de una lista."),
    "label_needs_code": marked("«%(label)s» en «%(column)s» necesita un código de %(of)s."),
    "headers_remembered": marked(
        "%(count)s columnas están como su organización las eligió en archivos anteriores."
    ),
    "prefix_needed": marked("Escriba abajo el nombre corto de la fuente."),
}


def reason_text(w: Words, reason: CodedReason) -> str:
    """Return a reason in the reader's language; a reason that is plain text stays unchanged."""
    if reason.code == AS_IT_STANDS:
        return str(reason)
    shown = {name: _shown(w, name, value) for name, value in reason.parameters.items()}
    return w.gettext(TEXTS[reason.code]) % shown


def _shown(w: Words, name: str, value: Parameter) -> str:
    if isinstance(value, CodedReason):
        return reason_text(w, value)
    if name == "of":
        return w.gettext(FIELD_LABELS.get(str(value), str(value)))
    return ", ".join(value) if isinstance(value, list) else str(value)
