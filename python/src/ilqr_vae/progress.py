"""How far the program is: on a terminal, in a notebook, or in the log."""

from __future__ import annotations

import json
import logging
import re
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional, TextIO

from .program import Watcher

__all__ = ["Display", "TrainingWatcher", "Callback"]

logger = logging.getLogger("ilqr_vae")

#: Called after every update of the parameters with its line of the history; True stops the training with its state saved.
Callback = Callable[[Dict[str, Any]], Optional[bool]]

# Lines that stand for a moment only: "iteration 25/500 ...", "inferred 3 of 20 trials", "training 12 %  ...".
_MOMENTARY = re.compile(r"^(iteration \d+/\d+ |inferred \d+ of \d+ trials|\w[\w ]* \d+ % )")


def in_notebook() -> bool:
    """Whether this is a notebook, whose outputs can be replaced."""
    shell = sys.modules.get("IPython")
    found = shell.get_ipython() if shell is not None and hasattr(shell, "get_ipython") else None
    return type(found).__name__ == "ZMQInteractiveShell"


class Display(Watcher):
    """Shows the program's progress in one line that is written over, and keeps its remarks.

    Args:
        shown: whether to show anything; remarks always go to the log ``ilqr_vae`` (level INFO).
        stream: where to, otherwise the error stream.
    """

    def __init__(self, shown: bool = True, stream: Optional[TextIO] = None) -> None:
        self._stream = stream or sys.stderr
        self._shown = shown
        self._live = shown and self._stream.isatty()
        self._handle: Any = None
        self._notebook = shown and stream is None and in_notebook()
        self._length = 0

    def remark(self, line: str) -> None:
        if _MOMENTARY.match(line):
            logger.debug(line)
            self.status(line)
            return
        logger.info(line)
        if self._shown:
            self._clear()
            print(line, file=self._stream, flush=True)

    def status(self, line: str) -> None:
        """Shows a line in place of the one before."""
        if self._notebook:
            from IPython.display import display

            content = {"text/plain": line}
            if self._handle is None:
                self._handle = display(content, raw=True, display_id=True)
            else:
                self._handle.update(content, raw=True)
        elif self._live:
            line = line[:118]
            self._stream.write("\r" + line.ljust(self._length))
            self._stream.flush()
            self._length = len(line)

    def close(self) -> None:
        self._clear()

    def _clear(self) -> None:
        if self._length:
            self._stream.write("\r" + " " * self._length + "\r")
            self._stream.flush()
            self._length = 0


class TrainingWatcher(Display):
    """Follows the history of a training while it is written, for its callbacks and its progress."""

    def __init__(self, history: Path, callbacks: Iterable[Callback], iterations: Optional[int], shown: bool) -> None:
        super().__init__(shown)
        self._path = history
        self._callbacks = list(callbacks)
        self._iterations = iterations
        self._old = history.read_text().splitlines() if history.exists() else []
        self._seen = set(self._old)
        self._before = _identity(history)
        self._position = 0
        self._rest = ""

    def tick(self) -> None:
        if _identity(self._path) in (None, self._before):
            return
        for line in self._new_lines():
            if line in self._seen:
                continue
            record = json.loads(line)
            for callback in self._callbacks:
                if callback(record):
                    self.stop = True
            self.status(self._describe(record))

    def _new_lines(self) -> List[str]:
        with open(self._path, encoding="utf-8") as file:
            file.seek(self._position)
            text = file.read()
            self._position = file.tell()
        *lines, self._rest = (self._rest + text).split("\n")
        return lines

    def _describe(self, record: Dict[str, Any]) -> str:
        total = f"/{self._iterations}" if self._iterations else ""
        validation = record.get("validation_loss")
        held = f"  validation {-validation:.4f}" if validation is not None else ""
        return f"iteration {record['iteration']}{total}  {-record['loss']:.4f} nats per entry{held}  {record['seconds']:.0f} s"


def _identity(path: Path) -> Any:
    """Tells a file from the one that was there before; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns
