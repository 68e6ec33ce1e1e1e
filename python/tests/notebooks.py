"""Runs the code of a notebook, without Jupyter."""

import contextlib
import json
import os
import sys
import unittest.mock
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"


def code_of(path):
    """The code cells of a notebook, in their order."""
    notebook = json.loads(Path(path).read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def run(path, folder):
    """Runs a notebook in a folder, and gives its variables. Where matplotlib is absent, what is drawn goes nowhere."""
    modules = {}
    try:
        import matplotlib
        matplotlib.use("agg")
    except ImportError:
        modules = {"matplotlib": unittest.mock.MagicMock(), "matplotlib.pyplot": unittest.mock.MagicMock()}
        modules["matplotlib.pyplot"].subplots.side_effect = lambda *shape, **_: (unittest.mock.MagicMock(), unittest.mock.MagicMock())
    before = os.getcwd()
    variables = {"__name__": "__main__"}
    os.chdir(folder)
    try:
        with unittest.mock.patch.dict(sys.modules, modules) if modules else contextlib.nullcontext():
            for number, cell in enumerate(code_of(path)):
                exec(compile(cell, f"{Path(path).name}, cell {number}", "exec"), variables)
    finally:
        os.chdir(before)
    return variables


if __name__ == "__main__":
    for name in sys.argv[1:]:
        run(Path(name).resolve(), os.getcwd())
