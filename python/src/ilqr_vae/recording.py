"""What was recorded: from arrays, spike times or files, to the program and back."""

from __future__ import annotations

import math
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from . import _archive
from ._folders import OwnedFolder
from ._archive import Archive, Attributes, PathLike
from .errors import InputError
from .program import Watcher, call_json
from .trials import ByTrial, OfTrials

__all__ = ["Group", "Recording"]

Arrays = Union["np.ndarray[Any, Any]", Sequence["np.ndarray[Any, Any]"]]

#: Of so many training trials one is for validation, as ``ilqr-vae import`` has it.
_VALIDATION_EVERY = 8
_FIRST_VALIDATION = 4
_TRAIN_FRACTION = 0.8
_SPIKES = "spikes"
_TIMES = "times of unit "
_UNIT = "unit-"
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Group:
    """A group of channels.

    Attributes:
        name: its name, such as ``spikes``.
        kind: ``counts`` (whole, not negative, in each bin) or ``values`` (real).
        unit: unit of the values, such as ``m/s``; empty for counts, or where it is not known.
        channels: how many there are.
        channel_names: their names, or None.
    """

    name: str
    kind: str
    unit: str
    channels: int
    channel_names: Optional[List[str]]


class Recording(OfTrials):
    """Trials of spike counts and values in bins of one width.

    Made by :meth:`from_arrays`, :meth:`from_spike_times`, :meth:`from_file`, :meth:`from_nwb` or :meth:`from_dataset`, never directly.
    ``recording["spikes"]`` are the counts, one array of bins x channels a trial.

    >>> rng = np.random.default_rng(1)
    >>> recording = Recording.from_arrays(rng.poisson(0.2, size=(20, 50, 30)), bin_width=0.01)
    >>> recording
    <Recording: 20 trials of 50 bins of 10 ms (14 train, 2 validation, 4 test); spikes: 30 counts>
    >>> recording["spikes"][0].shape
    (50, 30)
    """

    def __init__(self, archive: Optional[Archive], path: Optional[Path], arrays: Optional[Mapping[str, Any]] = None, attributes: Optional[Attributes] = None,
                 folder: Optional[OwnedFolder] = None) -> None:
        self._archive = archive
        self._arrays: Optional[Mapping[str, Any]] = arrays if archive is None else archive
        self._attributes = attributes if archive is None else archive.attributes
        self._path = path
        self._folder = folder

    # -- from what there is ----------------------------------------------------------------------------------------------------------------------

    @classmethod
    def from_arrays(
        cls,
        data: Union[Arrays, Mapping[str, Arrays]],
        bin_width: float,
        *,
        groups: Optional[Mapping[str, Any]] = None,
        kinds: Optional[Mapping[str, str]] = None,
        units: Optional[Mapping[str, str]] = None,
        observed: Optional[Mapping[str, Arrays]] = None,
        channel_names: Optional[Mapping[str, Sequence[str]]] = None,
        names: Optional[Sequence[str]] = None,
        splits: Optional[Sequence[str]] = None,
        sessions: Optional[Sequence[str]] = None,
        conditions: Optional[Sequence[Any]] = None,
        labels: Optional[Mapping[str, Sequence[Any]]] = None,
        external: Optional[Arrays] = None,
        external_names: Optional[Sequence[str]] = None,
        truth: Optional[Mapping[str, Arrays]] = None,
        source: str = "",
    ) -> "Recording":
        """A recording of arrays.

        Args:
            data: trials x bins x channels, or a list of bins x channels a trial where trials differ in length; or several such by the name of their group,
                as ``{"spikes": counts, "velocity": velocity}``. One array alone is called ``spikes``. NaN is missing.
            bin_width: width of a bin, in seconds.
            groups: parts of a single array by name: ``{"spikes": range(0, 137), "held-out": range(137, 182)}`` are its columns.
            kinds: ``counts`` or ``values`` by group; otherwise counts are groups whose entries are all whole and not negative.
            units: units of values by group, such as ``{"velocity": "m/s"}``.
            observed: masks by group, in the shape of the data: False where an entry is missing.
            channel_names: names of channels by group.
            names: names of the trials, no two the same; otherwise ``trial-000`` and so on.
            splits: ``train``, ``validation`` or ``test`` for each trial; otherwise, as ``ilqr-vae import`` has it, the first 80 % are for training, of which one in eight
                is for validation, and the rest for testing.
            sessions: the session of each trial.
            conditions: a number or text for each trial, over which ``evaluate`` averages.
            labels: what else is known of each trial: a number or text a trial, by name.
            external: known external inputs, as ``data``; row t drives the step from bin t to t + 1.
            external_names: their names.
            truth: what a simulation knows, as ``data``: ``states``, ``inputs``, ``rates`` (in Hz), ``mean``.
            source: where the recording comes from, in words.

        Raises:
            InputError: shapes or lengths do not fit together. What else may be wrong the program says when it reads the recording.
        """
        given = dict(data) if isinstance(data, Mapping) else {_SPIKES: data}
        if groups is not None:
            if len(given) != 1:
                raise InputError(f"groups divides the columns of one array, and {len(given)} are given; give the groups as data.")
            ((_, whole),) = given.items()
            trials = [np.asarray(trial) for trial in whole]
            given = {name: [trial[..., _columns(columns)] for trial in trials] for name, columns in groups.items()}
            if observed is not None and len(observed) == 1:
                ((_, mask),) = observed.items()
                observed = {name: [np.asarray(trial)[..., _columns(columns)] for trial in mask] for name, columns in groups.items()}
        if not given:
            raise InputError("there is no group of channels; give at least one array.")
        for what, mapping in (("kinds", kinds), ("units", units), ("observed", observed), ("channel_names", channel_names)):
            for name in mapping or {}:
                if name not in given:
                    raise InputError(f"{what}: there is no group '{name}'; the groups are {', '.join(given)}.")

        lengths = _lengths(*next(iter(given.items())))
        total = sum(lengths)
        count = len(lengths)
        arrays: Dict[str, np.ndarray[Any, Any]] = {
            "trials/first_bin": np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64),
            "trials/bins": np.asarray(lengths, dtype=np.int64),
            "trials/name": _per_trial("names", names, count) if names is not None else np.array([f"trial-{number:03}" for number in range(count)]),
            "trials/split": _per_trial("splits", splits, count) if splits is not None else np.array(_usual_splits(count)),
        }
        attributes: Attributes = {"/": {"format": "ilqr-vae dataset", "version": 1, "bin_width": float(bin_width)}}
        if source:
            attributes["/"]["source"] = source
        if sessions is not None:
            arrays["trials/session"] = _per_trial("sessions", sessions, count)
        known = dict(labels or {})
        if conditions is not None:
            if len(conditions) != count:
                raise InputError(f"conditions has {len(conditions)} entries for {count} trials; give one a trial.")
            distinct = list(dict.fromkeys(conditions))
            numbers = conditions if all(isinstance(one, (int, float, np.number)) for one in distinct) else [distinct.index(one) for one in conditions]
            truth = {**(truth or {}), "condition": [np.full((bins, 1), float(number)) for bins, number in zip(lengths, numbers)]}
            known.setdefault("condition", conditions)
        for name, entries in known.items():
            arrays[f"trials/labels/{name}"] = _label(name, entries, count)

        for order, (name, trials_of_group) in enumerate(given.items()):
            table = _table(name, trials_of_group, lengths)
            kind = (kinds or {}).get(name)
            if kind not in (None, "counts", "values"):
                raise InputError(f"kinds: '{kind}' of '{name}' is no kind; say counts or values.")
            seen = _table(name, observed[name], lengths).astype(bool) if observed is not None and name in observed else None
            stored, seen, kind = _stored(name, table, seen, kind)
            at = f"channels/{name}/values"
            arrays[at] = stored
            attributes[at] = {"kind": kind, "unit": (units or {}).get(name, ""), "order": order}
            if seen is not None:
                if seen.shape != stored.shape:
                    raise InputError(f"observed: the mask of '{name}' is {seen.shape[0]} x {seen.shape[1]} where the data are {stored.shape[0]} x {stored.shape[1]}.")
                arrays[f"channels/{name}/observed"] = seen.astype(np.uint8)
            if channel_names is not None and name in channel_names:
                of = list(channel_names[name])
                if len(of) != stored.shape[1]:
                    raise InputError(f"channel_names: '{name}' has {len(of)} names for {stored.shape[1]} channels; give one a channel.")
                arrays[f"channels/{name}/names"] = np.array(of, dtype=str)
        if external is not None:
            table = np.ascontiguousarray(_table("external", external, lengths), dtype=np.float64)
            arrays["external/values"] = table
            arrays["external/names"] = np.array(external_names if external_names is not None else [f"external-{number}" for number in range(table.shape[1])], dtype=str)
        for name, tables in (truth or {}).items():
            arrays[f"truth/{name}"] = np.ascontiguousarray(_table(name, tables, lengths), dtype=np.float64)
        assert all(len(table) == total for path, table in arrays.items() if not path.startswith("trials/") and not path.endswith("names"))
        return cls(None, None, arrays, attributes)

    @classmethod
    def from_spike_times(
        cls,
        times: Union[Sequence["np.ndarray[Any, Any]"], Mapping[Any, "np.ndarray[Any, Any]"]],
        *,
        bin_width: float = 0.01,
        trials: Optional[Mapping[str, Sequence[Any]]] = None,
        behaviour: Optional[Mapping[str, Tuple[Any, Any]]] = None,
        save: Optional[PathLike] = None,
        force: bool = False,
        **import_options: Any,
    ) -> "Recording":
        """A recording of the times of spikes, counted in bins by ``ilqr-vae import``.

        Args:
            times: for each unit the times of its spikes in seconds (all times may be in the unit that ``time_unit`` says); of a mapping the keys are names of units.
            bin_width: width of a bin, in seconds.
            trials: columns of the trials, an entry a trial each: ``start_time`` and ``stop_time`` in seconds, and whatever is known of each trial, to be used by
                ``align``, ``where``, ``condition`` and ``split_column``. Without, the session is cut into chunks (``chunk``, in seconds).
            behaviour: signals with times of their own, ``{"velocity": (times, samples x channels)}``, brought to the bins without aliasing.
            save: where to keep the dataset (.h5); otherwise it is kept as long as the recording is.
            force: replace a file that is there.
            **import_options: options of ``ilqr-vae import``: ``window=(-0.25, 0.45)``, ``align="go"``, ``lag=0.1``, ``chunk=4``, ``held_out=2`` and so on.
        """
        keys = list(times) if isinstance(times, Mapping) else None
        lists = [np.asarray(spikes, dtype=np.float64).ravel() for spikes in (times.values() if isinstance(times, Mapping) else times)]
        if not lists:
            raise InputError("there are no units; give the times of at least one.")
        # A list a unit keeps their order, and those that never fire.
        arrays: Dict[str, np.ndarray[Any, Any]] = {f"{_TIMES}{number}": spikes for number, spikes in enumerate(lists)}
        options: Dict[str, Any] = {"map": f"{_SPIKES}={_TIMES}*:unit,spike", **import_options}
        if trials is not None:
            for name, column in trials.items():
                arrays[f"trials/{name}"] = np.asarray(column)
            options.setdefault("trials", "trials")
        if behaviour is not None:
            series = {}
            for name, (at, samples) in behaviour.items():
                values = np.asarray(samples, dtype=np.float64)
                arrays[name] = values
                arrays[f"{name}_times"] = np.asarray(at, dtype=np.float64)
                series[name] = name
            options.setdefault("behaviour", series)
        with tempfile.TemporaryDirectory(prefix="ilqr-vae-") as folder:
            file = Path(folder) / "spikes.npz"
            _archive.write_plain_npz(file, arrays)
            if keys is None:
                return cls.from_file(file, bin_width=bin_width, save=save, force=force, **options)
            return cls.from_file(file, bin_width=bin_width, **options)._renamed([str(key) for key in keys], save, force)

    @classmethod
    def from_file(cls, path: Union[PathLike, Sequence[PathLike]], *, save: Optional[PathLike] = None, force: bool = False, watcher: Optional[Watcher] = None,
                  **import_options: Any) -> "Recording":
        """A recording of a file in another format, by ``ilqr-vae import``: NWB, MATLAB, NumPy, text, HDF5 of any layout, lfads-torch.

        What was decided on the way, such as which axis is time, is in :attr:`remarks`.

        Args:
            path: the file; with ``nlb`` the files of the set.
            save: where to keep the dataset (.h5); otherwise it is kept as long as the recording is.
            force: replace a file that is there.
            **import_options: options of the command with underscores for hyphens: ``bin_width=0.02``, ``align="move_onset_time"``, ``window=(-0.25, 0.45)``,
                ``values={"velocity": "handVel[0,1]:m/s"}``, ``behaviour=["processing/behavior/hand_vel"]``, ``held_out=2``, ``chunk_test=True``.

        Raises:
            InputError: there is no such file or option, or the import asks something.
        """
        files = [path] if isinstance(path, (str, os.PathLike)) else list(path)
        behaviour = import_options.get("behaviour")
        if isinstance(behaviour, Mapping):
            import_options["behaviour"] = [f"{name}={where}" for name, where in behaviour.items()]
        collected = _Remarks(watcher)
        folder = None if save is not None else OwnedFolder()
        destination = Path(save) if save is not None else folder.path / "recording.h5" if folder is not None else Path()
        call_json("import", *files, watcher=collected, output=destination, force=force, **import_options)
        recording = cls.from_dataset(destination)
        recording._folder = folder
        recording.remarks = collected.lines
        return recording

    @classmethod
    def from_nwb(cls, path: PathLike, *, save: Optional[PathLike] = None, force: bool = False, **import_options: Any) -> "Recording":
        """A recording of an NWB file; see :meth:`from_file` and docs/nwb.md. ``ilqr_vae.inspect(path)`` says what is in it.

        Raises:
            InputError: it is no NWB file, or as :meth:`from_file` says.
        """
        if not _archive.is_hdf5(path):
            raise InputError(f"{os.fspath(path)}: this is no NWB file, which is HDF5; from_file takes files of other formats.")
        return cls.from_file(path, save=save, force=force, **import_options)

    @classmethod
    def from_dataset(cls, path: PathLike) -> "Recording":
        """A recording of a dataset file of the program (.h5), or of one that was exported as .npz. What it holds is read when it is asked for.

        Raises:
            InputError: there is no such file.
        """
        file = Path(path)
        if not file.is_file():
            raise InputError(f"{file}: there is no such file; check its name and folder.")
        return cls(None, file.resolve())

    @classmethod
    def simulate(cls, system: str, *, save: Optional[PathLike] = None, force: bool = False, **options: Any) -> "Recording":
        """A simulated recording with its truth (``ilqr-vae simulate``), to try things on.

        Args:
            system: ``lorenz``, ``linear``, ``duffing`` or ``maze``.
            save: where to keep the dataset (.h5); otherwise it is kept as long as the recording is.
            force: replace a file that is there.
            **options: options of the command: ``trials=40``, ``validation_trials=8``, ``test_trials=8``, ``bins=100``, ``observation="spikes"``, ``seed=1`` and so on.

        >>> Recording.simulate("lorenz", trials=4, validation_trials=1, test_trials=1, bins=30, channels=5, observation="spikes")
        <Recording: 6 trials of 30 bins of 20 ms (4 train, 1 validation, 1 test); spikes: 5 counts>
        """
        folder = None if save is not None else OwnedFolder()
        destination = Path(save) if save is not None else folder.path / "simulated.h5" if folder is not None else Path()
        call_json("simulate", system, output=destination, force=force, **options)
        recording = cls.from_dataset(destination)
        recording._folder = folder
        return recording

    def _renamed(self, keys: Sequence[str], save: Optional[PathLike], force: bool) -> "Recording":
        """The same with units that are called by their keys; the import numbers them."""
        arrays = dict(self.archive)
        for path, table in self.archive.items():
            if path.startswith("channels/") and path.endswith("/names") and self.attributes[path[: -len("names")] + "values"]["kind"] == "counts":
                arrays[path] = np.array([keys[int(str(name)[len(_UNIT):])] for name in table])
        made = Recording(None, None, arrays, self.attributes)
        made.remarks = self.remarks
        if save is not None:
            made.save(save, force=force)
        return made

    #: What ``import`` decided and why, a line each.
    remarks: List[str] = []

    # -- what there is ---------------------------------------------------------------------------------------------------------------------------

    @property
    def archive(self) -> Mapping[str, "np.ndarray[Any, Any]"]:
        """All tables by their paths in the dataset file (docs/dataset-format.md)."""
        if self._arrays is None:
            assert self._path is not None
            self._archive = open_archive(self._path)
            self._arrays, self._attributes = self._archive, self._archive.attributes
        return self._arrays

    @property
    def attributes(self) -> Attributes:
        """Attributes of the tables by path, and of the recording by ``/``."""
        self.archive  # noqa: B018 - reads it
        assert self._attributes is not None
        return self._attributes

    @property
    def bin_width(self) -> float:
        """Width of a bin in seconds."""
        return float(self.attributes["/"]["bin_width"])

    @property
    def labels(self) -> Dict[str, "np.ndarray[Any, Any]"]:
        """What was noted of each trial, by name: an entry a trial."""
        return {path[len("trials/labels/"):]: self.archive[path] for path in self.archive if path.startswith("trials/labels/")}

    @property
    def groups(self) -> Dict[str, Group]:
        """The groups of channels, in their order."""
        found: List[Tuple[int, Group]] = []
        for path in self.archive:
            if path.startswith("channels/") and path.endswith("/values"):
                name = path[len("channels/"):-len("/values")]
                about = self.attributes[path]
                names = self.archive[f"channels/{name}/names"].tolist() if f"channels/{name}/names" in self.archive else None
                found.append((int(about.get("order", len(found))), Group(name, str(about["kind"]), str(about.get("unit", "")), int(self.archive[path].shape[1]), names)))
        return {group.name: group for _, group in sorted(found, key=lambda pair: pair[0])}

    @property
    def truth(self) -> Dict[str, ByTrial]:
        """What a simulation knows, by name."""
        return {path[len("truth/"):]: self._by_trial(path) for path in self.archive if path.startswith("truth/")}

    @property
    def external(self) -> Optional[ByTrial]:
        """Known external inputs, bins x inputs a trial; None where there are none."""
        return self._by_trial("external/values") if "external/values" in self.archive else None

    def observed(self, group: str) -> Optional[ByTrial]:
        """1 where a group was observed, 0 where it is missing; None where nothing is missing."""
        path = f"channels/{group}/observed"
        return self._by_trial(path) if path in self.archive else None

    def __getitem__(self, group: str) -> ByTrial:
        """Counts or values of a group, bins x channels a trial; what is missing is 0 (see :meth:`observed`)."""
        path = f"channels/{group}/values"
        if path not in self.archive:
            raise KeyError(f"there is no group '{group}'; the groups are {', '.join(self.groups)}")
        return self._by_trial(path)

    def trials_of(self, split: str) -> List[int]:
        """Numbers of the trials of a split."""
        return [number for number, one in enumerate(self.splits) if one == split]

    def __repr__(self) -> str:
        bins, splits = self.bins, self.splits
        lengths = f"{bins.min()}" if bins.min() == bins.max() else f"{bins.min()} to {bins.max()}"
        counted = ", ".join(f"{splits.count(split)} {split}" for split in ("train", "validation", "test") if split in splits)
        groups = ", ".join(f"{group.name}: {group.channels} {group.kind}" for group in self.groups.values())
        return f"<Recording: {len(self)} trials of {lengths} bins of {self.bin_width * 1000:g} ms ({counted}); {groups}>"

    def _repr_html_(self) -> str:
        from ._html import escape, table

        rows = [[group.name, group.kind, str(group.channels), group.unit] for group in self.groups.values()]
        return f"<p>{escape(repr(self)[1:-1])}</p>{table(['group', 'kind', 'channels', 'unit'], rows)}"

    # -- to files --------------------------------------------------------------------------------------------------------------------------------

    @property
    def path(self) -> Optional[Path]:
        """The file it is in, where it is in one that the program reads."""
        return self._path

    def save(self, path: PathLike, *, force: bool = False) -> Path:
        """Keeps it as a dataset file (.h5), checked by the program, or as .npz.

        Args:
            path: where to.
            force: replace a file that is there.

        Returns:
            The path, which is that of the recording from now on.

        Raises:
            InputError: something in it is not possible, such as two trials of one name, or there is a file already.
        """
        destination = Path(path)
        if self._path is not None and _archive.is_hdf5(self._path):
            call_json("export", self._path, output=destination, force=force)
        elif destination.suffix.lower() == ".npz":
            if destination.exists() and not force:
                raise InputError(f"{destination}: there is a file already; give another name, or force=True.")
            self.write(destination)
        else:
            with tempfile.TemporaryDirectory(prefix="ilqr-vae-") as folder:
                file = Path(folder) / "recording.npz"
                self.write(file)
                call_json("import", file, output=destination, force=force)
        self._path = destination.resolve()
        return destination

    @property
    def is_temporary(self) -> bool:
        """Whether its file is removed with it."""
        return self._folder is not None and self._path is not None and self._folder.path.resolve() in self._path.parents

    def file(self) -> Path:
        """The file that the program reads it from; where there is none one is written, to be removed with the recording."""
        if self._path is None or not self._path.is_file():
            self._folder = self._folder or OwnedFolder()
            file = self._folder.path / "recording.npz"
            self.write(file)
            self._path = file.resolve()
        return self._path

    def write(self, path: Path) -> None:
        """Writes it as an .npz that the program reads, unchecked, and does not take note of it; :meth:`save` is for you."""
        path.parent.mkdir(parents=True, exist_ok=True)
        _archive.write_npz(path, self.archive, self.attributes)

    def keep(self, path: Path) -> None:
        """Takes note of the file that it was written to."""
        self._path = path.resolve()


