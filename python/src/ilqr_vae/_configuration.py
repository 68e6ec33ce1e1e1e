"""Configurations: keywords to what ``train`` reads, and the complete ``config.yaml`` of a run back to a mapping."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, List, Mapping, Tuple

_TOP = ("seed", "precision", "extensions", "posterior", "model", "training", "data")
_MODEL = ("states", "inputs", "dynamics", "prior", "likelihoods")
_KINDS = ("dynamics", "prior")
_PATHS = ("start-from",)


def of_keywords(keywords: Mapping[str, Any]) -> Dict[str, Any]:
    """A configuration as nested mappings.

    Keys of the model and at the top are known by name, all others are of the training; underscores stand for hyphens.

    >>> of_keywords({"states": 8, "dynamics": "linear", "learning_rate": 0.01, "seed": 2})
    {'model': {'states': 8, 'dynamics': {'kind': 'linear'}}, 'training': {'learning-rate': 0.01}, 'seed': 2}
    """
    found: Dict[str, Any] = {}
    for keyword, value in keywords.items():
        if value is None:
            continue
        key = keyword.replace("_", "-")
        value = hyphenated(value)
        if key in _KINDS and isinstance(value, str):
            value = {"kind": value}
        if key in _MODEL:
            found.setdefault("model", {})[key] = value
        elif key in _TOP:
            found[key] = {**found[key], **value} if isinstance(found.get(key), dict) else value
        else:
            found.setdefault("training", {})[key] = value
    return found


def settings(keywords: Mapping[str, Any]) -> List[str]:
    """The same as ``KEY=VALUE`` for ``train --set``, on top of a configuration in a file.

    >>> settings({"states": 8, "dynamics": "linear", "learning_rate": 0.01, "hide": [{"kind": "end"}]})
    ['model.states=8', 'model.dynamics.kind="linear"', 'training.learning-rate=0.01', 'training.hide=[{"kind": "end"}]']
    """
    found: List[str] = []

    def add(path: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for key, one in value.items():
                add(f"{path}.{key}" if path else key, one)
        else:
            found.append(f"{path}={json.dumps(os.path.abspath(value) if path.split('.')[-1] in _PATHS and value else value)}")

    add("", of_keywords(keywords))
    return found


def hyphenated(value: Any) -> Any:
    """Keys with hyphens in place of underscores, and plain numbers in place of NumPy's."""
    if isinstance(value, Mapping):
        return {str(key).replace("_", "-"): hyphenated(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [hyphenated(one) for one in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value.item() if hasattr(value, "item") else value


def write(configuration: Mapping[str, Any], path: Path) -> None:
    """Writes a configuration. JSON is YAML. Paths in it are relative to the current folder and become absolute."""
    complete = {**configuration}
    for section, keys in (("training", _PATHS),):
        if isinstance(complete.get(section), Mapping):
            complete[section] = {key: os.path.abspath(value) if key in keys and value else value for key, value in complete[section].items()}
    if complete.get("extensions"):
        complete["extensions"] = [os.path.abspath(one) for one in complete["extensions"]]
    path.write_text(json.dumps(complete, indent=2), encoding="utf-8")


def read(text: str) -> Dict[str, Any]:
    """The complete configuration that the program wrote into a run. It writes one key a line, so that nothing else of YAML has to be known here.

    >>> read("data: \\"a.h5\\"\\nmodel:\\n  states: 6\\n  prior:\\n    kind: student\\n  likelihoods:\\n    - group: \\"x\\"\\n      link: exp\\ntraining:\\n  hide: []\\n  draws: 1\\n")
    {'data': 'a.h5', 'model': {'states': 6, 'prior': {'kind': 'student'}, 'likelihoods': [{'group': 'x', 'link': 'exp'}]}, 'training': {'hide': [], 'draws': 1}}
    """
    lines = [(len(line) - len(line.lstrip()), line.strip()) for line in text.splitlines() if line.strip()]
    found, _ = _mapping(lines, 0, 0)
    return found


def _mapping(lines: List[Tuple[int, str]], at: int, indentation: int) -> Tuple[Dict[str, Any], int]:
    found: Dict[str, Any] = {}
    while at < len(lines) and lines[at][0] == indentation and not lines[at][1].startswith("- "):
        key, _, value = lines[at][1].partition(":")
        at += 1
        if value.strip():
            found[key] = _scalar(value.strip())
        elif at < len(lines) and lines[at][0] > indentation and lines[at][1].startswith("- "):
            found[key], at = _list(lines, at, lines[at][0])
        elif at < len(lines) and lines[at][0] > indentation:
            found[key], at = _mapping(lines, at, lines[at][0])
        else:
            found[key] = None
    return found, at


def _list(lines: List[Tuple[int, str]], at: int, indentation: int) -> Tuple[List[Any], int]:
    found: List[Any] = []
    while at < len(lines) and lines[at][0] == indentation and lines[at][1].startswith("- "):
        lines[at] = (indentation + 2, lines[at][1][2:].strip())
        entry, at = _mapping(lines, at, indentation + 2)
        found.append(entry)
    return found, at


def _scalar(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
