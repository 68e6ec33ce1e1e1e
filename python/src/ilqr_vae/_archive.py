"""Files of named arrays: the program's .npz exports, mapped into memory instead of read, and HDF5 where h5py is there.

Names are those of the tables in docs/dataset-format.md, docs/posterior-format.md and docs/model-format.md, such as ``channels/spikes/mean``.
"""

from __future__ import annotations

import json
import os
import struct
import zipfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Tuple, Union

import numpy as np
from numpy.lib import format as _npy

from .errors import InputError

PathLike = Union[str, "os.PathLike[str]"]
Attributes = Dict[str, Dict[str, Any]]

# NumPy's own reader and writer of the format, which have no types.
npy: Any = _npy

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


class Archive(Mapping[str, "np.ndarray[Any, Any]"]):
    """Named arrays with attributes; an array is fetched when it is asked for, and once."""

    def __init__(self, path: PathLike) -> None:
        self.path = Path(path)
        self.attributes: Attributes = {}
        self._cache: Dict[str, np.ndarray[Any, Any]] = {}
        self._names: List[str] = []

    @property
    def header(self) -> Dict[str, Any]:
        """Attributes of the file itself, such as ``bin_width`` in seconds."""
        return self.attributes.get("/", {})

    def __getitem__(self, name: str) -> "np.ndarray[Any, Any]":
        if name not in self._cache:
            if name not in self._names:
                raise KeyError(name)
            self._cache[name] = self._fetch(name)
        return self._cache[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def children(self, folder: str) -> List[str]:
        """Names of what is below a path, in the order of the file: ``children("channels")``."""
        found = [name[len(folder) + 1:].split("/")[0] for name in self._names if name.startswith(folder + "/")]
        return list(dict.fromkeys(found))

    def _fetch(self, name: str) -> "np.ndarray[Any, Any]":
        raise NotImplementedError


class NpzArchive(Archive):
    """An .npz that the program exported. Arrays that are stored as they are (real numbers) are mapped, the others unpacked."""

    def __init__(self, path: PathLike) -> None:
        super().__init__(path)
        try:
            with zipfile.ZipFile(self.path) as archive:
                self._entries = {info.filename[:-4]: info for info in archive.infolist() if info.filename.endswith(".npy")}
                self.attributes = json.loads(str(npy.read_array(archive.open("attributes.npy"))))
        except FileNotFoundError:
            raise InputError(f"{self.path}: there is no such file; check its name and folder.") from None
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise InputError(f"{self.path}: this is no .npz that the program exported ({error}).") from error
        self._names = [name for name in self._entries if name != "attributes"]

    def _fetch(self, name: str) -> "np.ndarray[Any, Any]":
        info = self._entries[name]
        if info.compress_type != zipfile.ZIP_STORED:
            with zipfile.ZipFile(self.path) as archive, archive.open(info) as stream:
                unpacked: np.ndarray[Any, Any] = npy.read_array(stream)
                return unpacked
        with open(self.path, "rb") as file:
            # The lengths of name and extra field in front of the content may differ from those in the archive's directory.
            file.seek(info.header_offset + 26)
            file.seek(sum(struct.unpack("<HH", file.read(4))), os.SEEK_CUR)
            version = npy.read_magic(file)
            shape, column_major, dtype = _HEADERS[version](file)
            offset = file.tell()
        if dtype.hasobject or not int(np.prod(shape)):
            return np.zeros(shape, dtype)
        return np.memmap(self.path, dtype=dtype, mode="r", offset=offset, shape=shape, order="F" if column_major else "C").view(np.ndarray)


class Hdf5Archive(Archive):
    """An HDF5 file that the program wrote, read by h5py."""

    def __init__(self, path: PathLike) -> None:
        super().__init__(path)
        import h5py

        if not self.path.is_file():
            raise InputError(f"{self.path}: there is no such file; check its name and folder.")
        with h5py.File(self.path, "r") as file:
            self.attributes["/"] = _plain(file.attrs)

            def visit(name: str, item: Any) -> None:
                if isinstance(item, h5py.Dataset):
                    self._names.append(name)
                    if len(item.attrs):
                        self.attributes[name] = _plain(item.attrs)

            file.visititems(visit)

    def _fetch(self, name: str) -> "np.ndarray[Any, Any]":
        import h5py

        with h5py.File(self.path, "r") as file:
            item = file[name]
            if h5py.check_string_dtype(item.dtype) is not None:
                return np.asarray(item.asstr()[()], dtype=str)
            return np.asarray(item[()])


def _plain(attributes: Mapping[str, Any]) -> Dict[str, Any]:
    """Attributes as texts and plain numbers."""
    return {name: value.decode() if isinstance(value, bytes) else value.item() if isinstance(value, (np.generic, np.ndarray)) else value
            for name, value in attributes.items()}


def is_hdf5(path: PathLike) -> bool:
    """Whether a file is HDF5, by its first bytes."""
    try:
        with open(path, "rb") as file:
            return file.read(8) == b"\x89HDF\r\n\x1a\n"
    except FileNotFoundError:
        raise InputError(f"{os.fspath(path)}: there is no such file; check its name and folder.") from None


def has_h5py() -> bool:
    """Whether h5py can be imported."""
    try:
        import h5py  # noqa: F401
    except ImportError:
        return False
    return True


def write_npz(path: PathLike, arrays: Mapping[str, "np.ndarray[Any, Any]"], attributes: Attributes) -> None:
    """Writes an .npz as the program exports it, which ``ilqr-vae import`` reads with the same bits. Nothing is compressed: it is read once."""
    path = Path(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for name, values in [*arrays.items(), ("attributes", np.array(json.dumps(attributes)))]:
                entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
                with archive.open(entry, "w", force_zip64=True) as stream:
                    # The program reads numbers in the order of their rows alone.
                    npy.write_array(stream, np.require(values, requirements="C"), version=(1, 0), allow_pickle=False)
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def write_plain_npz(path: PathLike, arrays: Mapping[str, "np.ndarray[Any, Any]"]) -> None:
    """Writes an .npz as numpy.savez does, names with slashes included."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                npy.write_array(stream, np.require(values, requirements="C"), allow_pickle=False)


def trial_rows(archive: Archive) -> Tuple[List[str], "np.ndarray[Any, Any]", "np.ndarray[Any, Any]"]:
    """Names of the trials, their first rows and their numbers of rows."""
    return ([str(name) for name in archive["trials/name"]], np.asarray(archive["trials/first_bin"], dtype=np.int64), np.asarray(archive["trials/bins"], dtype=np.int64))
