"""What was learned, as functions of NumPy arrays: the steps of the latent system, its linearisations and fixed points, and its read-outs.

The equations are those of the program (docs/model-format.md, docs/configuration.md); the tests compare every one with what the program itself computes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

import numpy as np

from .errors import InputError

__all__ = ["Dynamics", "FixedPoints", "ReadOut"]

_Array = Any
_Step = Callable[[Mapping[str, _Array], _Array, _Array], Tuple[_Array, Callable[[], Tuple[_Array, _Array]]]]


@dataclass(frozen=True)
class FixedPoints:
    """States that the system does not leave, f(z, u) = z.

    Attributes:
        states: points x states.
        speeds: |f(z, u) - z| of each point; 0 but for rounding.
        eigenvalues: points x states, those of df/dz there.
    """

    states: _Array
    speeds: _Array
    eigenvalues: _Array

    @property
    def stable(self) -> _Array:
        """Whether all eigenvalues of a point lie within the unit circle."""
        return np.abs(self.eigenvalues).max(axis=1) < 1

    def time_constants(self, bin_width: float) -> _Array:
        """-bin width / log |eigenvalue|, in seconds: how long a perturbation lasts; negative where it grows.

        Args:
            bin_width: width of a bin, in seconds.
        """
        with np.errstate(divide="ignore"):
            return -bin_width / np.log(np.abs(self.eigenvalues))

    def __len__(self) -> int:
        return len(self.states)


class Dynamics:
    """The latent system z' = f(z, u, x) of a run, one step a bin.

    Attributes:
        kind: ``linear``, ``mini-gru``, ``mgu``, ``rnn`` or ``residual-mlp``.
        states: how many states there are; with autoregressive inputs the last of them are the inputs of the step before.
        inputs: how many inferred inputs there are (with autoregressive inputs these are the innovations).
        external: how many known inputs there are.
    """

    def __init__(self, kind: str, parameters: Mapping[str, _Array], input_inside_candidate: bool = False) -> None:
        if kind not in _STEPS:
            raise InputError(f"dynamics '{kind}' are not built in, so that their equations are known to the program alone; infer and evaluate work with them.")
        self.kind = kind
        self._inside = input_inside_candidate
        self._p = {name[len("dynamics."):]: np.asarray(value, dtype=np.float64) for name, value in parameters.items() if name.startswith("dynamics.")}
        self._memory = np.asarray(parameters["prior.coefficient"], dtype=np.float64)[0] if "prior.coefficient" in parameters else None
        square = self._p[_SQUARE[kind]]
        drive = self._p["W" if kind in ("mini-gru", "mgu") else "B"]
        self._system = square.shape[0]
        self.inputs = drive.shape[1]
        self.external = self._p["E"].shape[1] if "E" in self._p else 0
        self.states = self._system + (self.inputs if self._memory is not None else 0)

    def step(self, states: _Array, inputs: Optional[_Array] = None, external: Optional[_Array] = None) -> _Array:
        """The states a bin later.

        Args:
            states: ... x states; all axes in front are taken one by one.
            inputs: ... x inputs; 0 where they are left out.
            external: ... x known inputs; 0 where they are left out.

        Returns:
            ... x states.
        """
        return self._advance(states, inputs, external)[0]

    def run(self, state: _Array, inputs: _Array, external: Optional[_Array] = None) -> _Array:
        """States of bins x inputs from a first state: (bins + 1) x states."""
        path = [np.asarray(state, dtype=np.float64)]
        for bin_, drive in enumerate(np.asarray(inputs, dtype=np.float64)):
            path.append(self.step(path[-1], drive, None if external is None else np.asarray(external)[bin_]))
        return np.stack(path)

    def linearise(self, states: _Array, inputs: Optional[_Array] = None, external: Optional[_Array] = None) -> Tuple[_Array, _Array]:
        """Derivatives of a step: df/dz, ... x states x states, and df/du, ... x states x inputs."""
        _, derivatives = self._advance(states, inputs, external)
        return derivatives()

    linearize = linearise

    def fixed_points(self, starts: _Array, inputs: Optional[_Array] = None, external: Optional[_Array] = None, *, tolerance: float = 1e-9, iterations: int = 200,
                     distance: float = 1e-3) -> FixedPoints:
        """Fixed points under constant inputs, by damped Newton steps from each start.

        Args:
            starts: points x states, such as states of a posterior: ``posterior.states.mean.table[::20]``.
            inputs: the constant inputs; 0 where they are left out.
            external: the constant known inputs.
            tolerance: largest \\|f(z) - z\\| of what counts as a fixed point.
            iterations: limit of the steps of each start.
            distance: points nearer to each other than this, in units of the starts' spread, are one.

        Returns:
            Each point once, the slowest to be left first; starts that lead to none are left out.
        """
        points = np.atleast_2d(np.asarray(starts, dtype=np.float64)).copy()
        if points.shape[1] != self.states:
            raise InputError(f"starts have {points.shape[1]} columns where the system has {self.states} states.")
        identity = np.eye(self.states)
        damping = np.full(len(points), 1e-3)
        residual = self.step(points, inputs, external) - points
        for _ in range(iterations):
            speed = np.linalg.norm(residual, axis=1)
            going = (speed > 0.01 * tolerance) & np.isfinite(speed) & (damping < 1e12)
            if not going.any():
                break
            here = points[going]
            slope = self.linearise(here, inputs, external)[0] - identity
            transposed = np.swapaxes(slope, 1, 2)
            normal = transposed @ slope
            scale = damping[going][:, None, None] * (np.trace(normal, axis1=1, axis2=2)[:, None, None] / self.states + 1e-12)
            move = -np.linalg.solve(normal + scale * identity, transposed @ residual[going][:, :, None])[:, :, 0]
            trial = here + move
            found = self.step(trial, inputs, external) - trial
            better = np.linalg.norm(found, axis=1) < speed[going]
            which = np.flatnonzero(going)
            points[which[better]], residual[which[better]] = trial[better], found[better]
            damping[which[better]] *= 0.1
            damping[which[~better]] *= 10
        speed = np.linalg.norm(residual, axis=1)
        reached = points[speed <= tolerance]
        speeds = speed[speed <= tolerance]
        order = np.argsort(speeds, kind="stable")
        radius = distance * max(float(np.std(np.asarray(starts, dtype=np.float64))), 1e-12)
        kept: "list[int]" = []
        for number in order:
            if all(np.linalg.norm(reached[number] - reached[other]) > radius for other in kept):
                kept.append(int(number))
        states = reached[kept].reshape(-1, self.states)
        eigenvalues = np.linalg.eigvals(self.linearise(states, inputs, external)[0]) if len(states) else np.zeros((0, self.states), complex)
        eigenvalues = np.take_along_axis(eigenvalues, np.argsort(-np.abs(eigenvalues), axis=1), axis=1)
        slowest = np.argsort(np.abs(eigenvalues[:, 0]), kind="stable") if len(states) else np.zeros(0, int)
        return FixedPoints(states[slowest], speeds[kept][slowest], eigenvalues[slowest])

    def _advance(self, states: _Array, inputs: Optional[_Array], external: Optional[_Array]) -> Tuple[_Array, Callable[[], Tuple[_Array, _Array]]]:
        z = np.asarray(states, dtype=np.float64)
        if z.shape[-1] != self.states:
            raise InputError(f"states have {z.shape[-1]} columns where the system has {self.states}.")
        u = np.zeros((*z.shape[:-1], self.inputs)) if inputs is None else np.asarray(inputs, dtype=np.float64)
        x = None if external is None else np.asarray(external, dtype=np.float64)
        if u.shape[-1] != self.inputs or (x is not None and x.shape[-1] != self.external):
            raise InputError(f"inputs have {u.shape[-1]} columns where the system has {self.inputs}{'' if x is None else f', known inputs {x.shape[-1]} where it has {self.external}'}.")
        parameters: Dict[str, Any] = {**self._p, "inside": self._inside}
        if x is not None and self.external:
            parameters["x"] = x @ self._p["E"].T
            if "Ef" in self._p:
                parameters["xf"] = x @ self._p["Ef"].T
        if self._memory is None:
            return _STEPS[self.kind](parameters, z, u)
        system, memory = z[..., : self._system], z[..., self._system:]
        drive = self._memory * memory + u
        following, inner = _STEPS[self.kind](parameters, system, drive)

        def derivatives() -> Tuple[_Array, _Array]:
            a, b = inner()
            n, m = self._system, self.inputs
            whole = np.zeros((*a.shape[:-2], n + m, n + m))
            whole[..., :n, :n], whole[..., :n, n:] = a, b * self._memory
            whole[..., n:, n:] = np.diag(self._memory)
            enters = np.zeros((*a.shape[:-2], n + m, m))
            enters[..., :n, :], enters[..., n:, :] = b, np.eye(m)
            return whole, enters

        return np.concatenate([following, np.broadcast_to(drive, (*following.shape[:-1], self.inputs))], axis=-1), derivatives

    def __repr__(self) -> str:
        return f"<{self.kind} dynamics: {self.states} states, {self.inputs} inputs{f', {self.external} known inputs' if self.external else ''}>"


def _like(matrix: _Array, z: _Array) -> _Array:
    """The same matrix for all axes in front of the states."""
    return np.broadcast_to(matrix, (*z.shape[:-1], *matrix.shape))


def _linear(p: Mapping[str, _Array], z: _Array, u: _Array) -> Tuple[_Array, Callable[[], Tuple[_Array, _Array]]]:
    """z' = A z + B u + E x"""
    return z @ p["A"].T + u @ p["B"].T + p.get("x", 0), lambda: (_like(p["A"], z), _like(p["B"], z))


