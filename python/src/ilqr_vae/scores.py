"""Scores, as ``ilqr-vae evaluate --json`` gives them."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Mapping, Tuple

from ._html import table

__all__ = ["Scores"]


class Scores(Mapping[str, Any]):
    """A tree of scores, defined in docs/evaluation.md; branches are read by name, as attributes or by path.

    >>> scores = Scores({"elbo": -0.2, "groups": {"velocity": {"r2": 0.87}}})
    >>> scores.elbo, scores.groups.velocity.r2, scores["groups.velocity.r2"]
    (-0.2, 0.87, 0.87)
    >>> scores.flat()
    {'elbo': -0.2, 'groups.velocity.r2': 0.87}
    """

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self._tree = dict(tree)

    def __getitem__(self, path: str) -> Any:
        if path in self._tree:
            found = self._tree[path]
            return Scores(found) if isinstance(found, dict) else found
        # Names of groups may have dots themselves: the longest first.
        for cut in sorted((number for number, letter in enumerate(path) if letter == "."), reverse=True):
            if isinstance(self._tree.get(path[:cut]), dict):
                try:
                    return Scores(self._tree[path[:cut]])[path[cut + 1:]]
                except KeyError:
                    continue
        raise KeyError(f"{path}; there are {', '.join(self._tree)}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(str(error)) from None

    def __dir__(self) -> "list[str]":
        return [*super().__dir__(), *self._tree]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tree)

    def __len__(self) -> int:
        return len(self._tree)

    def flat(self) -> Dict[str, Any]:
        """All scores by their paths."""
        return dict(_leaves(self._tree))

    def to_dict(self) -> Dict[str, Any]:
        """The tree itself."""
        return self._tree

    def __repr__(self) -> str:
        return "\n".join(f"{path:<48} {_words(value)}" for path, value in self.flat().items())

    def _repr_html_(self) -> str:
        return table(["score", "value"], ([path, _words(value)] for path, value in self.flat().items()))


def _leaves(tree: Mapping[str, Any], path: str = "") -> Iterator[Tuple[str, Any]]:
    for name, value in tree.items():
        at = f"{path}.{name}" if path else name
        if isinstance(value, dict):
            yield from _leaves(value, at)
        else:
            yield at, value


def _words(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list) and len(value) > 8:
        return f"{len(value)} entries"
    return "" if value is None else str(value)
