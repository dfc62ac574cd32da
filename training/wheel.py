"""Offramp as a wheel, made of what runs here: it travels with the model that needs it.

No index has Offramp, and a stranger's package of that name must never be installed for it.  A wheel
is an archive with a list of its files (PEP 427); the same code gives the same bytes.
"""

import base64
import hashlib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import training

ROOMS = ("features", "journeys", "models", "offramp", "rootcause", "serving", "training")
_TAGS = "Wheel-Version: 1.0\nGenerator: offramp\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_LEFT_OUT = ("__pycache__", ".nbc", ".nbi", ".pyc")


def wheel_of_offramp(folder: Path) -> Path:
    """Write the wheel of the code that runs into a folder; return the file."""
    told = distribution("offramp")
    stem = f"offramp-{told.version}"
    about = f"{stem}.dist-info"
    content = dict(_code(Path(str(training.__file__)).parent.parent))
    content[f"{about}/METADATA"] = str(told.metadata).encode()
    content[f"{about}/WHEEL"] = _TAGS.encode()
    content[f"{about}/top_level.txt"] = "".join(f"{room}\n" for room in ROOMS).encode()
    content[f"{about}/entry_points.txt"] = (told.read_text("entry_points.txt") or "").encode()
    record = f"{about}/RECORD"
    listed = [f"{name},{_digest(data)},{len(data)}" for name, data in content.items()]
    content[record] = "\n".join([*listed, f"{record},,", ""]).encode()
    wheel = folder / f"{stem}-py3-none-any.whl"
    with ZipFile(wheel, "w", ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, ZIP_DEFLATED)
    return wheel


def _code(place: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the rooms: modules, definitions, templates, migrations."""
    for room in ROOMS:
        for path in sorted((place / room).rglob("*")):
            name = path.relative_to(place).as_posix()
            if path.is_file() and not any(part in name for part in _LEFT_OUT):
                yield name, path.read_bytes()


def _digest(data: bytes) -> str:
    code = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
    return f"sha256={code.decode()}"