def open_archive(path: Path) -> Archive:
    """Opens a file of the program: .npz as it is, HDF5 by h5py, or where that is absent by ``ilqr-vae export`` to .npz."""
    if not _archive.is_hdf5(path):
        return _archive.NpzArchive(path)
    if _archive.has_h5py():
        return _archive.Hdf5Archive(path)
    folder = OwnedFolder()
    copy = folder.path / "copy.npz"
    call_json("export", path, output=copy)
    archive = _archive.NpzArchive(copy)
    archive.folder = folder  # type: ignore[attr-defined]  # It lives as long as the archive.
    return archive


class _Remarks(Watcher):
    """Keeps what the program says."""

    def __init__(self, inner: Optional[Watcher]) -> None:
        self._inner = inner or Watcher()
        self.lines: List[str] = []

    def remark(self, line: str) -> None:
        self.lines.append(line)
        self._inner.remark(line)


def _columns(columns: Any) -> Any:
    return columns if isinstance(columns, slice) else np.asarray(columns)


def _lengths(name: str, trials: Arrays) -> List[int]:
    if isinstance(trials, np.ndarray) and trials.ndim != 3:
        raise InputError(f"'{name}' has {trials.ndim} axes where trials x bins x channels are needed; give one trial as [array], or several as a list.")
    shapes = [np.shape(trial) for trial in trials]
    if not shapes:
        raise InputError(f"'{name}' has no trials; give at least one.")
    for number, shape in enumerate(shapes):
        if len(shape) != 2:
            raise InputError(f"trial {number} of '{name}' has {len(shape)} axes where bins x channels are needed.")
    return [int(shape[0]) for shape in shapes]


