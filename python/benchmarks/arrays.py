"""What it costs to hand arrays to the program and take them back: 2,000 trials x 140 bins x 182 units.

    PYTHONPATH=src python benchmarks/arrays.py

Prints seconds of wall-clock time and of this process's own processor time; the program's own work is not in the latter.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from ilqr_vae import Posterior, Recording, _archive
from ilqr_vae.recording import open_archive


def timed(what, action):
    wall, processor = time.perf_counter(), time.process_time()
    result = action()
    print(f"{what:<72} {time.perf_counter() - wall:6.2f} s  ({time.process_time() - processor:5.2f} s here)")
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2000)
    trials = parser.parse_args().trials
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.1, size=(trials, 140, 182))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in (np.uint8, np.int64, np.float64):
            given = counts.astype(kind)
            recording = timed(f"from_arrays, {np.dtype(kind)}", lambda given=given: Recording.from_arrays(given, 0.005))
            del given
        timed("to .npz", lambda: recording.write(folder / "a.npz"))
        if _archive.has_h5py():
            import h5py

            def by_h5py():
                with h5py.File(folder / "a.h5", "w") as file:
                    for path, table in recording.archive.items():
                        file[path] = table.tolist() if table.dtype.kind == "U" else table

            timed("to .h5 by h5py, for comparison", by_h5py)
        timed("save as a dataset, by the program's import (with its own start)", lambda: recording.save(folder / "saved.h5"))
        timed("read a dataset's counts, by h5py or export", lambda: Recording.from_dataset(folder / "saved.h5")["spikes"].table.sum())
        # A posterior as infer writes it: six tables of real numbers of all bins.
        rows = trials * 140
        tables = {f"channels/spikes/{one}": np.ones((rows, 182)) for one in ("mean", "deviation", "predictive_deviation")}
        shared = {path: recording.archive[path] for path in ("trials/first_bin", "trials/bins", "trials/name", "trials/split")}
        states = {f"{one}/{two}": np.ones((rows, 20)) for one in ("states", "inputs") for two in ("mean", "deviation")}
        _archive.write_npz(folder / "p.npz", {**shared, **states, **tables}, {"/": {"format": "ilqr-vae posterior", "version": 1, "bin_width": 0.005}, "channels/spikes/mean": {"unit": "Hz", "hidden": 0}})
        print(f"posterior: {(folder / 'p.npz').stat().st_size / 1e9:.2f} GB")
        found = timed("open it", lambda: Posterior(folder / "p.npz"))
        timed("look at the rates of ten trials", lambda: sum(found["spikes"].mean[trial].sum() for trial in range(0, trials, max(1, trials // 10))))
        timed("all rates into memory", lambda: np.array(found["spikes"].mean.table))
        timed("all three tables of the units into memory", lambda: [np.array(found.archive[path]) for path in tables])
        if _archive.has_h5py():
            import h5py

            with h5py.File(folder / "p.h5", "w") as file:
                for path, table in tables.items():
                    file[path] = table
            timed("the same by h5py, for comparison", lambda: [open_archive(folder / "p.h5")[path] for path in tables])


if __name__ == "__main__":
    main()
