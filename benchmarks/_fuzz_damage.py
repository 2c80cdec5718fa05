"""What can become of a region's files: cut, flipped, tampered with, swapped, lost."""

import os
import random
from pathlib import Path


def _rewritten(file: Path, content: bytes, rng: random.Random) -> str:
    """Write a file anew, mostly with its times as before; say which."""
    stat = file.stat()
    file.write_bytes(content)
    if rng.random() < 0.8:
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    return file.name


def _any_file(region: Path, rng: random.Random) -> Path:
    return rng.choice([*sorted(region.glob("*.npy")), region / "meta.json"])


def cut(region: Path, rng: random.Random) -> str:
    """Cut a file short."""
    file = _any_file(region, rng)
    content = file.read_bytes()
    # The last byte of meta.json is the end of a line.
    return "cut " + _rewritten(file, content[: rng.randrange(len(content) - 2)], rng)


def flip(region: Path, rng: random.Random) -> str:
    """Flip one to thirty bits of an array, each another one."""
    file = rng.choice(sorted(region.glob("*.npy")))
    content = bytearray(file.read_bytes())
    for bit in rng.sample(range(8 * len(content)), rng.randint(1, 30)):
        content[bit >> 3] ^= 1 << (bit & 7)
    return "flip " + _rewritten(file, bytes(content), rng)


def tamper(region: Path, rng: random.Random) -> str:
    """Change bytes of a header, or a number or a word of meta.json."""
    file = _any_file(region, rng)
    content = bytearray(file.read_bytes())
    reach = 128 if file.suffix == ".npy" else len(content)
    solid = [at for at in range(reach) if chr(content[at]).isalnum()]
    at = rng.choice(solid)
    content[at] = rng.choice([other for other in b"0129abcZ-.{" if other != content[at]])
    return "tamper " + _rewritten(file, bytes(content), rng)


def swap(region: Path, rng: random.Random) -> str:
    """Put one array in another's place, as a file or as a link."""
    one, other = rng.sample(sorted(region.glob("*.npy")), 2)
    content = other.read_bytes()
    while content == one.read_bytes():
        one, other = rng.sample(sorted(region.glob("*.npy")), 2)
        content = other.read_bytes()
    if rng.random() < 0.5:
        one.unlink()
        one.symlink_to(other.name)
        return f"swap {one.name} for a link to {other.name}"
    return f"swap {other.name} for " + _rewritten(one, content, rng)


def lose(region: Path, rng: random.Random) -> str:
    """Remove a file, or put something else in its place."""
    file = _any_file(region, rng)
    file.unlink()
    instead = rng.choice(("a folder", "a link to nothing", "nothing"))
    if instead == "a folder":
        file.mkdir()
    elif instead == "a link to nothing":
        file.symlink_to("nothing")
    return f"lose {file.name}, {instead} there"


DAMAGES = (cut, flip, tamper, swap, lose)
