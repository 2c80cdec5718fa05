"""Reading of a stored guidance record by its id, in order to change it."""

from sqlalchemy.ext.asyncio import AsyncSession

from geo.errors import NotFoundError
from geo.models import Assessment, Checklist, Contact, Pathway, Rumour


async def stored_record[T: (Assessment, Checklist, Contact, Pathway, Rumour)](
    session: AsyncSession, model: type[T], record_id: str, *, lock: bool = False
) -> T:
    """Return the row with an id (writer session).

    Parameters
    ----------
    model : type
        Model of the row; the error names the record by the model's table.
    lock : bool
        Lock the row until the transaction ends.

    Raises
    ------
    NotFoundError
        There is no row with this id.
    """
    record = await session.get(model, record_id, with_for_update=lock)
    if record is None:
        msg = f"there is no such {model.__tablename__.removesuffix('s')}"
        raise NotFoundError(msg)
    return record
