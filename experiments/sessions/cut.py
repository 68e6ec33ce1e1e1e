"""Cuts a simulated maze into four sessions of 45 neurons and a quarter of the trials each: a.h5, b.h5, c.h5, d.h5; and complete.h5, in which every neuron was seen in every trial."""
import h5py
import numpy as np

NAMES, NEURONS, HELD_OUT = "abcd", 45, 11
HELD = [((2 * i + 1) * NEURONS) // (2 * HELD_OUT) for i in range(HELD_OUT)]
KEPT = [i for i in range(NEURONS) if i not in HELD]


def write_counts(out, group, counts, order):
    table = out.create_dataset(f"channels/{group}/values", data=counts)
    table.attrs["kind"], table.attrs["unit"], table.attrs["order"] = "counts", "", order


def begin(path, source, trials):
    out = h5py.File(path, "w")
    out.attrs["format"], out.attrs["version"] = "ilqr-vae dataset", 1
    out.attrs["bin_width"], out.attrs["source"] = source.attrs["bin_width"], source.attrs["source"]
    bins = source["trials/bins"][:][trials]
    out["trials/bins"], out["trials/first_bin"] = bins, np.concatenate([[0], np.cumsum(bins)[:-1]])
    text = h5py.string_dtype()
    return out, text


def rows_of(source, trials):
    first, bins = source["trials/first_bin"][:], source["trials/bins"][:]
    return np.concatenate([np.arange(first[t], first[t] + bins[t]) for t in trials])


def add_velocity(out, source, rows, order):
    table = out.create_dataset("channels/velocity/values", data=source["channels/velocity/values"][:][rows])
    table.attrs["kind"], table.attrs["unit"], table.attrs["order"] = "values", "m/s", order


with h5py.File("maze.h5") as source:
    count = len(source["trials/bins"])
    splits = [s if isinstance(s, str) else s.decode() for s in source["trials/split"][:]]
    spikes, rates = source["channels/spikes/values"][:], source["truth/rates"][:]
    for s, name in enumerate(NAMES):
        trials = list(range(s, count, 4))
        rows = rows_of(source, trials)
        out, text = begin(f"{name}.h5", source, trials)
        out.create_dataset("trials/name", data=[f"{t}" for t in trials], dtype=text)
        out.create_dataset("trials/split", data=[splits[t] for t in trials], dtype=text)
        for order, (group, channels) in enumerate([("spikes", KEPT), ("held-out", HELD)]):
            columns = [NEURONS * s + c for c in channels]
            write_counts(out, group, spikes[rows][:, columns], order)
            out[f"truth/rates.{group}"] = rates[rows][:, columns]
        add_velocity(out, source, rows, 2)
        out.close()

    trials = [t for s in range(4) for t in range(s, count, 4)]
    rows = rows_of(source, trials)
    out, text = begin("complete.h5", source, trials)
    out.create_dataset("trials/name", data=[f"{NAMES[t % 4]}/{t}" for t in trials], dtype=text)
    out.create_dataset("trials/split", data=[splits[t] for t in trials], dtype=text)
    out.create_dataset("trials/session", data=[NAMES[t % 4] for t in trials], dtype=text)
    for s, name in enumerate(NAMES):
        for order, (group, channels) in enumerate([("spikes", KEPT), ("held-out", HELD)]):
            columns = [NEURONS * s + c for c in channels]
            write_counts(out, f"{group}@{name}", spikes[rows][:, columns], 3 * s + order)
            out[f"truth/rates.{group}@{name}"] = rates[rows][:, columns]
    add_velocity(out, source, rows, 20)
    out.close()
