"""Unpacking of uploaded zip files (workbooks and KMZ) within limits."""

import io
import lzma
import struct
import zipfile
import zlib

from geo.errors import InvalidFileError
from geo.imports.readers.limits import ON_THE_MACHINE, TooHeavyError, Unpacking
from geo.imports.readers.table import refuse
from geo.reasons import CodedReason

#: Limits for unpacking in this process; `geo.imports.sandbox_child` sets narrower limits.
LIMITS: Unpacking = ON_THE_MACHINE

_CHUNK = 1 << 20

#: Bytes that are unpacked whatever the compression ratio, because a small repetitive file, which is
#: no zip bomb, can have a very high ratio.
_SMALL = 1 << 20

#: Exceptions that zipfile raises for incomplete or malicious archives.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


def member_names(name: str, data: bytes) -> list[str]:
    """Return the names of a zip file's members without unpacking a member.

    Raises
    ------
    InvalidFileError
        The file is not a whole zip file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.namelist()
    except _BROKEN as error:
        refuse(name, CodedReason("file_zip_broken", detail=type(error).__name__))


def unpacked(name: str, data: bytes) -> dict[str, bytes]:
    """Unpack a zip file and return the content of its members by name.

    `LIMITS` apply to the bytes actually unpacked, not to the sizes that the archive states.

    Raises
    ------
    InvalidFileError
        The file is not a whole zip file, is encrypted, or exceeds the limits when unpacked.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if len(infos) > LIMITS.members:
                raise TooHeavyError(name, "members")
            most = max(_SMALL, LIMITS.ratio * len(data))
            members, left = {}, min(LIMITS.all_bytes, most)
            is_bomb = most < LIMITS.all_bytes
            for info in infos:
                if info.flag_bits & 1:
                    refuse(name, CodedReason("file_encrypted"))
                members[info.filename] = _member(name, archive, info, left, is_bomb=is_bomb)
                left -= len(members[info.filename])
    except InvalidFileError:  # a ValueError, which `_BROKEN` below would catch
        raise
    except _BROKEN as error:
        refuse(name, CodedReason("file_zip_broken", detail=type(error).__name__))
    return members


def _member(
    name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, left: int, *, is_bomb: bool
) -> bytes:
    parts, own = [], LIMITS.member_bytes
    with archive.open(info) as member:
        while part := member.read(_CHUNK):
            parts.append(part)
            left, own = left - len(part), own - len(part)
            if own < 0 or left < 0:
                raise TooHeavyError(name, "ratio" if is_bomb and own >= 0 else "unpacked")
    return b"".join(parts)


def stored(members: dict[str, bytes]) -> io.BytesIO:
    """Pack members to an uncompressed zip file, for libraries that would unpack without limits."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    packed.seek(0)
    return packed
