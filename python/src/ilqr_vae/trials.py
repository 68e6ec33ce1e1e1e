"""Tables that lie end to end along time, seen trial by trial."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Iterator, List, Mapping, Sequence, Union, overload

import numpy as np

from .errors import InputError

__all__ = ["ByTrial"]

Array = "np.ndarray[Any, Any]"


class ByTrial(Sequence["np.ndarray[Any, Any]"]):
    """One array a trial, bins x columns each, as views into one table.

    Trials are asked for by number or by name; ``table`` has all bins end to end.

    Attributes:
        table: all bins x columns (of samples: samples x all bins x columns).
        names: names of the trials.

    >>> rates = ByTrial(np.arange(10.0).reshape(5, 2), ["a", "b"], [0, 3], [3, 2])
    >>> rates["b"]
    array([[6., 7.],
           [8., 9.]])
    >>> [len(trial) for trial in rates]
    [3, 2]
    """

    def __init__(self, table: "np.ndarray[Any, Any]", names: Sequence[str], first: Sequence[int], bins: Sequence[int], axis: int = 0) -> None:
        self.table = table
        self.names = list(names)
        self._first = [int(one) for one in first]
        self._bins = [int(one) for one in bins]
        self._axis = axis

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, trial: Union[int, str]) -> "np.ndarray[Any, Any]": ...

    @overload
    def __getitem__(self, trial: slice) -> "List[np.ndarray[Any, Any]]": ...

    def __getitem__(self, trial: Union[int, str, slice]) -> Any:
        if isinstance(trial, slice):
            return [self[number] for number in range(*trial.indices(len(self)))]
        if isinstance(trial, str):
            if trial not in self.names:
                raise KeyError(trial)
            trial = self.names.index(trial)
        first, bins = self._first[trial], self._bins[trial]
        rows = slice(first, first + bins)
        return self.table[rows] if self._axis == 0 else self.table[:, rows]

    def __iter__(self) -> "Iterator[np.ndarray[Any, Any]]":
        return (self[number] for number in range(len(self)))

    def stack(self) -> "np.ndarray[Any, Any]":
        """Trials x bins x columns.

        Raises:
            InputError: trials differ in length.

        >>> ByTrial(np.zeros((6, 2)), ["a", "b"], [0, 3], [3, 3]).stack().shape
        (2, 3, 2)
        """
        if len(set(self._bins)) > 1:
            raise InputError(f"trials have from {min(self._bins)} to {max(self._bins)} bins, which do not stack; take them one by one.")
        return np.stack(list(self), axis=0)

    def __repr__(self) -> str:
        lengths = f"{min(self._bins)}" if len(set(self._bins)) == 1 else f"{min(self._bins)} to {max(self._bins)}"
        return f"<{len(self)} trials of {lengths} bins x {self.table.shape[-1]}>"


class OfTrials(ABC):
    """What recordings and posteriors have in common: tables of all bins of all trials, and trials with names, splits and lengths."""

    @property
    @abstractmethod
    def archive(self) -> Mapping[str, "np.ndarray[Any, Any]"]:
        """All tables by their paths in the file."""

    @property
    def names(self) -> List[str]:
        """Names of the trials."""
        return [str(name) for name in self.archive["trials/name"]]

    @property
    def splits(self) -> List[str]:
        """``train``, ``validation`` or ``test`` for each trial."""
        return [str(split) for split in self.archive["trials/split"]]

    @property
    def bins(self) -> "np.ndarray[Any, Any]":
        """Numbers of bins of the trials."""
        return np.asarray(self.archive["trials/bins"])

    def __len__(self) -> int:
        return len(self.archive["trials/bins"])

    def _by_trial(self, path: str, axis: int = 0) -> ByTrial:
        return ByTrial(self.archive[path], self.names, self.archive["trials/first_bin"].tolist(), self.bins.tolist(), axis)
