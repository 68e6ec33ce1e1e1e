"""Makes the small files of named arrays beside this one with scipy, numpy and h5py: run it in this folder. Spike j of unit u is at .05 (u + 1) + .25 j seconds; the count of unit u in
bin t of trial k is (3u + 5t + k) % 4; the value of row r is r + t / 8 + k."""
import h5py
import numpy as np
import scipy.io


def times(unit, first=0, last=40):
    return np.array([0.05 * (unit + 1) + 0.25 * j for j in range(first, last)])


def counts(k, units, bins):
    return np.array([[(3 * u + 5 * t + k) % 4 for t in range(bins)] for u in range(units)], dtype=float)


def values(k, rows, bins):
    return np.array([[r + t / 8 + k for t in range(bins)] for r in range(rows)])


def cell(*shape):
    return np.empty(shape, dtype=object)


# One list a unit, of another length each, and velocities with times of their own.
units = cell(4, 1)
for u in range(4):
    units[u, 0] = times(u, 0, 36 + u)[:, None]
clock = np.arange(0, 10, 0.01)
scipy.io.savemat("units.mat", {"spike_times": units, "vels": np.stack([clock, 2 * clock], 1), "vel_times": clock[:, None]}, do_compression=True)
for u in range(4):
    units[u, 0] = np.round(1000 * units[u, 0])
scipy.io.savemat("units_ms.mat", {"spike_times": units}, do_compression=True)

# Units x trials, each trial with a clock of its own from -.5 s on.
grid = cell(3, 5)
for u in range(3):
    for k in range(5):
        grid[u, k] = times(u, -2, 4 + k)[None]
scipy.io.savemat("grid.mat", {"spikes": grid, "condition": np.array([[1, 2, 1, 2, 1]])})
scipy.io.savemat("bare_grid.mat", {"spikes": grid})
for k in range(5):
    for u in range(3):
        grid[u, k] = 100 * k + times(u, 0, 6)[None]
scipy.io.savemat("one_clock.mat", {"spikes": grid})

# Structures of trials with lists of units, an event, a text and a truth.
trial = np.empty((1, 5), dtype=[(name, object) for name in ("spikes", "go", "kind", "good", "hand", "time")])
for k in range(5):
    lists = cell(1, 3)
    for u in range(3):
        lists[0, u] = times(u, 0, 8)
    trial[0, k] = (lists, 0.5 + 0.25 * k, "left" if k % 2 else "right", k != 3, values(k, 2, 40), np.arange(40) * 0.05)
scipy.io.savemat("nested.mat", {"trial": trial}, do_compression=True)

# Structures of units within structures of trials, times in milliseconds from each trial's start, a hand without times.
structures = np.empty((1, 5), dtype=[(name, object) for name in ("trialID", "timeGoCue", "unit", "HAND")])
for k in range(5):
    (inner, hand) = (np.empty((1, 3), dtype=[("spikeTimes", object)]), np.empty((1, 1), dtype=[("X", object)]))
    for u in range(3):
        inner[0, u] = (np.round(1000 * times(u, 0, 8 + k))[None],)
    hand[0, 0] = (values(k, 1, 1500 + k),)
    structures[0, k] = (float(k), 500.0 + 100 * k, inner, hand)
scipy.io.savemat("structures.mat", {"R": structures}, do_compression=True)

# TrialData: bins x units, events as numbers of bins from 1, a bin width.
data = np.empty((1, 6), dtype=[(name, object) for name in ("trial_id", "bin_size", "idx_go_cue", "result", "M1_spikes", "vel")])
for k in range(6):
    data[0, k] = (float(10 + k), 0.01, float(11 + k) if k != 2 else np.zeros((0, 0)), "R" if k % 3 else "F", counts(k, 5, 40 + k).T, values(k, 2, 40 + k).T)
scipy.io.savemat("trial_data.mat", {"trial_data": data}, do_compression=True)

# A session of reaches as TrialData holds them, of more trials and with targets: each unit prefers a direction.
reaches = np.empty((1, 24), dtype=[(name, object) for name in ("trial_id", "bin_size", "tgtDir", "idx_go_cue", "result", "M1_spikes", "vel")])
for k in range(24):
    (bins, go, angle) = (70 + k % 5, 20 + k % 3, k % 4 * np.pi / 2)
    speed = np.exp(-(((np.arange(bins) - go - 20) / 8.0) ** 2))
    drive = np.array([2 * speed * (1 + np.cos(angle - u * np.pi / 3)) for u in range(6)]).T + 0.4
    reaches[0, k] = (float(k + 1), 0.01, angle, float(go + 1), "F" if k % 8 == 7 else "R", np.diff(np.floor(np.cumsum(drive, 0)), axis=0, prepend=0).astype(np.uint8), 20 * np.stack([np.cos(angle) * speed, np.sin(angle) * speed], 1))
