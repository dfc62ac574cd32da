"""Run every notebook in a temporary folder, and keep their outputs out of the repository."""

import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


def main() -> None:
    """Run the notebooks in the order of their names; stop at the first that fails."""
    notebooks = sorted(NOTEBOOKS.glob("*.ipynb"))
    if not notebooks:
        print("No notebooks yet.")
    for path in notebooks:
        notebook = nbformat.read(path, as_version=4)
        if _has_outputs(notebook):
            sys.exit(f"notebooks/{path.name} holds outputs; clear them before it is committed.")
        print(f"notebooks/{path.name}", end=" ", flush=True)
        started = perf_counter()
        _run(notebook)
        print(f"ran in {perf_counter() - started:.0f} s")


def _has_outputs(notebook: nbformat.NotebookNode) -> bool:
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return any(cell.outputs or cell.execution_count for cell in code)


def _run(notebook: nbformat.NotebookNode) -> None:
    # The folder is a notebook's working directory: its files and tracked runs vanish with it.
    with tempfile.TemporaryDirectory() as folder:
        os.environ.pop("MLFLOW_TRACKING_URI", None)
        resources = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources).execute()


main()
