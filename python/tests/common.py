"""What the tests share: a small recording with a latent oscillation, and models of it, each trained once."""

import atexit
import functools
import tempfile
import unittest
from pathlib import Path

import numpy as np

import ilqr_vae

BIN_WIDTH = 0.02
TRIALS, BINS, UNITS = 12, 30, 7
KINDS = {
    "linear": "linear",
    "mini-gru": "mini-gru",
    "inside": {"kind": "mini-gru", "input_inside_candidate": True},
    "mgu": "mgu",
    "rnn": "rnn",
    "residual-mlp": {"kind": "residual-mlp", "hidden": 5},
}

_folder = tempfile.TemporaryDirectory(prefix="ilqr-vae-tests-")
atexit.register(_folder.cleanup)


def scratch(name: str) -> Path:
    """A path in a folder that is removed at the end."""
    return Path(_folder.name) / name


@functools.lru_cache(maxsize=None)
def arrays():
    """Counts, velocity and external inputs of the example: trials x bins x columns. No two axes have one length."""
    rng = np.random.default_rng(5)
    phase = rng.uniform(0, 2 * np.pi, TRIALS)[:, None] + 0.35 * np.arange(BINS)
    latent = np.stack([np.cos(phase), np.sin(phase)], axis=-1)
    # Units differ in their means, so that a permutation shows.
    weights = rng.normal(size=(2, UNITS))
    counts = rng.poisson(np.exp(latent @ weights * 0.7 + np.linspace(-2, 0.5, UNITS)))
    velocity = latent @ np.array([[3.0, 0.2], [-0.4, 2.0]]) + 0.1 * rng.normal(size=latent.shape)
    return counts, velocity, rng.normal(size=(TRIALS, BINS, 1))


@functools.lru_cache(maxsize=None)
def recording(external=False):
    """The example; of its 12 trials 8 train, 1 validates, 3 test."""
    counts, velocity, stimulus = arrays()
    return ilqr_vae.Recording.from_arrays(
        {"spikes": counts, "velocity": velocity}, BIN_WIDTH, units={"velocity": "cm/s"}, external=stimulus if external else None,
        external_names=["light"] if external else None, splits=["train"] * 4 + ["validation"] + ["train"] * 4 + ["test"] * 3)


def trained(kind="mini-gru", external=False, autoregressive=False, link="exp", iterations=4):
    """A model of the example, hardly trained."""
    return _trained(kind, external, autoregressive, link, iterations)


@functools.lru_cache(maxsize=None)
def _trained(kind, external, autoregressive, link, iterations):
    likelihoods = [{"group": "spikes", "link": link, **({"gain": True} if link != "exp" else {})}, {"group": "velocity"}]
    return ilqr_vae.train(
        recording(external), states=4, inputs=2, dynamics=KINDS[kind], prior={"kind": "student", "autoregressive": autoregressive}, likelihoods=likelihoods,
        iterations=iterations, progress=False, output=scratch(f"{kind}-{external}-{autoregressive}-{link}-{iterations}"))


@functools.lru_cache(maxsize=None)
def posterior():
    """What the usual model infers of the test trials, behaviour hidden."""
    return trained().infer(recording(), split="test", hide="velocity", draws=3, intervals=True, progress=False)


def needs(module):
    """Skips a test where a package is absent."""
    try:
        __import__(module)
    except ImportError:
        return unittest.skip(f"there is no {module} here")
    return lambda test: test
