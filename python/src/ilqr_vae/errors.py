"""What can go wrong, with the words of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from .runs import Run

__all__ = ["IlqrVaeError", "InputError", "RunFailed", "ProgramNotFound", "Interrupted"]


class IlqrVaeError(Exception):
    """Any error of this package.

    Attributes:
        command: the command line that the program was called with; empty where it was not called.
    """

    def __init__(self, message: str, command: str = "") -> None:
        super().__init__(message)
        self.command = command


class InputError(IlqrVaeError, ValueError):
    """Something that was given is wrong; the message says what, where, and how to mend it (exit code 2 of the program)."""


class RunFailed(IlqrVaeError, RuntimeError):
    """The program failed while running (exit code 1), or was ended from outside."""


class ProgramNotFound(IlqrVaeError, FileNotFoundError):
    """There is no program ``ilqr-vae`` to call; see :func:`ilqr_vae.find_program`."""

    def __str__(self) -> str:
        return str(self.args[0])


class Interrupted(KeyboardInterrupt):
    """Ctrl-C: the program has saved its state and stopped (exit code 130).

    It is a ``KeyboardInterrupt``, so that ``except Exception`` does not swallow it.

    Attributes:
        run: the run that was being trained, to go on with ``error.run.resume()``; None where nothing was being trained.
    """

    def __init__(self, message: str, run: Optional["Run"] = None) -> None:
        super().__init__(message)
        self.run = run
