"""Makes the small files beside this one with scipy and h5py: run it in this folder. The tests compare what is read with the numbers written here."""
import h5py
import numpy as np
import scipy.io
import scipy.sparse

# MATLAB level 5: every class, a structure, an array of structures, cells, text, and what is not read.
cells = np.empty((1, 2), dtype=object)
cells[0, 0] = np.array([[1.5, 2.5, 3.5]])
cells[0, 1] = np.zeros((0, 0))
people = np.array([[(1.0, "a"), (2.0, "b")]], dtype=[("age", object), ("tag", object)])
variables = {
    "spikes": np.arange(12, dtype=np.uint8).reshape(3, 4),
    "real": np.array([[1.25, -2.5], [np.nan, 1e300]]),
    "one": np.float32([[0.5, -0.25]]),
    "a8": np.int8([[-128, 127]]),
    "a16": np.int16([[-32768, 32767]]),
    "u16": np.uint16([[65535]]),
    "a32": np.int32([[-2147483648]]),
    "u32": np.uint32([[4294967295]]),
    "a64": np.int64([[-4294967296]]),
    "u64": np.uint64([[4294967296]]),
    "yes": np.array([[True, False]]),
    "text": "hand velocity",
    "cube": np.arange(24.0).reshape(2, 3, 4),
    "session": {"rate": 20.0, "inner": {"name": "M1", "x": np.array([[7.0, 8.0]])}},
    "people": people,
    "cells": cells,
    "complex": np.array([[1 + 2j]]),
    "sparse": scipy.sparse.csc_matrix(np.eye(3)),
    "none": np.zeros((0, 3)),
}
scipy.io.savemat("compressed.mat", variables, do_compression=True)
scipy.io.savemat("plain.mat", variables, do_compression=False)

# MATLAB level 7.3 as MATLAB lays it out: a header of 512 bytes, axes reversed, structures as groups, cells as references.
with h5py.File("v73.mat", "w", userblock_size=512) as f:
    def put(where, name, values, kind):
        where.create_dataset(name, data=values).attrs["MATLAB_class"] = np.bytes_(kind)
        return where[name]

    put(f, "spikes", np.arange(12, dtype=np.uint8).reshape(3, 4).T, "uint8")
    put(f, "text", np.array([[ord(c)] for c in "hand"], dtype=np.uint16), "char")
    put(f, "none", np.array([0, 3], dtype=np.uint64), "double").attrs["MATLAB_empty"] = np.uint8(1)
    session = f.create_group("session")
    session.attrs["MATLAB_class"] = np.bytes_("struct")
    put(session, "rate", np.array([[20.0]]), "double")
    pool = f.create_group("#refs#")
    put(pool, "a", np.array([[1.0]]), "double")
    references = f.create_dataset("cells", (1, 1), dtype=h5py.ref_dtype)
    references[0, 0] = pool["a"].ref
    references.attrs["MATLAB_class"] = np.bytes_("cell")
    put(f, "complex", np.array([[(1.0, 2.0)]], dtype=[("real", "f8"), ("imag", "f8")]), "double")
with open("v73.mat", "r+b") as f:
    f.write(b"MATLAB 7.3 MAT-file, made by make_files.py".ljust(124) + b"\x00\x02IM")

# A dataset file as a user of h5py would write it: other integer types, a Boolean mask, gzip, fixed-length texts, and a table to refuse.
with h5py.File("h5py_dataset.h5", "w") as f:
    f.attrs["format"] = "ilqr-vae dataset"
    f.attrs["version"] = 1
    f.attrs["bin_width"] = np.float32(0.25)
    f["trials/first_bin"] = np.array([0, 3], dtype=np.int32)
    f["trials/bins"] = np.array([3, 2], dtype=np.uint16)
    f["trials/name"] = np.array([b"one", b"two"])
    f["trials/split"] = ["train", "test"]
    counts = f.create_dataset("channels/spikes/values", data=np.arange(10).reshape(5, 2), compression="gzip", chunks=(2, 2))
    counts.attrs["kind"] = "counts"
    observed = np.ones((5, 2), dtype=bool)
    observed[4, 1] = False
    f["channels/spikes/observed"] = observed
    velocity = f.create_dataset("channels/velocity/values", data=np.linspace(0, 1, 5).reshape(5, 1))
    velocity.attrs["kind"] = "values"
    velocity.attrs["unit"] = "m/s"
    f["truth/states"] = np.arange(15, dtype=np.float32).reshape(5, 3)
    f["big_endian"] = np.arange(3, dtype=">f8")

# Sessions and trials as they come from laboratories, small: the count of unit u in bin t of trial k is (3u + 5t + k) % 4, the value of row r is r + t / 8 + k.
def counts(k, units, bins):
    return np.array([[(3 * u + 5 * t + k) % 4 for t in range(bins)] for u in range(units)], dtype=float)

def values(k, rows, bins):
    return np.array([[r + t / 8 + k for t in range(bins)] for r in range(rows)])

lengths = [12, 20, 16, 11, 30, 14]
trial = np.empty((3, 2), dtype=[("spikes", object), ("hand", object), ("id", object)])
for k, bins in enumerate(lengths):
    trial[k % 3, k // 3] = (counts(k, 5, bins), values(k, 2, bins), np.array([[float(k)]]))
cells = np.empty((1, 6), dtype=object)
for k, bins in enumerate(lengths):
    cells[0, k] = counts(k, 5, bins).T
padded = np.full((6, 30, 5), np.nan)
for k, bins in enumerate(lengths):
    padded[k, :bins] = counts(k, 5, bins).T
scipy.io.savemat("trials.mat", {"trial": trial, "cells": cells, "padded": padded}, do_compression=True)
time = np.arange(40) * 0.01
scipy.io.savemat("session.mat", {
    "wide": counts(0, 60, 40).T.astype(np.uint8),
    "square": counts(0, 40, 40).astype(np.uint8),
    "sparse": scipy.sparse.csc_matrix(counts(0, 5, 40)),
    "rates": counts(0, 5, 40) / 0.01 * (1 - 1e-14),
    "rounded": counts(0, 5, 40) * (1 - 1e-9),
    "dff": values(0, 3, 40) - 2,
    "time": time,
    "pausing": time + 5 * (np.arange(40) >= 25),
    "complex": np.ones((5, 40)) * 1j,
}, do_compression=True)
scipy.io.savemat("unread.mat", {"spikes": np.ones((5, 40)) * 1j, "time": time})
with h5py.File("sparse73.mat", "w", userblock_size=512) as f:
    sparse = scipy.sparse.csc_matrix(counts(0, 5, 40))
    group = f.create_group("spikes")
    group.attrs["MATLAB_class"] = np.bytes_("double")
    group.attrs["MATLAB_sparse"] = np.uint64(5)
    group["data"], group["ir"], group["jc"] = sparse.data, sparse.indices.astype(np.uint64), sparse.indptr.astype(np.uint64)
    pool = f.create_group("#refs#")
    places = []
    for k, bins in enumerate(lengths):
        entry = pool.create_dataset(f"r{k}", data=counts(k, 5, bins).T.astype(np.uint8))
        entry.attrs["MATLAB_class"] = np.bytes_("uint8")
        places.append(entry.ref)
    cells = f.create_dataset("cells", (6, 1), dtype=h5py.ref_dtype)
    cells.attrs["MATLAB_class"] = np.bytes_("cell")
    for k, place in enumerate(places):
        cells[k, 0] = place
with open("sparse73.mat", "r+b") as f:
    f.write(b"MATLAB 7.3 MAT-file, made by make_files.py".ljust(124) + b"\x00\x02IM")