def _table(name: str, trials: Arrays, lengths: Sequence[int]) -> "np.ndarray[Any, Any]":
    own = _lengths(name, trials)
    if len(own) != len(lengths):
        raise InputError(f"'{name}' has {len(own)} trials where the first group has {len(lengths)}; give all groups the same trials.")
    for number, (bins, usual) in enumerate(zip(own, lengths)):
        if bins != usual:
            raise InputError(f"trial {number} of '{name}' has {bins} bins where the first group has {usual}; axes are trials x bins x channels.")
    if isinstance(trials, np.ndarray):
        return trials.reshape(-1, trials.shape[2])
    columns = {np.shape(trial)[1] for trial in trials}
    if len(columns) > 1:
        raise InputError(f"trials of '{name}' have from {min(columns)} to {max(columns)} channels; give all trials the same, in the same order.")
    return np.concatenate([np.asarray(trial) for trial in trials], axis=0)


def _stored(name: str, table: "np.ndarray[Any, Any]", mask: "Optional[np.ndarray[Any, Any]]", kind: Optional[str]) -> "Tuple[np.ndarray[Any, Any], Optional[np.ndarray[Any, Any]], str]":
    """The table as it is stored, what was observed, and the kind. What is missing is 0."""
    if table.dtype == bool:
        table = table.astype(np.uint8)
    if table.dtype.kind not in "iuf":
        raise InputError(f"'{name}' holds {table.dtype}, which are no numbers.")
    if table.dtype.kind == "f":
        if kind != "values" and mask is None:
            # The usual case in one pass: whole, not negative, small, nothing missing.
            bytes_ = _as_bytes(table)
            if bytes_ is not None:
                return bytes_, None, "counts"
        missing = np.isnan(table)
        if missing.any():
            mask = ~missing if mask is None else mask & ~missing
    if mask is not None:
        if mask.shape != table.shape:
            return table, mask, kind or "values"
        if mask.all():
            mask = None
        else:
            table = np.where(mask, table, table.dtype.type(0))
    if kind != "values":
        counts = _as_counts(table)
        if counts is not None:
            return counts, mask, "counts"
        if kind == "counts":
            raise InputError(f"'{name}' holds negative, broken or too large numbers, which are no counts; give it as values, or counts of each bin.")
    return np.ascontiguousarray(table, dtype=np.float64), mask, "values"


