"""Reasons of refusals and notes on changes, as codes with parameters and an English text.

Programs and translation catalogues use the code, developers read the text. The text is never
parsed: a text stored before codes existed gets the code `AS_IT_STANDS`, with the text as parameter.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final, Self

#: Type of a parameter: any JSON value but an object, or another reason.
type Parameter = str | int | float | bool | list[str] | CodedReason | None

#: Code of a text that was not made from a code: a library's message, or a text in an old row.
AS_IT_STANDS: Final = "as_it_stands"

#: Maximum length of a value from a file or form that a reason repeats.
LONGEST_VALUE: Final = 80

#: Names of parameters that repeat input of a file or form; all others are Amparo's own words.
REPEATED: Final = frozenset({"value", "lon", "lat", "label"})

#: English predicate of every code. The text of a reason puts the parameters ``field`` and
#: ``value``, if present, in front: ``confirmed_on '2020' is not a date (YYYY-MM-DD)``.
ENGLISH: Final[Mapping[str, str]] = {
    AS_IT_STANDS: "{text}",
    # Broken rules of a single field.
    "missing": "is missing",
    "needed": "is needed",
    "not_text": "is not a text",
    "too_long": "is longer than {most} characters",
    "length": "has 1 to {most} characters",
    "too_short": "has at least {least} characters",
    "at_most": "has at most {most} characters",
    "unstorable": "holds a character that cannot be stored: \\0, or half of a pair",
    "not_number": "is not a number",
    "not_whole": "is not a whole number",
    "not_between": "is not between {low} and {high}",
    "too_small": "is less than {low}",
    "not_true_or_false": "is neither true nor false",
    "not_date": "is not a date (YYYY-MM-DD)",
    "not_moment": "is not a time with its offset (ISO 8601)",
    "not_clock": "is not a time (HH:MM)",
    "future": "lies in the future",
    "too_long_ago": "is more than {days} days ago",
    "not_one_of": "is not one of {choices}",
    "not_id": "may hold letters, digits and ._:+- only",
    "not_term": "may hold letters, digits, blanks, _ and - only",
    "not_code": "is not a code",
    "not_codes": "is not a list of codes",
    "not_objects": "is not a list of objects",
    "too_few": "is not a list of at least {least} names",
    "too_many": "has more than {most} entries",
    "not_country": "is not an ISO 3166-1 alpha-2 code",
    "not_language": "is not an ISO 639 code, such as es or ht",
    "not_timezone": "is not an IANA time zone",
    "not_email": "is no e-mail address",
    "not_https": "is not an address that starts with https://",
    "not_phone": "is not a telephone number",
    "not_dialled": "is not a number to dial",
    "unknown": "is not known",
    "no_match": "is not known",
    "not_a_field": "is not a field of this record",
    "fixed": "cannot be changed",
    "never_changes": "is not the one of the address, and never changes",
    "twice": "is named twice",
    "there_already": "is there already",
    "not_a_button": "is not one of the buttons",
    "not_confirmed": "is not confirmed",
    # Reasons about features in requests (OGC API - Features, Part 4).
    "not_feature": "is no GeoJSON Feature",
    "not_type_feature": "is not Feature",
    "unknown_member": "is no member that is known here",
    "not_object": "is no object",
    "stated_elsewhere": "is stated as the feature's {member}",
    "published_only": "is published only; the record's field is {other}",
    "derived": "follows from other records and cannot be stated",
    "not_point": "is no GeoJSON Point",
    "not_two_coordinates": "has not two coordinates",
    "not_number_coordinate": "has a coordinate that is no number",
    "outside_system": "lies outside its reference system; the order is {order}",
    # Wordings of safety texts in other languages.
    "other_placeholders": "has other placeholders than {names}",
    "stray_percent": "has a sign % outside a placeholder",
    "other_numbers": "has other numbers than the original",
    "markup_or_address": "holds markup, an address or a sign of one of both",
    "hidden_characters": "holds line ends or characters that nobody sees",
    "not_printed": "holds letters that posters cannot print: {letters}",
    "in_text": "“{text}”: {why}",
    "not_po": "is no file of translations (.po)",
    # Broken rules of several fields together.
    "before": "is before {other} {start}",
    "not_after": "is not after {other} {start}",
    "more_than": "is more than {other} {most}",
    "hours_needed": "opens_at and closes_at are needed",
    "stop_times_needed": "starts_at and ends_at are needed",
    "both_or_neither": "{fields} come together or not at all",
    "same_countries": "country_a and country_b are the same",
    "ids_clash": "two documents have the same id, or one has none",
    "nothing_changes": "say what is already so",
    "changed_meanwhile": "has changed since it was chosen: look at it again",
    # Reasons about places.
    "swapped": "lon {lon} and lat {lat} look swapped",
    "out_of_range": "lon {lon} or lat {lat} is out of range",
    "outside_country": "lon {lon}, lat {lat} lies outside {country}",
    "outside_region": "is not a point of the region",
    "geometry_kind": "is {found}, not a {kinds}",
    "geometry_invalid": "is not valid: {detail}",
    "not_geometry": "is not a GeoJSON geometry",
    "not_degrees": "has lon beyond -180 to 180 or lat beyond -90 to 90; the order is lon, lat",
    "crossing_stays": "of an official crossing is not changed here",
    "far_from_crossing": "lies more than {km} km from where the crossing is registered",
    # Reasons about opening hours (RFC 5545).
    "days_and_times": "days and both times go together",
    "hours_need_open": "belongs to the state open",
    "count_or_until": "count and until exclude each other (RFC 5545)",
    "interval_needs_start": "interval and count need dtstart: they are counted from it",
    "no_days": "neither byday, bymonthday nor dtstart says on which days",
    "not_weekday": "is not a weekday of RFC 5545 (MO, or 1MO, -1FR in a monthly rule)",
    "not_weekday_of_rule": "is not a weekday of a {freq} rule",
    "only_monthly": "belongs to a monthly rule",
    "not_day_of_month": "is not a day of a month: 1 to 31, or -1 to -31",
    "no_day_ticked": "no day is ticked",
    "closed_or_hours": "an exception is closed, or has opens_at and closes_at",
    # Reasons about spaces.
    "refers_to_itself": "a space does not refer to itself",
    "follows_from_services": "follows from the service '{service}' alone: {way} in services",
    "held_by_words": "is held by other words: propose it again",
    "not_by_link": "is not changed by a link",
    "not_by_visit": "is not changed by a visit",
    "proposed_instead": "is proposed as a change instead",
    "new_not_proposed": "is needed: no new {entity} is proposed",
    "box_empty": "the box is empty",
    "neither_code_nor_day": "names neither a code nor a day",
    # Reasons about hazards, counts and reports.
    "not_days_after": "is not 0 to {days} days after {other}",
    "rate_needs_source": "a rate needs its rate_source",
    "not_counted": "is not one of an aggregated count",
    "not_count_term": "is not a term of the vocabulary {vocabulary}",
    "not_collected": (
        "is not one of {choices}; police and migration controls are no hazards and are not"
        " collected"
    ),
    # Reasons about planning.
    "beyond_limit": "needs more than the count or the budget allows",
    "count_needed": "is needed for this question",
    "not_flow_row": "row {row} is not a corridor and a number of people",
    "no_flow": "has no number of people for {corridors}",
    "under_way": "waits for the one that is under way",
    "site_forbidden": "is in an area where none may stand",
    # Reasons about guidance and standards.
    "phone_or_whatsapp": "is missing, and whatsapp too",
    "not_independent": "must be true for a line about staff (P44)",
    "refuge_name": "is that of a refuge: a line has the name of a line (P3)",
    "real_checklist": "must be true: real checklists are added by a coordinator",
    "no_steps": "is empty: a pathway has at least one",
    "unknown_contact": "contact '{contact}' is not known",
    "unknown_space": "space '{space}' is not known",
    "instruction_names_space": "an instruction names its space: leave that to the space",
    "a_persons": "holds an address or number that could be a person's",
    "protected_claim": "speaks of protected services: it is not kept (P38)",
    "needed_to_send_back": "is needed to send a text back",
    "needed_to_return": "is needed to return an assessment",
    "reader_of_language": "say who read it in '{language}'",
    "noted_on_review": "is noted when somebody else reviews it",
    "not_reviewed": "is not a reviewed message",
    "not_writable": "is none that you may write about",
    "no_such_space": "is no space that you may know of",
    "no_checklist": "has no checklist in force",
    "not_kind": "is not a kind of space",
    "items_count": "are 1 to {most}",
    "items_length": "have a standard and a question of 1 to {most} characters",
    "no_question": "{number} is no question of the checklist",
    "evidence_needed": "needs its evidence",
    "was_served_or_open": "say this, or was_open",
    "not_handled": "is handling or closed",
    # Reasons about vocabularies.
    "protected_for_good": "is protected for good (P38)",
    "protectable": "only kinds and services can be protected",
    "validity_of_kinds": "is for kinds of space alone",
    "name_needed": "a name in {language} is needed",
    "name_length": "the name in {language} has not 1 to {most} characters",
    "unknown_code": "unknown code; known are: {choices}",
    "in_use": "is in use",
    # Reasons about people and their tokens.
    "guessed": "is among the first that are guessed",
    "editor_works_for_one": "an editor works for one",
    "approver_decides": "an approver decides in at least one",
    "not_countries": "are two capital letters each, such as CO",
    "no_such_organization": "there is no such organisation",
    "no_such_person": "there is no such active person",
    "acts_in_a_name": "a token that edits acts in somebody's name",
    "own_account": "nobody changes the own account here",
    "not_anchor": "is no anchor",
    "contradicting_anchor": "is no anchor, or contradicts another",
    "not_head": "is not the hash of a head",
    "mixed": "demo and real rows do not mix",
    # Why a record is restricted whatever its file states (P38).
    "protected_kind": "kind {kind} is protected",
    "protected_service": "service {service} is protected",
    "protected_words": "the words '{words}' are protected",
    "marked_confidential": "marked confidential",
    # Notes on fields that were changed when a record was imported.
    "not_used": "{part}: '{name}' is not used",
    "no_visibility": "no visibility stated: restricted (P1)",
    "made_restricted": "{why}: restricted, though the file says {visibility} (P38)",
    "pathway_restricted": "{pathway}: made restricted, {why}",
    "term_protected": "{term}: protected, its words speak of protected places (P38)",
    "row_night_contradicted": (
        "says that nobody sleeps there, while its services have '{service}': correct one of them"
    ),
    "night_by_services": (
        "overnight is what the services say: '{service}' {has} among them, and they decide"
    ),
    "expires_too_late": "expires_on {day} is too late: {days} days hold (P41)",
    "of_record": "{id}: {note}",
    "may_be_same": "may be the same place as {id} ({score})",
    # Reasons about cells of imported files: none of these repeats what the cell holds (P17).
    "cell_not_yes_or_no": "is neither yes nor no",
    "cell_not_date": "is not a date",
    "cell_too_early": "is a date before {year}: an empty cell with a date format?",
    "cell_too_late": "is a date after {year}",
    "cell_beyond_dates": "is a number too large for a date",
    "cell_ambiguous_date": (
        "is ambiguous: say in the mapping whether the day or the month comes first"
    ),
    "cell_ambiguous_decimal": "is ambiguous: say in the mapping which sign is the decimal one",
    "cell_not_time": "is not a time of day",
    "cell_not_moment": "is not a moment",
    "cell_without_offset": "has no offset, and the mapping states no timezone",
    "cell_not_weekdays": "is not days of the week",
    "cell_unknown_weekday": "names a day of the week that is not known",
    "cell_hours_unclear": "holds hours that cannot be read with certainty: a person has to ask",
    "cell_not_position": "is not latitude and longitude",
    "cell_not_objects": "is not a list of objects (JSON)",
    "cell_not_json": "is not JSON",
    "cell_error": "the cell holds an error of the spreadsheet",
    "cell_formula": "the formula has no stored value: open and save the file",
    # Reasons about rows of imported files.
    "row_too_wide": "has more cells than the header, which has {width}",
    "row_other_width": "has {cells} columns, the header {width}",
    "row_not_feature": "is not a GeoJSON Feature",
    "row_properties": "properties are not an object",
    "row_not_geometry": "geometry is not GeoJSON",
    "row_empty_geometry": "geometry is empty or has a coordinate that is not a number",
    "row_not_one_point": "its geometry is not one point",
    "row_shapes": "is a line, an area or several points, not one point",
    "row_no_point": "has no point",
    "row_no_coordinates": "has a point without coordinates",
    "row_not_numbers": "latitude and longitude are not numbers",
    "row_id_from_empty": "is empty, and the id is made of it",
    "row_same_id": "row {row} has the same id",
    "row_country_by_position": (
        "'{column}' names no country of the position: that of the position is taken"
    ),
    "row_country_by_division": (
        "the polygon of another country holds the position, near the border: {country} is taken,"
        " whose division is stated"
    ),
    "row_country_elsewhere": "the position is in another country than stated",
    "row_placed_in_town": "without a position, it is placed in its town: {town}",
    "row_status_not_told": "the status is not told: the space counts as active until a person asks",
    "row_closed_by_hours": (
        "'{column}' says that it is closed: the space counts as closed until a person asks"
    ),
    "row_kept_back": (
        "'{column}' says that something is not to be told: the space is restricted (P1)"
    ),
    "cell_left_out": "'{column}' is left out, because it is not understood: a person has to ask",
    "row_services_to_be_read": (
        "'{column}' says for whom alone or when not something is, or names people whom a place may"
        " protect: a person has to read it"
    ),
    "row_unread_of_stored": (
        "is not understood, and what is stored would stay: say what its words mean, or change the"
        " record"
    ),
    "row_hours_unclear": (
        "hours are left out, because the cell cannot be read with certainty: a person has to ask"
    ),
    "row_longitude_mended": (
        "'{column}': the longitude is read with the other sign, as the row's town proves: check it"
    ),
    "row_latitude_mended": (
        "'{column}': the latitude is read with the other sign, as the row's town proves: check it"
    ),
    "row_exchange_mended": (
        "'{column}': latitude and longitude are exchanged, as the row's town proves: check it"
    ),
    "row_swapped": "latitude and longitude look swapped",
    "row_unknown_referrer": "names an unknown space",
    "row_of_others": (
        "is changed by an editor of its organisation, an approver of its country, or above"
    ),
    # Position in a file at which another reason applies.
    "in_file": "{file}:1: {why}",
    "in_line": "{file}:{line}: {why}",
    "in_column": "{file}:{line}: column '{column}': {why}",
    "in_field": "{file}:{line}: {of}: {why}",
    "in_mapping": "mapping: {why}",
    "more_problems": "and {count:,} more problems",
    "about_persons": (
        "column '{column}' is about persons: a file of places must not have it (P17); delete the"
        " column and try again"
    ),
    "import_closed": "the import is applied or discarded already",
    "records_changed": "records have changed since the file was checked: check it again",
    # Why a file is not read at all.
    "file_empty": "is empty",
    "file_too_large": "is larger than {most:,} bytes",
    "file_unpacked_too_large": "is larger than {most:,} bytes when unpacked",
    "file_zip_broken": "is not a whole zip file ({detail})",
    "file_gzip_broken": "is not a whole gzip file",
    "file_encrypted": "is encrypted",
    "file_other_format": "is {found}, though the mapping says {stated}",
    "file_zip_of_nothing": "is a zip file with neither a workbook nor a map in it",
    "file_json_of_nothing": "is JSON, but neither GeoJSON nor HSDS",
    "file_not_encoding": "is not {encoding}",
    "file_unknown_encoding": "the encoding '{encoding}' is not known",
    "file_no_encoding": "is neither UTF-8 nor UTF-16 nor Windows-1252: save it as CSV UTF-8",
    "file_delimiter": "the delimiter '{delimiter}' separates nothing: use one of , ; | or a tab",
    "file_not_csv": "is not CSV: {detail}",
    "file_not_csv_or_geojson": "is neither .csv nor .geojson (nor one of them with .gz)",
    "file_not_json": "is not JSON",
    "file_json_broken": "is not JSON: {detail}",
    "file_nested": "is nested too deeply",
    "file_not_collection": "is not a GeoJSON FeatureCollection",
    "file_other_system": ("names a reference system; GeoJSON is lon, lat in WGS84 (RFC 7946)"),
    "file_unnamed_column": "has a column without a name",
    "file_column_twice": "names a column twice",
    "file_not_gpkg": "is no GeoPackage that can be read ({detail})",
    "gpkg_crs": "has positions in a reference system that is not known here ({crs})",
    "gpkg_layers_left": "layers that were not read: {layers}",
    "file_no_rows": "has no {what}",
    "file_too_many_rows": "has {count:,} {what}; one import takes {most:,}",
    "file_too_many_columns": "has {count:,} columns; at most {most:,} are read",
    "file_empty_header": "row {row} is empty: it cannot be the header",
    "file_no_header": "has no header row: a row of texts above the data",
    "file_no_location": "has no location: it is not HSDS, or only services without places",
    "file_entities": "declares a document type or entities ({detail})",
    "file_not_xml": "is not XML",
    "file_not_kml": "is not KML",
    "file_links": "only links to another file: export the map as KML with its data",
    "file_no_kml": "holds no .kml file",
    "file_sheet_too_large": "sheet '{sheet}' has more than {most:,} cells",
    "file_old_workbook": "is an old or encrypted workbook: save it as .xlsx without a password",
    "file_not_workbook": "is not an .xlsx workbook",
    "file_unmeasured": "{detail}",
    "file_no_sheet": "has no sheet '{sheet}'; it has: {sheets}",
    "file_no_data": "has no visible sheet with data",
    "file_several_sheets": "has several sheets with data: say which, of {sheets}",
    "file_needs_mapping": "no column has the name of a field: a mapping is needed",
    "file_lacks_column": "has no column '{column}', which the mapping uses",
    # Files that exceed the limits of one import (size, memory, time).
    "heavy_members": "has too many files inside: bring the table or the map alone",
    "heavy_unpacked": "is too large when unpacked: split it",
    "heavy_ratio": (
        "holds far more than its size tells: save it again, without empty or repeated rows"
    ),
    "heavy_rows": "has too many rows for one import here: split it",
    "heavy_cells": "has too many cells with something in them: split it",
    "heavy_memory": (
        "takes too much memory to read: split it, or delete what lies beside the table"
    ),
    "heavy_time": "takes too long to read: split it",
    "heavy_turn": "waits: another file of yours is being read; bring it again in a minute",
    "heavy_broken": (
        "cannot be read: the program that reads it broke off; save it in another format"
    ),
    # Reasons about country kits.
    "not_of_kit": "is not of the kit's country, {country}",
    "informal_crossing": "speaks of an informal crossing: only official ones are kept (P12)",
    "not_pcode": "is not a p-code: letters and digits that begin with {country}",
    # Reasons about files of mappings.
    "mapping_not_utf8": "is not UTF-8",
    "mapping_not_toml": "is not TOML: {detail}",
    "mapping_unknown_name": "{where} has no '{name}'; it has {names}",
    "mapping_not_table": "is not a table",
    "mapping_not_texts": "is not a list of texts",
    "mapping_not_row": "is not the number of a row",
    "mapping_one_column": "takes one column",
    "mapping_no_text": "'{label}' has no text",
    "mapping_parts": "holds no combination that is read; those are {choices}",
    "mapping_only_lists": "only a list is made of answers",
    "mapping_same_id": "id cannot be the same in every row",
    "mapping_column_or_recipe": "[id] has a column or a recipe, not both",
    "mapping_recipe_prefix": "[id] a recipe needs a prefix that names the source",
    # Notes on how a file was read, and on what a mapping lacks.
    "read_as": "read as {encoding}: it is not UTF-8; check the accents",
    "read_without_mark": "read as {encoding}: it has no byte-order mark",
    "encoded_twice": "accents look encoded twice ('Ã±' for 'ñ'): open the file and repair them",
    "hidden_sheets": "hidden sheets were not read: {sheets}",
    "other_sheets": "other sheets were not read: {sheets}",
    "other_files": "other files were not read: {files}",
    "hidden_rows": "{count:,} hidden rows were read like the others",
    "hidden_columns": "hidden columns were read like the others",
    "merged_cells": "{count:,} cells took the value of the merged cell they belong to",
    "short_rows": "{count:,} rows are shorter than the header: what is missing is empty",
    "same_columns": "columns of the same name were told apart: {columns}",
    "survey_type_not_read": "question '{column}' is of a type that is never read ({type})",
    "survey_columns": "columns about the survey were not read: {columns}",
    "columns_not_used": "columns not used: {columns}",
    "totals_left_out": "rows of sums, left out: {rows}",
    "most_swapped": (
        "{columns} look swapped in {count:,} of {total:,} rows: correct the mapping or the file;"
        " only rows whose town proves it are exchanged"
    ),
    "field_in_no_column": "{of} is in no column: state it in [constants] or map a column",
    "country_by_position": (
        "country is in no column: each row takes that of its position; near a border the row's"
        " admin1 has to tell, or [constants]"
    ),
    "day_of_form": (
        "'{column}' is the day of the form: it counts as the day of confirmation, as no column"
        " says another"
    ),
    "no_position": "no column has the position: lat and lon, or both in one as position",
    "visibility_in_no_column": "visibility is in no column: every new record is restricted (P1)",
    "phones_published": "public_phones are published: leave out numbers of persons (P6)",
    "answers_read": "yes and no in {columns} are read as: {codes}",
    "unknown_country": "'{country}' is no country that is known",
    "dates_ambiguous": "dates in '{column}' may be day or month first: say so in [style]",
    "status_in_no_column": (
        "status is in no column: every new record counts as open, but where its cells say closed"
    ),
    "rows_without_position": (
        '{count} rows have no position: with without_position = "town" a new one is placed in its'
        " town, where the file proves which it is"
    ),
    "free_text": "'{column}' holds free text: say what it means in [values.{of}]",
    "label_needs_code": "'{label}' in '{column}' needs a code of {of}",
    "headers_remembered": "{count} columns are as your organisation chose for earlier files",
    "prefix_needed": "write in [id] a prefix that names the source, such as gifmm-co",
}


class CodedReason(str):
    """A reason for a refusal, or a note on a change, as a code with parameters.

    The object is a str with the English text, so that a reason can be logged and sent as text.

    Parameters
    ----------
    code : str
        A key of `ENGLISH`.
    parameters
        Values for the text. ``field`` and ``value`` stand before the predicate; the items of a list
        are joined with commas. A value that is no JSON scalar is kept as its text. Parameters that
        repeat input of a file or form (`REPEATED`) are cut at `LONGEST_VALUE`.
    """

    code: str
    parameters: Mapping[str, Parameter]

    def __new__(cls, code: str, /, **parameters: object) -> Self:
        """Create the reason and its English text."""
        kept = {name: _cut(name, _scalar(value)) for name, value in parameters.items()}
        shown = {name: _shown(value) for name, value in kept.items()}
        numbers = {name: value for name, value in kept.items() if _is_count(value)}
        predicate = ENGLISH[code].format_map({**shown, **numbers}).strip()
        subject = [shown["field"]] if kept.get("field") else []
        if kept.get("value") is not None:
            subject.append(
                f"'{kept['value']}'" if isinstance(kept["value"], str) else shown["value"]
            )
        made = super().__new__(cls, " ".join([*subject, predicate]))
        made.code, made.parameters = code, kept
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Parameter]]:
        """Return the arguments with which `copy` and `pickle` create the reason anew."""
        return (self.code,), dict(self.parameters)

    def without(self, *names: str) -> "CodedReason":
        """Return the same reason without some parameters, such as ``field`` and ``value``."""
        kept = {name: value for name, value in self.parameters.items() if name not in names}
        return CodedReason(self.code, **kept)

    @property
    def cause(self) -> "CodedReason":
        """The reason inside a reason that adds a position in a file, or else the reason itself."""
        why = self.parameters.get("why")
        return why.cause if isinstance(why, CodedReason) else self

    def stored(self) -> dict[str, Any]:
        """Return the JSON form of the reason, which `from_stored` reads."""
        kept = {
            name: value.stored() if isinstance(value, CodedReason) else value
            for name, value in self.parameters.items()
        }
        return {"code": self.code, "parameters": kept}


def as_it_stands(text: str) -> CodedReason:
    """Wrap a text that has no code, such as a library's message, as a reason."""
    return CodedReason(AS_IT_STANDS, text=text)