def _rnn(p: Mapping[str, _Array], z: _Array, u: _Array) -> Tuple[_Array, Callable[[], Tuple[_Array, _Array]]]:
    """z' = A tanh(z) + B u + E x + b"""
    activity = np.tanh(z)
    return activity @ p["A"].T + u @ p["B"].T + p.get("x", 0) + p["b"][0], lambda: (p["A"] * (1 - activity**2)[..., None, :], _like(p["B"], z))


def _residual(p: Mapping[str, _Array], z: _Array, u: _Array) -> Tuple[_Array, Callable[[], Tuple[_Array, _Array]]]:
    """z' = A0 z + A2 tanh(A1 z + b1) + b2 + B u + E x"""
    hidden = np.tanh(z @ p["A1"].T + p["b1"][0])
    following = z @ p["A0"].T + hidden @ p["A2"].T + p["b2"][0] + u @ p["B"].T + p.get("x", 0)
    return following, lambda: (p["A0"] + (p["A2"] * (1 - hidden**2)[..., None, :]) @ p["A1"], _like(p["B"], z))


def _gated(p: Mapping[str, _Array], z: _Array, u: _Array) -> Tuple[_Array, Callable[[], Tuple[_Array, _Array]]]:
    """gate = sigmoid(Uf z + bf [+ Wf u + Ef x]); z' = (1 - gate) z + gate candidate, with g(y) = (y + sqrt(y^2 + 4)) / 2 - 1 in the candidate"""
    has_gate_input = "Wf" in p
    inside = bool(p["inside"]) or has_gate_input
    gate_argument = z @ p["Uf"].T + p["bf"][0]
    if has_gate_input:
        gate_argument = gate_argument + u @ p["Wf"].T + p.get("xf", 0)
    gate = 0.5 * (1 + np.tanh(0.5 * gate_argument))
    drive = u @ p["W"].T + p.get("x", 0)
    pre = (gate * z) @ p["Uh"].T + p["bh"][0]
    y = pre + drive if inside else pre
    root = np.sqrt(y**2 + 4)
    candidate = (y + root) / 2 - 1 + (0 if inside else drive)
    error = candidate - z

    def derivatives() -> Tuple[_Array, _Array]:
        slope = (0.5 * (1 + y / root))[..., None]
        gate_slope = (gate * (1 - gate))[..., None]
        gate_by_state = gate_slope * p["Uf"]
        identity = np.eye(z.shape[-1])
        gated_by_state = gate[..., None] * identity + z[..., None] * gate_by_state
        by_state = (1 - gate)[..., None] * identity + error[..., None] * gate_by_state + gate[..., None] * slope * (p["Uh"] @ gated_by_state)
        if has_gate_input:
            gate_by_input = gate_slope * p["Wf"]
            inner = p["Uh"] @ (z[..., None] * gate_by_input) + p["W"]
            return by_state, error[..., None] * gate_by_input + gate[..., None] * slope * inner
        return by_state, gate[..., None] * (slope if inside else 1) * p["W"]

    return z + gate * error, derivatives


