"""Training models, and what trained models do."""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Union

import numpy as np

from . import _configuration
from ._folders import OwnedFolder
from ._archive import Archive, PathLike
from ._html import escape, table
from .dynamics import Dynamics, ReadOut
from .errors import IlqrVaeError, InputError, Interrupted
from .posterior import Posterior
from .program import Watcher, call_json
from .progress import Callback, Display, TrainingWatcher
from .recording import Recording, open_archive
from .scores import Scores

__all__ = ["fit", "train", "Run", "Figure", "Report", "inspect"]

Names = Union[str, Sequence[str]]
Source = Union[Recording, PathLike]
_RECORDING = "recording.npz"


def fit(
    recording: Source,
    minutes: float = 10,
    *,
    output: PathLike = "run",
    hide: Names = (),
    baselines: bool = True,
    seed: Optional[int] = None,
    parallel: Optional[int] = None,
    threads: Optional[int] = None,
    callbacks: Iterable[Callback] = (),
    progress: bool = True,
    force: bool = False,
) -> "Run":
    """Finds and trains a model of a recording, without a configuration, within a time (``ilqr-vae fit``).

    Args:
        recording: the recording, or the path of a dataset.
        minutes: minutes it may take.
        output: folder of the run. A recording that is in no file is kept there too.
        hide: groups of neurons that are to be predicted from the others in validation; values, such as behaviour, always are.
        baselines: whether to compare with baselines at the end.
        seed: seed of everything random.
        parallel: trainings of the search at a time, which share the threads; None for as many as keep them busy.
        threads: worker threads; 0 means one a core. Results do not depend on it.
        callbacks: called after every update of the last training, see :func:`train`.
        progress: whether to show how far it is.
        force: replace a run that is in the folder already, or begin a fit anew that was interrupted there.

    Raises:
        InputError: something given is wrong.
        Interrupted: Ctrl-C; what was tried is kept, and the same call goes on.
    """
    folder = Path(output)
    with _kept(recording, folder, force) as data:
        watcher = TrainingWatcher(folder / "history.jsonl", callbacks, None, progress)
        with _interruptible(folder):
            result = call_json("fit", data, output=folder, minutes=minutes, hide=_names(hide), no_baselines=not baselines, seed=seed, parallel=parallel, threads=threads, force=force, watcher=watcher)
    return Run(folder, result)


def train(
    recording: Source,
    config: Union[None, PathLike, Mapping[str, Any]] = None,
    *,
    output: PathLike = "run",
    callbacks: Iterable[Callback] = (),
    progress: bool = True,
    force: bool = False,
    stop_after: Optional[int] = None,
    **keywords: Any,
) -> "Run":
    """Trains a model (``ilqr-vae train``).

    Args:
        recording: the recording, or the path of a dataset.
        config: a configuration (docs/configuration.md) as a mapping, or the path of a YAML file; the keywords are set on top of it. Otherwise it is made of them.
        output: folder of the run. A recording that is in no file is kept there too.
        callbacks: called after every update with its line of the history, a mapping with ``iteration``, ``loss`` (nats per observed entry), ``validation_loss``,
            ``seconds`` and so on; one that returns True stops the training, with its state saved.
        progress: whether to show how far it is.
        force: replace a run that is in the folder already.
        stop_after: save and stop after so many iterations, as Ctrl-C does.
        **keywords: keys of the configuration with underscores for hyphens: ``states=8``, ``inputs=2``, ``dynamics="linear"`` (or
            ``{"kind": "mini-gru", "unit-norm-inputs": True}``), ``prior="gaussian"``, ``likelihoods=[...]``, ``seed``, ``precision``, ``posterior={...}``; all others
            are keys of ``training``: ``iterations=500``, ``learning_rate=0.01``, ``hide=[{"kind": "channels"}]``.

    Raises:
        InputError: something given is wrong; unknown keys are refused by name.
        RunFailed: numbers overflowed again and again.
        Interrupted: Ctrl-C; ``error.run.resume()`` goes on with the same numbers as if nothing had happened.
    """
    folder = Path(output)
    with tempfile.TemporaryDirectory(prefix="ilqr-vae-") as temporary, _kept(recording, folder, force) as data:
        options: Dict[str, Any] = {}
        if config is None or isinstance(config, Mapping):
            configuration = _configuration.hyphenated(config or {})
            own = _configuration.of_keywords(keywords)
            for section, content in own.items():
                configuration[section] = {**configuration[section], **content} if isinstance(configuration.get(section), dict) and isinstance(content, dict) else content
            configuration["data"] = os.path.abspath(data)
            file = Path(temporary) / "config.yaml"
            _configuration.write(configuration, file)
            iterations = configuration.get("training", {}).get("iterations") if isinstance(configuration.get("training"), dict) else None
        else:
            file, iterations = Path(config), keywords.get("iterations")
            options = {"data": data, "set": _configuration.settings(keywords)}
        watcher = TrainingWatcher(folder / "history.jsonl", callbacks, iterations, progress)
        watcher.may_stop = stop_after is not None
        with _interruptible(folder):
            result = call_json("train", file, output=folder, force=force, stop_after=stop_after, watcher=watcher, **options)
    return Run(folder, result)


