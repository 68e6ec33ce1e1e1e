"""Finding the program ``ilqr-vae`` and calling it."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Union

from .errors import Interrupted, InputError, ProgramNotFound, RunFailed

__all__ = ["find_program", "version", "call", "call_json"]

logger = logging.getLogger("ilqr_vae")

Word = Union[str, "os.PathLike[str]"]

_IS_WINDOWS = sys.platform == "win32"
_INTERRUPTED = 130
_INTERVAL = 0.05


def find_program() -> List[str]:
    """The words that a command line begins with.

    Looked for in this order: the file that the environment variable ``ILQR_VAE_PROGRAM`` names (a program, or an ``ilqr-vae.dll``, which ``dotnet`` runs);
    the program inside this package, if it was installed from a wheel that has one; ``ilqr-vae`` on the path.

    Returns:
        For example ``["/usr/local/bin/ilqr-vae"]`` or ``["dotnet", "/opt/ilqr-vae/ilqr-vae.dll"]``.

    Raises:
        ProgramNotFound: there is none.
    """
    named = os.environ.get("ILQR_VAE_PROGRAM")
    if named:
        if not Path(named).is_file():
            raise ProgramNotFound(f"ILQR_VAE_PROGRAM names '{named}', where there is no file; give the path of ilqr-vae or ilqr-vae.dll.")
        return _words(named)
    bundled = Path(__file__).with_name("_program") / ("ilqr-vae.exe" if _IS_WINDOWS else "ilqr-vae")
    if bundled.is_file():
        if not os.access(bundled, os.X_OK):
            # Some installers drop the bits that make a file a program.
            bundled.chmod(0o755)
        return [str(bundled)]
    on_path = shutil.which("ilqr-vae")
    if on_path:
        return [on_path]
    raise ProgramNotFound(
        "there is no program ilqr-vae: this copy of the package was installed without one, and none is on the path. "
        "Install a wheel for your system, or name the program in the environment variable ILQR_VAE_PROGRAM.")


def _words(path: str) -> List[str]:
    if not path.lower().endswith(".dll"):
        return [path]
    dotnet = shutil.which("dotnet")
    if dotnet is None:
        raise ProgramNotFound(f"'{path}' needs the .NET runtime, and dotnet is not on the path; install it, or give the program itself.")
    return [dotnet, path]


def version() -> str:
    """The version of the program.

    >>> version().split(".")[0].isdigit()
    True
    """
    return call(["--version"]).splitlines()[0]


class Watcher:
    """What goes on while the program runs. The default says remarks to the log and nothing else."""

    #: Set to have the program save its state and stop, as Ctrl-C does.
    stop = False

    #: Whether the program was asked to stop by itself before it is done.
    may_stop = False

    def remark(self, line: str) -> None:
        """A line that the program wrote to its error stream."""
        logger.info(line)

    def tick(self) -> None:
        """Called some times a second, and once at the end."""

    def close(self) -> None:
        """Called at the end, however that comes."""


def options(given: Dict[str, Any]) -> List[str]:
    """Keywords as options of the command line.

    True is an option without a value; None and False are left out; lists are given several times; pairs of numbers are ranges; mappings are ``NAME=VALUE``.

    >>> options({"minimum_rate": 1, "window": (-0.25, 0.45), "values": {"hand": "vel:cm/s"}, "session_grid": True, "lag": None})
    ['--minimum-rate=1', '--window=-0.25..0.45', '--values=hand=vel:cm/s', '--session-grid']
    """
    words: List[str] = []
    for keyword, value in given.items():
        name = "--" + keyword.rstrip("_").replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            words.append(name)
        elif isinstance(value, dict):
            words += [f"{name}={one}={text(content)}" for one, content in value.items()]
        elif isinstance(value, tuple) and len(value) == 2 and all(isinstance(one, (int, float)) for one in value):
            words.append(f"{name}={text(value[0])}..{text(value[1])}")
        elif isinstance(value, (list, tuple, set, frozenset)):
            words += [f"{name}={text(one)}" for one in value]
        else:
            words.append(f"{name}={text(value)}")
    return words


def text(value: Any) -> str:
    """A value as the command line takes it: numbers with decimal points and all their digits."""
    if isinstance(value, os.PathLike):
        return str(os.fspath(value))
    if hasattr(value, "item"):
        value = value.item()
    return repr(value) if isinstance(value, float) else str(value)


def call_json(command: str, *arguments: Word, watcher: Optional[Watcher] = None, **keywords: Any) -> Dict[str, Any]:
    """Runs a command of the program with ``--json`` and gives what it prints, read.

    Any command can be called so: ``call_json("inspect", "data.h5")``; keywords are its options, with underscores for hyphens.

    Raises:
        InputError: the input is wrong.
        RunFailed: the program failed while running.
        Interrupted: Ctrl-C.
    """
    printed = call([command, *arguments, *options(keywords), "--json"], watcher)
    try:
        found: Dict[str, Any] = json.loads(printed)
    except ValueError:
        raise RunFailed(f"'ilqr-vae {command}' printed no JSON but: {printed[:200]!r}") from None
    return found


def call(arguments: Sequence[Word], watcher: Optional[Watcher] = None) -> str:
    """Runs the program and gives what it prints.

    Ctrl-C is passed on once: the program saves its state, stops, and :class:`Interrupted` is raised. A second Ctrl-C ends it at once.

    Args:
        arguments: the command line without the program.
        watcher: is told of remarks and of the time.
    """
    told_to = watcher or Watcher()
    words = [*find_program(), *(os.fspath(word) for word in arguments)]
    command = subprocess.list2cmdline(words)
    logger.debug(command)
    # In a group of its own the program does not see the terminal's Ctrl-C besides the one that is passed on: two would end it without saving.
    separate: Dict[str, Any] = {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)} if _IS_WINDOWS else {"start_new_session": True}
    try:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace", **separate)
    except OSError as error:
        raise ProgramNotFound(f"'{words[0]}' cannot be started ({error.strerror}); name another program in ILQR_VAE_PROGRAM.", command) from error
    lines: List[str] = []
    printed: List[str] = []
    queue: List[str] = []
    assert process.stdout is not None and process.stderr is not None
    readers = [_drain(process.stdout, printed.append), _drain(process.stderr, queue.append)]

    told = 0

    def attend(hold: int) -> None:
        """Tells of what is new; the last line may be the error, which is raised and not told."""
        nonlocal told
        while queue:
            line = queue.pop(0).rstrip()
            if line:
                lines.append(line)
        while told < len(lines) - hold:
            told_to.remark(lines[told])
            told += 1
        told_to.tick()

    interrupts, stopped = 0, False
    try:
        while True:
            try:
                while any(reader.is_alive() for reader in readers) or process.poll() is None:
                    attend(hold=1)
                    if told_to.stop and not stopped:
                        stopped = True
                        _interrupt(process, 1)
                    _wait(process, readers)
                attend(hold=0 if process.poll() == 0 else 1)
                break
            except KeyboardInterrupt:
                interrupts += 1
                _interrupt(process, interrupts)
    except BaseException:
        # A watcher failed: nothing is left running behind it.
        process.terminate()
        process.wait()
        raise
    finally:
        told_to.close()
    code = process.wait()
    message = lines[-1] if lines else f"the program ended with code {code} and said nothing."
    if (code == 0 and not interrupts) or (code == _INTERRUPTED and (stopped or told_to.may_stop) and not interrupts):
        return "".join(printed)
    if code == _INTERRUPTED or interrupts:
        raise Interrupted(message)
    if code == 2:
        raise InputError(message, command)
    raise RunFailed(message if code == 1 else f"the program was ended by signal {-code}." if code < 0 else f"{message} (code {code})", command)


def _wait(process: "subprocess.Popen[str]", readers: Iterable[threading.Thread]) -> None:
    """Waits a moment, and no longer than the program runs."""
    try:
        process.wait(_INTERVAL)
    except subprocess.TimeoutExpired:
        return
    for reader in readers:
        reader.join(_INTERVAL)


def _drain(stream: Any, take: Callable[[str], None]) -> threading.Thread:
    def read() -> None:
        with stream:
            for line in stream:
                take(line)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _interrupt(process: "subprocess.Popen[str]", times: int) -> None:
    if process.poll() is not None:
        return
    if times > 2:
        process.kill()
    elif _IS_WINDOWS:
        process.send_signal(getattr(signal, "CTRL_BREAK_EVENT"))
    else:
        process.send_signal(signal.SIGINT)