def in_file(name: str, reason: CodedReason, line: int = 1) -> CodedReason:
    """Add the name of a file and a line to a reason for refusing the file."""
    if line == 1:
        return CodedReason("in_file", file=name, why=reason)
    return CodedReason("in_line", file=name, line=line, why=reason)


def from_stored(stored: str | Mapping[str, Any]) -> CodedReason:
    """Return the reason that `CodedReason.stored` has turned into JSON.

    A text from before codes existed, or a code that this version does not know, gives a reason with
    the code `AS_IT_STANDS`.
    """
    if isinstance(stored, str):
        return as_it_stands(stored)
    code, parameters = stored["code"], stored.get("parameters", {})
    if not isinstance(parameters, Mapping):
        msg = "the parameters of a stored reason are no object"
        raise TypeError(msg)
    if code not in ENGLISH:
        return as_it_stands(f"{code} {json.dumps(parameters, ensure_ascii=False)}")
    inner = {name: from_stored(value) for name, value in parameters.items() if _is_stored(value)}
    return CodedReason(code, **{**parameters, **inner})


def stored(text: str) -> str | dict[str, Any]:
    """Return the JSON form of a reason; a plain text is returned unchanged."""
    return text.stored() if isinstance(text, CodedReason) else text


def from_column(written: str) -> CodedReason:
    """Return the reason that a text column holds, as JSON or as text from before codes existed."""
    try:
        stored = json.loads(written)
    except ValueError:
        stored = written
    return from_stored(stored if isinstance(stored, dict) else written)


def for_column(reason: CodedReason | None) -> str | None:
    """Return a reason as JSON for a text column, which `from_column` reads."""
    return None if reason is None else json.dumps(reason.stored(), ensure_ascii=False)


def _is_count(value: Parameter) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_stored(value: object) -> bool:
    return isinstance(value, dict) and "code" in value


def _cut(name: str, value: Parameter) -> Parameter:
    is_long = name in REPEATED and isinstance(value, str) and len(value) > LONGEST_VALUE
    return f"{str(value)[: LONGEST_VALUE - 1]}…" if is_long else value


def _scalar(value: object) -> Parameter:
    if value is None or isinstance(value, CodedReason | bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value if value - value == 0 else str(value)
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes):
        return [str(item) for item in value]
    return str(value)


def _shown(value: Parameter) -> str:
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)