_STEPS: Dict[str, _Step] = {"linear": _linear, "mini-gru": _gated, "mgu": _gated, "rnn": _rnn, "residual-mlp": _residual}
_SQUARE = {"linear": "A", "mini-gru": "Uf", "mgu": "Uf", "rnn": "A", "residual-mlp": "A0"}


class ReadOut:
    """From states to the rates (in Hz) or values of a group: activation C z + d, a link, and a gain.

    Attributes:
        group: the group's name.
        link: ``exp``, ``softplus`` or ``soft-relu`` of counts; empty for values.
        weights: C, channels x states.
        bias: d, channels.
    """

    def __init__(self, group: str, link: str, parameters: Mapping[str, _Array]) -> None:
        if link not in _LINKS:
            raise InputError(f"the link '{link}' of '{group}' is not built in, so that it is known to the program alone.")
        self.group, self.link = group, link
        self.weights = np.asarray(parameters[f"likelihood.{group}.C"], dtype=np.float64)
        self.bias = np.asarray(parameters[f"likelihood.{group}.d"], dtype=np.float64)[0]
        gain = parameters.get(f"likelihood.{group}.gain")
        self.gain = np.ones(len(self.bias)) if gain is None else np.asarray(gain, dtype=np.float64)[0]

    def activations(self, states: _Array) -> _Array:
        """C z + d of states (... x states): ... x channels."""
        z = np.asarray(states, dtype=np.float64)
        return z[..., : self.weights.shape[1]] @ self.weights.T + self.bias

    def __call__(self, states: _Array) -> _Array:
        """Rates in Hz, or values in their unit, at given states (... x states): ... x channels.

        That of the posterior's mean state is not the posterior's mean rate, which is E[rate].
        """
        return self.gain * _LINKS[self.link](self.activations(states))


def _softplus(a: _Array) -> _Array:
    return np.logaddexp(0, a)


def _soft_relu(a: _Array) -> _Array:
    root = np.sqrt(a**2 + 4)
    return np.where(a >= 0, (a + root) / 2, 2 / (root - a))


_LINKS: Dict[str, Callable[[_Array], _Array]] = {"": lambda a: a, "exp": np.exp, "softplus": _softplus, "soft-relu": _soft_relu}
