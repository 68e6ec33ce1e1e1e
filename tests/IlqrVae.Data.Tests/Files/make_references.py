"""
Makes NWB files of four units whose spikes are told apart by references, as MatNWB wrote them in 2018, or by an index that says what it is of: unit 1 has spikes at 0.1 and 0.2, unit 2
none, unit 3 at 1.1, 1.2 and 1.3, and unit 4 at 0.3; they stand in the order of units 3, 1, 4. Each file beside that is odd in the way its name says.
"""
import gzip
import io
import os

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
TIMES = [1.1, 1.2, 1.3, 0.1, 0.2, 0.3]
PARTS = [(3, 5), (0, 0), (0, 3), (5, 6)]


def make(name, fill, libver="earliest"):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver=libver, track_order=False) as f:
        f.attrs["nwb_version"] = "2.0b"
        f.attrs["neurodata_type"] = "NWBFile"
        f["session_start_time"] = "2018-09-01T12:00:00.000000+00:00"
        units = f.create_group("units")
        units.attrs["colnames"] = np.array(["spike_times"], dtype=h5py.string_dtype())
        units["id"] = np.arange(1, 5)
        times = units.create_dataset("spike_times", data=np.array(TIMES))
        observed = units.create_dataset("obs_intervals", data=np.array([[0.0, 2.0]] * 4))
        units["obs_intervals_index"] = np.arange(1, 5)
        fill(units, times, observed)
    with open(os.path.join(HERE, name + ".nwb.gz"), "wb") as out:
        out.write(gzip.compress(buffer.getvalue(), 9, mtime=0))


def regions(units, references, name="spike_times_index"):
    table = units.create_dataset(name, (len(references),), dtype=h5py.regionref_dtype)
    for i, one in enumerate(references):
        if one is not None:
            table[i] = one


def good(units, times, observed):
    regions(units, [times.regionref[a:b] for a, b in PARTS])
    electrodes = units.create_dataset("electrodes", (4,), dtype=h5py.regionref_dtype)
    for i in range(4):
        electrodes[i] = observed.regionref[i:i + 1, :]
    del units["obs_intervals_index"]
    regions(units, [observed.regionref[3 - i:4 - i, :] for i in range(4)], "obs_intervals_index")


def target(units, times, of, index):
    table = units.create_dataset(index, data=np.array([3, 3, 5, 6], dtype="u1"))
    table.attrs["target"] = of.ref
    table.attrs["neurodata_type"] = "VectorIndex"


make("regions", good)
make("regions_latest", good, "latest")
make("regions_of_another", lambda u, t, o: regions(u, [o.regionref[0:1, :]] + [t.regionref[a:b] for a, b in PARTS[1:]]))
make("regions_of_columns", lambda u, t, o: (regions(u, [t.regionref[a:b] for a, b in PARTS]), u.pop("obs_intervals_index"), regions(u, [o.regionref[i:i + 1, 0:1] for i in range(4)], "obs_intervals_index")))
make("regions_in_pieces", lambda u, t, o: regions(u, [t.regionref[np.array([0, 1, 3, 4])]] + [t.regionref[a:b] for a, b in PARTS[1:]]))
make("regions_of_patterns", lambda u, t, o: regions(u, [t.regionref[0:6:2]] + [t.regionref[a:b] for a, b in PARTS[1:]]), "latest")
make("regions_of_points", lambda u, t, o: regions(u, [t.regionref[np.array([True, False, False, True, False, False])]] + [t.regionref[a:b] for a, b in PARTS[1:]]))
make("regions_of_nothing", lambda u, t, o: regions(u, [t.regionref[0:1], None, t.regionref[1:2], t.regionref[2:3]]))
make("regions_too_few", lambda u, t, o: regions(u, [t.regionref[0:1], t.regionref[1:2]]))
make("objects", lambda u, t, o: u.create_dataset("spike_times_index", data=np.array([t.ref] * 4, dtype=h5py.ref_dtype), dtype=h5py.ref_dtype))
make("target_of_another", lambda u, t, o: target(u, t, o, "spike_times_index"))
make("target_by_name", lambda u, t, o: target(u, t, t, "which_unit"))
