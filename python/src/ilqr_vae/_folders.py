"""Folders that go with the object that owns them."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path


class OwnedFolder:
    """A folder for files of an object; it is removed when the object is, without the warning that tempfile gives.

    Attributes:
        path: the folder.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="ilqr-vae-"))
        self._remove = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
