"""An examination as files: evaluation.json, tables as CSV, pictures as PNG."""

import json
from pathlib import Path

from journeys.errors import OfframpError
from journeys.writing import whole_file
from rootcause.figures import png_bytes
from training.drift import drift_pictures, drift_tables
from training.evaluation_views import evaluation_pictures, evaluation_tables
from training.later import Examination


def write_examination(found: Examination, model: str, folder: str | Path) -> Path:
    """Write all of an examination to a folder, whatever is there kept or replaced; return it.

    Raises
    ------
    OfframpError
        If the folder is a file.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise OfframpError(f"{str(folder)!r} is a file; give --out the name of a folder.")
    drift = found.drift
    text = json.dumps(found.document(model), indent=1, ensure_ascii=False, allow_nan=False)
    files = {"evaluation.json": f"{text}\n".encode()}
    tables = evaluation_tables(found.evaluation) | (drift_tables(drift) if drift else {})
    for name, table in tables.items():
        files[f"{name}.csv"] = table.to_csv(index=False).encode()
    pictures = evaluation_pictures(found.evaluation) | (drift_pictures(drift) if drift else {})
    for name, figure in pictures.items():
        files[f"{name}.png"] = png_bytes(figure)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        with whole_file(folder / name) as beside:
            beside.write_bytes(content)
    return folder
