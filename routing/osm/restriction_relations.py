"""Turn restrictions of an extract, read from its relations as a stream."""

from pathlib import Path

from routing.graph.turn_restrictions import RESTRICTION_KEYS, Restriction
from routing.osm.way_table import Progress, objects, reported


def read_restrictions(source: Path, progress: Progress) -> tuple[int, list[Restriction]]:
    """Read the turn restrictions of a file from its relations, as a stream.

    Returns
    -------
    (read, restrictions)
        The number of restriction relations, and the restrictions that bind a passenger car.

    Raises
    ------
    ImportFailed
        If the file is damaged.
    """
    read, found = 0, []
    relations = objects(source, "relation", *RESTRICTION_KEYS, "restriction:conditional")
    for relation in reported(relations, source, "turn restrictions", progress):
        tags = dict(relation.tags)
        if not tags.get("type", "").startswith("restriction"):
            continue
        read += 1
        members = ((member.type, member.ref, member.role) for member in relation.members)
        restriction = Restriction.of(tags, members)
        if restriction is not None:
            found.append(restriction)
    return read, found
