"""iLQR-VAE: latent dynamical systems, and the inputs that drive them, from neural and behavioural recordings.

Everything is computed by the program ``ilqr-vae``; this package hands it arrays and takes them back.

    import ilqr_vae

    recording = ilqr_vae.Recording.from_arrays(counts, bin_width=0.01)      # trials x bins x units
    run = ilqr_vae.fit(recording, minutes=10)
    posterior = run.infer(recording, split="test")
    posterior["spikes"].mean[0]                                             # rates of the first trial, bins x units, in Hz
"""

from .dynamics import Dynamics, FixedPoints, ReadOut
from .errors import IlqrVaeError, InputError, Interrupted, ProgramNotFound, RunFailed
from .estimator import IlqrVae
from .posterior import ChannelEstimate, Estimate, Posterior, Samples
from .program import call_json, find_program, version
from .recording import Group, Recording
from .runs import Figure, Report, Run, fit, inspect, train
from .scores import Scores
from .trials import ByTrial

__version__ = "0.1.0"

__all__ = [
    "Recording", "Group", "fit", "train", "Run", "Posterior", "Estimate", "ChannelEstimate", "Samples", "Scores", "Dynamics", "FixedPoints", "ReadOut", "ByTrial",
    "IlqrVae", "Figure", "Report", "inspect", "call_json", "find_program", "version", "IlqrVaeError", "InputError", "RunFailed", "Interrupted", "ProgramNotFound",
]
