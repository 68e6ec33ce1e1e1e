"""The same by the conventions of scikit-learn, which is not needed for it."""

from __future__ import annotations

import inspect as _inspect
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Union

import numpy as np

from ._archive import PathLike
from ._folders import OwnedFolder
from .errors import InputError
from .posterior import Posterior
from .recording import Arrays, Recording
from .runs import Run, fit, train

__all__ = ["IlqrVae"]

_SPIKES, _TARGET = "spikes", "target"


class IlqrVae:
    """An estimator: trials of counts in, latent states (or behaviour decoded from the counts) out.

    ``X`` is a list of bins x units a trial, trials x bins x units, or a :class:`Recording`; ``y``, where it is given, a list of bins x columns of behaviour,
    which the model learns beside the counts and ``predict`` decodes from counts alone.

    Args:
        bin_width: width of a bin, in seconds.
        minutes: minutes for finding a model (:func:`ilqr_vae.fit`); None trains one by the settings below.
        states: dimension of the latent state.
        inputs: dimension of the inferred inputs.
        dynamics: kind of dynamics, or its section of a configuration.
        prior: kind of prior, or its section.
        iterations: number of parameter updates.
        training: other keys of the configuration's section ``training``.
        seed: seed of everything random.
        threads: worker threads; None for one a core.
        output: folder of the run; otherwise it is kept as long as the estimator.
        progress: whether to show how far it is.

    Attributes:
        run_: the trained :class:`ilqr_vae.Run`.
        n_features_in_: number of units.

    >>> IlqrVae(bin_width=0.01, states=8).get_params()["states"]
    8
    """

    def __init__(
        self,
        bin_width: float = 0.01,
        *,
        minutes: Optional[float] = None,
        states: int = 20,
        inputs: int = 5,
        dynamics: Union[str, Mapping[str, Any]] = "mini-gru",
        prior: Union[str, Mapping[str, Any]] = "student",
        iterations: int = 1000,
        training: Optional[Mapping[str, Any]] = None,
        seed: int = 1,
        threads: Optional[int] = None,
        output: Optional[PathLike] = None,
        progress: bool = False,
    ) -> None:
        self.bin_width = bin_width
        self.minutes = minutes
        self.states = states
        self.inputs = inputs
        self.dynamics = dynamics
        self.prior = prior
        self.iterations = iterations
        self.training = training
        self.seed = seed
        self.threads = threads
        self.output = output
        self.progress = progress

    @classmethod
    def _names(cls) -> List[str]:
        return [name for name in _inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> Dict[str, Any]:
        """The settings by name."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any) -> "IlqrVae":
        """Changes settings."""
        for name, value in params.items():
            if name not in self._names():
                raise InputError(f"there is no setting '{name}'; there are {', '.join(self._names())}.")
            setattr(self, name, value)
        return self

    def fit(self, X: Union[Recording, Arrays], y: Optional[Arrays] = None) -> "IlqrVae":
        """Trains a model. Of arrays the first seven eighths are learned from, the rest choose the best parameters; a recording has splits of its own."""
        recording = self._recording(X, y, None)
        folder = OwnedFolder() if self.output is None else None
        output = folder.path / "run" if folder is not None else Path(str(self.output))
        if self.minutes is not None:
            self.run_ = fit(recording, self.minutes, output=output, seed=self.seed, threads=self.threads, progress=self.progress, force=folder is None, baselines=False)
        else:
            more: Dict[str, Any] = {**(self.training or {}), "iterations": self.iterations, "threads": self.threads}
            self.run_ = train(recording, output=output, states=self.states, inputs=self.inputs, dynamics=self.dynamics, prior=self.prior, seed=self.seed,
                              progress=self.progress, force=folder is None, **more)
        self._folder = folder
        first = recording.groups[next(iter(recording.groups))]
        self.n_features_in_ = first.channels
        self._target = _TARGET if y is not None else None
        self._columns = np.shape(y[0])[1] if y is not None else 0
        return self

    def transform(self, X: Union[Recording, Arrays]) -> Any:
        """Posterior means of the latent states: bins x states a trial, stacked where X is one array."""
        return self._given_back(X, self._infer(X).states.mean)

    def fit_transform(self, X: Union[Recording, Arrays], y: Optional[Arrays] = None) -> Any:
        """Trains, and gives the states of the same trials."""
        return self.fit(X, y).transform(X)

    def predict(self, X: Union[Recording, Arrays]) -> Any:
        """Behaviour, decoded from the counts alone: bins x columns a trial."""
        if self._fitted() and self._target is None:
            raise InputError("predict decodes the y that fit was given, and it was given none.")
        return self._given_back(X, self._infer(X)[_TARGET].mean)

    def score(self, X: Union[Recording, Arrays], y: Optional[Arrays] = None) -> float:
        """With y the mean R2 of what is decoded from the counts; without, the log evidence in nats per observed entry. Larger is better."""
        self._fitted()
        if y is None and not isinstance(X, Recording):
            recording = self._recording(X, None, "test")
            return float(self.run_.evaluate(recording, split="test", hide=_TARGET if self._target else (), progress=False)["log_evidence"])
        if y is None:
            assert isinstance(X, Recording)
            return float(self.run_.evaluate(X, split="all", progress=False)["log_evidence"])
        recording = self._recording(X, y, "test")
        found = self.run_.evaluate(recording, split="test", hide=_TARGET, progress=False)["groups"].to_dict()[_TARGET]["r2"]
        return float(np.mean(found))

    def posterior(self, X: Union[Recording, Arrays], **options: Any) -> Posterior:
        """Everything that is inferred; options are those of :meth:`ilqr_vae.Run.infer`."""
        self._fitted()
        options.setdefault("hide", _TARGET if self._target and not isinstance(X, Recording) else ())
        return self.run_.infer(self._recording(X, None, "test"), progress=self.progress, threads=self.threads, **options)

    def _infer(self, X: Union[Recording, Arrays]) -> Posterior:
        return self.posterior(X)

    def _fitted(self) -> bool:
        if not hasattr(self, "run_"):
            raise InputError("this estimator is not fitted yet; call fit first.")
        return True

    def _recording(self, X: Union[Recording, Arrays], y: Optional[Arrays], split: Optional[str]) -> Recording:
        if isinstance(X, Recording):
            if y is not None:
                raise InputError("a recording has its behaviour in it; y is for arrays.")
            return X
        data: Dict[str, Any] = {_SPIKES: X}
        kinds = {_SPIKES: "counts"}
        if y is not None:
            data[_TARGET], kinds[_TARGET] = y, "values"
        elif split is not None and self._target is not None:
            # The model knows a group that is not to be seen: it is there, and all of it is missing.
            data[_TARGET], kinds[_TARGET] = [np.full((np.shape(trial)[0], self._columns), np.nan) for trial in X], "values"
        count = len(X)
        validation = max(1, count // 8) if count > 1 else 0
        splits = [split] * count if split is not None else ["train"] * (count - validation) + ["validation"] * validation
        return Recording.from_arrays(data, self.bin_width, kinds=kinds, splits=splits)

    @staticmethod
    def _given_back(X: Union[Recording, Arrays], found: Any) -> Any:
        return found.stack() if isinstance(X, np.ndarray) else list(found)

    def __repr__(self) -> str:
        defaults = {name: parameter.default for name, parameter in _inspect.signature(type(self).__init__).parameters.items()}
        changed = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items() if value is not defaults[name] and value != defaults[name])
        return f"IlqrVae({changed})"