scipy.io.savemat("reaches.mat", {"trial_data": reaches}, do_compression=True)

# GPFA and its reduced sequences, BMI's two axes of trials, LFADS run manager.
dat = np.empty((1, 4), dtype=[("trialId", object), ("spikes", object)])
seq = np.empty((1, 4), dtype=[("trialId", object), ("T", object), ("y", object)])
for k in range(4):
    dat[0, k] = (float(k + 1), (counts(k, 5, 30 + k) > 2).astype(np.uint8))
    seq[0, k] = (float(k + 1), float(30 + k), counts(k, 5, 30 + k))
scipy.io.savemat("gpfa.mat", {"dat": dat})
scipy.io.savemat("seq.mat", {"seq": seq})
bmi = np.empty((3, 2), dtype=[("trialId", object), ("spikes", object), ("handPos", object)])
for k in range(6):
    bmi[k % 3, k // 3] = (float(k), counts(k, 5, 30 + k).astype(bool), values(k, 3, 30 + k))
scipy.io.savemat("bmi.mat", {"trial": bmi}, do_compression=True)
cube = np.stack([counts(k, 5, 20) for k in range(7)])
scipy.io.savemat("run_manager.mat", {"counts": cube, "timeVecMs": np.arange(20)[None] * 10.0, "conditionId": np.arange(7.0)[:, None] % 2, "externalInputs": np.stack([values(k, 2, 20) for k in range(7)])}, do_compression=True)
scipy.io.savemat("level4.mat", {"spikes": counts(0, 3, 20)}, format="4")

# Level 7.3 as MATLAB lays it out: channels x units of one session, structures of trials, empty cells, texts.
with h5py.File("session73.mat", "w", userblock_size=512) as f:
    pool = f.create_group("#refs#")

    def put(array, kind="double"):
        array = np.asarray(array)
        made = pool.create_dataset(f"r{len(pool)}", data=array if array.size else np.zeros(2, np.uint64))
        made.attrs["MATLAB_class"] = np.bytes_(kind)
        if not array.size:
            made.attrs["MATLAB_empty"] = np.uint8(1)
        return made.ref

    def refer(where, name, entries, kind=None):
        made = where.create_dataset(name, entries.shape[::-1], dtype=h5py.ref_dtype)
        if kind:
            made.attrs["MATLAB_class"] = np.bytes_(kind)
        for place in np.ndindex(entries.shape):
            made[place[::-1]] = entries[place]

    def text(word):
        return put(np.array([[ord(letter)] for letter in word], dtype=np.uint16), "char")

    spikes = cell(3, 2)
    for c in range(3):
        for u in range(2):
            spikes[c, u] = put(50 + times(c + 3 * u, 0, 280)[:, None].T if u < 1 or c < 2 else np.zeros(0))
    refer(f, "spikes", spikes, "cell")
    names = cell(3, 1)
    for c in range(3):
        names[c, 0] = text(f"M1 {c:03d}")
    refer(f, "chan_names", names, "cell")
    t = np.arange(50, 121, 0.05)
    for name, array in (("t", t[None]), ("cursor_pos", np.stack([t, -t]))):
        f[name] = array
        f[name].attrs["MATLAB_class"] = np.bytes_("double")
    group = f.create_group("trial")
    group.attrs["MATLAB_class"] = np.bytes_("struct")
    fields = {name: cell(4, 1) for name in ("counts", "start_time", "stop_time", "kind")}
    for k in range(4):
        fields["counts"][k, 0] = put(counts(k, 5, 20 + k).T.astype(np.uint8), "uint8")
        fields["start_time"][k, 0] = put([[52.0 + 15 * k]])
        fields["stop_time"][k, 0] = put([[62.0 + 15 * k]])
        fields["kind"][k, 0] = text("left" if k % 2 else "right")
    for name, entries in fields.items():
        refer(group, name, entries)
with open("session73.mat", "r+b") as f:
    f.write(b"MATLAB 7.3 MAT-file, made by make_arrays.py".ljust(124) + b"\x00\x02IM")

# NumPy: an archive of trials, spikes with their units, and an array of objects.
np.savez_compressed(
    "trials.npz", spikes=np.stack([counts(k, 5, 20).T for k in range(7)]).astype(np.uint8), time=np.arange(20) * 0.01, hand_vel=np.stack([values(k, 2, 20).T for k in range(7)]),
    condition=np.array(list("abababa")), unit_names=np.array([f"u{u}" for u in range(5)]))
everything = np.concatenate([times(u) for u in range(4)])
order = np.argsort(everything, kind="stable")
np.savez("sorted.npz", spike_times=everything[order], spike_clusters=np.repeat([2, 5, 7, 11], 40)[order])
np.save("objects.npy", np.array([np.arange(3), np.arange(4)], dtype=object), allow_pickle=True)
