"""What inference found in each trial."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

import numpy as np

from ._folders import OwnedFolder
from ._archive import Archive, PathLike
from .errors import InputError
from .recording import open_archive
from .trials import ByTrial, OfTrials

if TYPE_CHECKING:
    import pandas
    import xarray

__all__ = ["Estimate", "ChannelEstimate", "Samples", "Posterior"]


class Estimate:
    """Posterior means and standard deviations.

    Attributes:
        mean: bins x columns a trial.
        deviation: the same of the standard deviation.
        unit: their unit; empty where they have none.
        names: names of the columns, or None.
    """

    def __init__(self, mean: ByTrial, deviation: ByTrial, unit: str = "", names: Optional[List[str]] = None) -> None:
        self.mean = mean
        self.deviation = deviation
        self.unit = unit
        self.names = names

    def __repr__(self) -> str:
        return f"<mean and deviation of {repr(self.mean)[1:-1]}{f' in {self.unit}' if self.unit else ''}>"


class ChannelEstimate(Estimate):
    """What is known of the channels of a group: rates in Hz of counts, means of values.

    Attributes:
        hidden: whether inference did not see the group, and it was predicted from the others.
        calibrated: whether the run's calibration is in the predictive deviation and the intervals.
        predictive_deviation: standard deviation of what may be observed, posterior and noise together, in the unit of the mean.
    """

    def __init__(self, archive: Archive, group: str, by_trial: Any) -> None:
        at = f"channels/{group}"
        about = archive.attributes.get(f"{at}/mean", {})
        more = archive.attributes.get(f"{at}/predictive_deviation", {})
        names = archive[f"{at}/names"].tolist() if f"{at}/names" in archive else None
        super().__init__(by_trial(f"{at}/mean"), by_trial(f"{at}/deviation"), str(about.get("unit", "")), names)
        self.hidden = bool(about.get("hidden", 0))
        self.calibrated = bool(more.get("calibrated", 0))
        self.predictive_deviation: Optional[ByTrial] = by_trial(f"{at}/predictive_deviation") if f"{at}/predictive_deviation" in archive else None
        self._archive, self._at, self._group = archive, at, group

    @property
    def levels(self) -> List[float]:
        """Levels for which there are intervals, such as 0.5, 0.9 and 0.95."""
        return sorted({round(float(level), 6) for path in ("half_width/level", "intervals/level") if f"{self._at}/{path}" in self._archive for level in self._archive[f"{self._at}/{path}"]})

    def interval(self, level: float = 0.9) -> Tuple[ByTrial, ByTrial]:
        """Ends of the intervals that hold a share of what may be observed, noise included: of values in their unit, of counts as counts in a bin.

        Args:
            level: the share; of values any of :attr:`levels`, of counts those of ``infer(..., intervals=True)``.

        Raises:
            InputError: there are no intervals of that level.
        """
        archive, at = self._archive, self._at
        if f"{at}/intervals/level" in archive:
            number = _find(archive[f"{at}/intervals/level"], level)
            if number is not None:
                return self._like(archive[f"{at}/intervals/lower"][number]), self._like(archive[f"{at}/intervals/upper"][number])
        if f"{at}/half_width/level" in archive:
            number = _find(archive[f"{at}/half_width/level"], level)
            if number is not None and self.predictive_deviation is not None:
                half = float(archive[f"{at}/half_width/deviations"][number]) * self.predictive_deviation.table
                return self._like(self.mean.table - half), self._like(self.mean.table + half)
        known = ", ".join(f"{one:g}" for one in self.levels)
        raise InputError(f"'{self._group}' has no intervals of level {level:g}; "
                         + (f"there are {known}." if known else "infer with intervals=True makes those of 0.5, 0.9 and 0.95."))

    def _like(self, table: "np.ndarray[Any, Any]") -> ByTrial:
        return ByTrial(table, self.mean.names, self.mean._first, self.mean._bins)


def _find(levels: "np.ndarray[Any, Any]", level: float) -> Optional[int]:
    found = np.flatnonzero(np.abs(levels - level) < 1e-9)
    return int(found[0]) if len(found) else None


class Samples:
    """Joint samples of each trial's posterior.

    Attributes:
        states: samples x bins x states a trial.
        inputs: samples x bins x inputs a trial.
        log_weight: samples x trials, log p(observations, inputs) - log q(inputs), in nats.
    """

    def __init__(self, states: ByTrial, inputs: ByTrial, log_weight: "np.ndarray[Any, Any]") -> None:
        self.states, self.inputs, self.log_weight = states, inputs, log_weight


class Posterior(OfTrials):
    """A posterior file, .npz or .h5 (docs/posterior-format.md). Tables are mapped or read when they are asked for.

    Made by :meth:`ilqr_vae.Run.infer`, or of a file that ``ilqr-vae infer`` wrote: ``Posterior("posterior.npz")``.

    Attributes:
        path: the file.
    """

    def __init__(self, path: PathLike, folder: Optional[OwnedFolder] = None) -> None:
        self.path = Path(path)
        self._archive = open_archive(self.path)
        # What was not asked to be kept goes with the object.
        self._folder = folder
        if self.archive.header.get("format") != "ilqr-vae posterior":
            raise InputError(f"{self.path}: this is no posterior file; give what 'ilqr-vae infer' wrote.")

    @property
    def archive(self) -> Archive:
        """All tables by their paths in the file (docs/posterior-format.md)."""
        return self._archive

    @property
    def bin_width(self) -> float:
        """Width of a bin in seconds."""
        return float(self.archive.header["bin_width"])

    @property
    def converged(self) -> "np.ndarray[Any, Any]":
        """Whether the search for the most probable inputs ended at a minimum, of each trial."""
        return np.asarray(self.archive["trials/converged"]).astype(bool)

    @property
    def log_evidence(self) -> "np.ndarray[Any, Any]":
        """Laplace's approximation of log p(observations) of each trial, in nats."""
        return np.asarray(self.archive["trials/log_evidence"])

    @property
    def states(self) -> Estimate:
        """The latent states: bins x states a trial."""
        return Estimate(self._by_trial("states/mean"), self._by_trial("states/deviation"))

    @property
    def inputs(self) -> Estimate:
        """The inferred inputs: bins x inputs a trial; row t drives the step from bin t to t + 1, so the last row is 0 with deviation NaN."""
        return Estimate(self._by_trial("inputs/mean"), self._by_trial("inputs/deviation"))

    @property
    def initial_state(self) -> Tuple["np.ndarray[Any, Any]", "np.ndarray[Any, Any]"]:
        """Means and deviations of the first state: trials x states each."""
        return self.archive["initial_state/mean"], self.archive["initial_state/deviation"]

    @property
    def channels(self) -> Dict[str, ChannelEstimate]:
        """What is known of the channels, by group: rates in Hz, values in their unit."""
        return {group: ChannelEstimate(self.archive, group, self._by_trial) for group in self.archive.children("channels")}

    @property
    def samples(self) -> Optional[Samples]:
        """Joint samples; None without ``infer(..., draws=K)``."""
        if "samples/states" not in self.archive:
            return None
        return Samples(self._by_trial("samples/states", 1), self._by_trial("samples/inputs", 1), self.archive["samples/log_weight"])

    def __getitem__(self, group: str) -> ChannelEstimate:
        """What is known of the channels of a group."""
        if group not in self.channels:
            raise KeyError(f"there is no group '{group}'; the groups are {', '.join(self.channels)}")
        return self.channels[group]

    def to_dataframe(self) -> "pandas.DataFrame":
        """All means and deviations as a pandas table.

        Rows are bins, named by trial and bin; columns are named by table (``states``, ``inputs`` or a group), quantity (``mean`` or ``deviation``) and channel, so that
        ``frame["states", "mean"]`` are the states.
        """
        import pandas

        columns: Dict[Tuple[str, str, Any], Any] = {}
        for table, estimate in self._tables().items():
            for quantity in ("mean", "deviation"):
                values = getattr(estimate, quantity).table
                for number in range(values.shape[1]):
                    columns[table, quantity, estimate.names[number] if estimate.names else number] = self._rows(values)[:, number]
        frame = pandas.DataFrame(columns)
        frame.columns = pandas.MultiIndex.from_tuples(list(columns), names=["table", "quantity", "channel"])
        frame.index = pandas.MultiIndex.from_arrays([np.repeat(self.names, self.bins), np.concatenate([np.arange(bins) for bins in self.bins])], names=["trial", "bin"])
        return frame

    def to_xarray(self) -> "xarray.Dataset":
        """All means and deviations as an xarray dataset.

        Along ``row`` lie the bins of all trials end to end, with the coordinates ``trial`` (its name), ``split``, ``bin`` (from 0) and ``time`` (in seconds from the trial's start);
        other axes are ``state``, ``input``, ``quantity`` aside, and one a group with the names of its channels. Variables are ``states``, ``states_deviation`` and so on.
        """
        import xarray

        bins = np.concatenate([np.arange(count) for count in self.bins])
        coordinates: Dict[str, Any] = {
            "trial": ("row", np.repeat(self.names, self.bins)), "split": ("row", np.repeat(self.splits, self.bins)), "bin": ("row", bins),
            "time": ("row", bins * self.bin_width, {"unit": "s"})}
        variables: Dict[str, Any] = {}
        for table, estimate in self._tables().items():
            axis = {"states": "state", "inputs": "input"}.get(table, f"{table}_channel")
            coordinates[axis] = estimate.names or np.arange(estimate.mean.table.shape[1])
            for quantity, suffix in (("mean", ""), ("deviation", "_deviation")):
                variables[table + suffix] = (("row", axis), self._rows(getattr(estimate, quantity).table), {"unit": estimate.unit})
        return xarray.Dataset(variables, coordinates, {"bin_width": self.bin_width})

    def _tables(self) -> Dict[str, Estimate]:
        return {"states": self.states, "inputs": self.inputs, **self.channels}

    def _rows(self, table: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        """Rows in the order of the trials, which they are in already unless a file of others' has gaps."""
        first, bins = self.archive["trials/first_bin"], self.bins
        if len(table) == bins.sum() and np.array_equal(first, np.concatenate([[0], np.cumsum(bins)[:-1]])):
            return table
        return np.concatenate([table[start:start + count] for start, count in zip(first, bins)])

    def __repr__(self) -> str:
        hidden = [name for name, group in self.channels.items() if group.hidden]
        return (f"<Posterior: {len(self)} trials ({int(self.converged.sum())} converged), {self.states.mean.table.shape[1]} states, {self.inputs.mean.table.shape[1]} inputs; "
                f"{', '.join(self.channels)}{f' ({chr(44).join(hidden)} hidden)' if hidden else ''}>")