def inspect(path: PathLike) -> Scores:
    """What is in a file (``ilqr-vae inspect``): a dataset, a run, a posterior, or a file to import, for which a command is proposed."""
    return Scores(call_json("inspect", path))


class Run:
    """A trained model: the folder of a run.

    Attributes:
        path: the folder (or the model file).
        result: what ``fit`` or ``train`` said of it at the end; empty for a run that was opened: ``Run("run")``.
    """

    def __init__(self, path: PathLike, result: Optional[Mapping[str, Any]] = None) -> None:
        self.path = Path(path)
        if not self.path.exists():
            raise InputError(f"{self.path}: there is no such run; give the folder that fit or train wrote, or its model.h5.")
        self.result = Scores({name: value for name, value in (result or {}).items() if name != "schema"})
        self._archive: Optional[Archive] = None
        self._archive_of: Any = None

    # -- the model -------------------------------------------------------------------------------------------------------------------------------

    @property
    def model_file(self) -> Path:
        """The model file (docs/model-format.md)."""
        return self.path / "model.h5" if self.path.is_dir() else self.path

    @property
    def archive(self) -> Archive:
        """All tables of the model file by their paths."""
        if not self.model_file.is_file():
            raise InputError(f"{self.path}: this folder holds no model.h5; give the folder that fit or train wrote.")
        stamp = self.model_file.stat().st_mtime_ns
        if self._archive is None or self._archive_of != stamp:
            self._archive, self._archive_of = open_archive(self.model_file), stamp
        return self._archive

    @property
    def parameters(self) -> Dict[str, "np.ndarray[Any, Any]"]:
        """The parameters by name, as the model uses them; vectors are matrices of one row (docs/model-format.md)."""
        archive = self.archive
        return {path[len("values/"):]: archive[path] for path in archive if path.startswith("values/")}

    @property
    def configuration(self) -> Dict[str, Any]:
        """The complete configuration, as nested mappings (docs/configuration.md)."""
        return _configuration.read(str(self.archive["configuration"][0]))

    @property
    def bin_width(self) -> float:
        """Width of a bin in seconds."""
        return float(self.archive.header["bin_width"])

    @property
    def groups(self) -> List[str]:
        """The groups of channels that the model explains."""
        return [str(name) for name in self.archive["groups/name"]]

    @property
    def dynamics(self) -> Dynamics:
        """The latent system, to step, linearise and find fixed points of.

        Raises:
            InputError: the dynamics are a user's own.
        """
        section = self.configuration["model"]["dynamics"]
        return Dynamics(str(section["kind"]), self.parameters, bool(section.get("input-inside-candidate", False)))

    def read_out(self, group: str) -> ReadOut:
        """From states to rates in Hz, or values, of a group."""
        if group not in self.groups:
            raise InputError(f"there is no group '{group}'; the model explains {', '.join(self.groups)}.")
        return ReadOut(group, str(self.archive["groups/link"][self.groups.index(group)]), self.parameters)

    @property
    def history(self) -> Dict[str, "np.ndarray[Any, Any]"]:
        """What happened in each iteration, by name of the column: losses in nats per observed entry, learning rate and so on; NaN where there was nothing."""
        with open(self.path / "history.csv", newline="", encoding="utf-8") as file:
            names, *rows = list(csv.reader(file))
        return {name: np.array([float(row[column]) if row[column] else np.nan for row in rows if len(row) == len(names)]) for column, name in enumerate(names)}

    # -- what it does ----------------------------------------------------------------------------------------------------------------------------

    def resume(self, iterations: Optional[int] = None, *, callbacks: Iterable[Callback] = (), progress: bool = True, threads: Optional[int] = None) -> "Run":
        """Goes on with a training that was interrupted, or with more iterations trains on; the numbers are those of a training without a pause.

        Args:
            iterations: number of updates from the beginning; otherwise as configured.
            callbacks: see :func:`train`.
            progress: whether to show how far it is.
            threads: worker threads.
        """
        watcher = TrainingWatcher(self.path / "history.jsonl", callbacks, iterations, progress)
        with _interruptible(self.path):
            result = call_json("train", self.path, resume=True, iterations=iterations, threads=threads, watcher=watcher)
        return Run(self.path, result)

    def infer(
        self,
        recording: Source,
        *,
        split: Optional[str] = None,
        hide: Names = (),
        draws: Optional[int] = None,
        intervals: bool = False,
        uncalibrated: bool = False,
        by_position: bool = False,
        seed: Optional[int] = None,
        threads: Optional[int] = None,
        save: Optional[PathLike] = None,
        force: bool = False,
        progress: bool = True,
        **options: Any,
    ) -> Posterior:
        """Finds inputs, states and rates with their uncertainty in each trial (``ilqr-vae infer``).

        Args:
            recording: the recording, or the path of a dataset.
            split: ``train``, ``validation``, ``test`` or ``all``; all otherwise.
            hide: groups to treat as missing and predict from the others, such as behaviour.
            draws: joint posterior samples of each trial.
            intervals: whether to have intervals of 50, 90 and 95 % of what may be observed, of counts too.
            uncalibrated: leave out what :meth:`calibrate` learned.
            by_position: take channels in the order of the recording, whatever their names.
            seed: seed of the samples.
            threads: worker threads.
            save: where to keep the posterior file: .npz, .h5, .mat or .nwb; otherwise it is kept as long as the object that is returned. Of .mat and .nwb nothing is read back.
            force: replace a file that is there.
            progress: whether to show how far it is.
            **options: other options of the command.
        """
        folder = None if save is not None else OwnedFolder()
        file = Path(save) if save is not None else (folder.path if folder is not None else Path()) / "posterior.npz"
        call_json("infer", self.path, data=_file(recording), output=file, split=split, hide=_names(hide), draws=draws, intervals=intervals, uncalibrated=uncalibrated,
                  by_position=by_position, seed=seed, threads=threads, force=force, watcher=Display(progress), **options)
        return Posterior(file, folder)

    def evaluate(self, recording: Source, *, split: Optional[str] = None, hide: Names = (), progress: bool = True, **options: Any) -> Scores:
        """Scores the model (``ilqr-vae evaluate``); docs/evaluation.md defines every score.

        Args:
            recording: the recording, or the path of a dataset.
            split: the trials; otherwise the test trials, where there are some.
            hide: groups to treat as missing and predict from the others.
            progress: whether to show how far it is.
            **options: ``forecast=20``, ``gap=["40:60"]``, ``baselines=True``, ``shuffle=True``, ``coverage=True``, ``iwae=1000``, ``horizon="30,50"``, ``decode="velocity"`` and so on.
        """
        found = call_json("evaluate", self.path, data=_file(recording), split=split, hide=_names(hide), watcher=Display(progress), **options)
        return Scores({name: value for name, value in found.items() if name != "schema"})

    def calibrate(self, recording: Source, *, hide: Names = (), progress: bool = True, **options: Any) -> Scores:
        """Learns from the validation trials how wide intervals have to be (``ilqr-vae calibrate``); :meth:`infer` uses it from then on.

        Args:
            recording: the recording, or the path of a dataset.
            hide: groups that will be hidden.
            progress: whether to show how far it is.
            **options: other options of the command.
        """
        return Scores(call_json("calibrate", self.path, data=_file(recording), hide=_names(hide), watcher=Display(progress), **options))

    def figures(self, recording: Source, folder: PathLike, *, split: Optional[str] = None, hide: Names = (), force: bool = False, progress: bool = True, **options: Any) -> Dict[str, "Figure"]:
        """The program's figures: ``loss``, ``trial``, ``found`` and, with ``onsets="velocity"``, ``onsets``. A notebook shows them.

        Args:
            recording: the recording, or the path of a dataset.
            folder: where to put them.
            split: the trials; otherwise the test trials, where there are some.
            hide: groups to treat as missing and predict from the others.
            force: replace figures that are there.
            progress: whether to show how far it is.
            **options: other options of ``evaluate``.
        """
        call_json("evaluate", self.path, data=_file(recording), split=split, hide=_names(hide), figures=folder, force=force, watcher=Display(progress), **options)
        return {file.stem: Figure(file) for file in sorted(Path(folder).glob("*.png"))}

    def report(self, recording: Optional[Source] = None, path: Optional[PathLike] = None, *, force: bool = False, progress: bool = True, **options: Any) -> "Report":
        """The report of the run, one HTML page (``ilqr-vae report``); a notebook shows it in place.

        Args:
            recording: the recording, or the path of a dataset; otherwise the one that the run was trained on.
            path: where to put it; otherwise it is kept as long as the object that is returned.
            force: replace a file that is there.
            progress: whether to show how far it is.
            **options: other options of the command.

        Raises:
            IlqrVaeError: this program has no command ``report``.
        """
        folder = None if path is not None else OwnedFolder()
        file = Path(path) if path is not None else (folder.path if folder is not None else Path()) / "report.html"
        try:
            call_json("report", self.path, data=None if recording is None else _file(recording), output=file, force=force, watcher=Display(progress), **options)
        except InputError as error:
            if "there is no command 'report'" in str(error):
                raise IlqrVaeError("this program has no command 'report' yet; figures() draws what there is to see.", error.command) from None
            raise
        return Report(file, folder)

    def __repr__(self) -> str:
        try:
            section = self.configuration["model"]
            return (f"<Run {self.path}: {section['states']} states, {section['inputs']} inputs, {section['dynamics']['kind']} dynamics, "
                    f"iteration {self.archive.header['iteration']} of {self.archive.header['iterations']}; {', '.join(self.groups)}>")
        except IlqrVaeError:
            return f"<Run {self.path}: nothing learned yet>"

    def _repr_html_(self) -> str:
        rows = [[name, f"{value:.4g}" if isinstance(value, float) else str(value)] for name, value in self.result.flat().items() if not isinstance(value, list)]
        return f"<p>{escape(repr(self)[1:-1])}</p>" + (table(["", ""], rows) if rows else "")