def _as_bytes(table: "np.ndarray[Any, Any]") -> "Optional[np.ndarray[Any, Any]]":
    """Real numbers as bytes; None where one of them is no whole number from 0 to 255."""
    counts = np.empty(table.shape, dtype=np.uint8)
    rows = max(1, _BLOCK // max(1, table.shape[1]))
    with np.errstate(invalid="ignore"):
        for first in range(0, len(table), rows):
            # Block by block, so that what is compared is still in the cache.
            block = table[first:first + rows]
            np.copyto(counts[first:first + rows], block, casting="unsafe")
            if not np.array_equal(counts[first:first + rows], block):
                return None
    return counts


def _as_counts(table: "np.ndarray[Any, Any]") -> "Optional[np.ndarray[Any, Any]]":
    """Whole numbers that are not negative as the smallest type that holds them; None where there are others."""
    if table.dtype == np.uint8:
        return np.ascontiguousarray(table)
    if not table.size:
        return table.astype(np.uint8)
    least, largest = table.min(), table.max()
    if not (least >= 0 and largest <= np.iinfo(np.int32).max):
        return None
    kind = np.uint8 if largest <= 255 else np.uint16 if largest <= 65535 else np.int32
    counts = np.empty(table.shape, dtype=kind)
    rows = max(1, _BLOCK // max(1, table.shape[1]))
    for first in range(0, len(table), rows):
        # Block by block, so that what is compared is still in the cache.
        block = table[first:first + rows]
        np.copyto(counts[first:first + rows], block, casting="unsafe")
        if table.dtype.kind == "f" and not np.array_equal(counts[first:first + rows], block):
            return None
    return counts


def _per_trial(what: str, entries: Sequence[str], count: int) -> "np.ndarray[Any, Any]":
    if len(entries) != count:
        raise InputError(f"{what} has {len(entries)} entries for {count} trials; give one a trial.")
    return np.array([str(entry) for entry in entries])


def _label(name: str, entries: Sequence[Any], count: int) -> "np.ndarray[Any, Any]":
    column = np.asarray(entries)
    if column.shape != (count,):
        raise InputError(f"labels: '{name}' has shape {column.shape} for {count} trials; give one entry a trial.")
    return column.astype(np.float64) if column.dtype.kind in "biuf" else column.astype(str)


def _usual_splits(count: int) -> List[str]:
    training = math.ceil(_TRAIN_FRACTION * count - 1e-6)
    return ["test" if trial >= training else "validation" if trial % _VALIDATION_EVERY == _FIRST_VALIDATION else "train" for trial in range(count)]