class Figure:
    """A figure that the program drew.

    Attributes:
        path: the file (.png).
    """

    def __init__(self, path: PathLike) -> None:
        self.path = Path(path)

    def save(self, path: PathLike) -> None:
        """Copies it."""
        shutil.copyfile(self.path, path)

    def _repr_png_(self) -> bytes:
        return self.path.read_bytes()

    def __repr__(self) -> str:
        return f"<Figure {self.path}>"


class Report:
    """A page that the program wrote.

    Attributes:
        path: the file (.html).
    """

    def __init__(self, path: PathLike, folder: Optional[OwnedFolder] = None) -> None:
        self.path = Path(path)
        self._folder = folder

    @property
    def html(self) -> str:
        """The page itself."""
        return self.path.read_text(encoding="utf-8")

    def save(self, path: PathLike) -> None:
        """Copies it."""
        shutil.copyfile(self.path, path)

    def _repr_html_(self) -> str:
        # In a frame of its own, so that neither page changes the other's styles.
        return f'<iframe srcdoc="{escape(self.html)}" style="width:100%;height:800px;border:0"></iframe>'

    def __repr__(self) -> str:
        return f"<Report {self.path}>"


def _names(names: Names) -> Optional[str]:
    listed = [names] if isinstance(names, str) else list(names)
    return ",".join(listed) if listed else None


def _file(recording: Source) -> Path:
    return recording.file() if isinstance(recording, Recording) else Path(recording)


@contextlib.contextmanager
def _kept(recording: Source, folder: Path, force: bool) -> Iterator[Path]:
    """The file of a recording; of one that is in no file that stays, a copy in the run's folder, which is removed again if there comes to be no run."""
    if not isinstance(recording, Recording):
        yield Path(recording)
        return
    if recording.path is not None and not recording.is_temporary:
        yield recording.path
        return
    file = folder / _RECORDING
    if (file.exists() or (folder / "config.yaml").exists()) and not force:
        raise InputError(f"{folder}: there is a run already; give another output, or force=True.")
    made = not folder.exists()
    recording.write(file)
    try:
        yield file
        recording.keep(file)
    except InputError:
        if not (folder / "model.h5").exists():
            file.unlink(missing_ok=True)
            if made:
                with contextlib.suppress(OSError):
                    folder.rmdir()
        raise
    except Interrupted:
        recording.keep(file)
        raise


@contextlib.contextmanager
def _interruptible(folder: Path) -> Iterator[None]:
    """Gives an interrupt the run that it interrupted."""
    try:
        yield
    except Interrupted as interrupted:
        if (folder / "checkpoint.h5").exists():
            interrupted.run = Run(folder)
        raise
