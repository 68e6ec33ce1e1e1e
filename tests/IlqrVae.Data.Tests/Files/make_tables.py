"""
Makes HDF5 files of tables whose entries follow from their place, for every type, filter, chunking and number of axes, and of links and kinds that
need care. Without arguments it makes the small files beside this one; with a folder it makes a larger sweep there. Entry i of a table, counted
row by row, is of[type](k) with k = (7919 i + 13) mod 65521; the name of a table is its type, filter, shape, chunk and what may grow.
"""
import gzip
import os
import sys

import h5py
import numpy as np

OF = {
    "u1": lambda k: k % 256,
    "i1": lambda k: k % 256 - 128,
    "u2": lambda k: k,
    "i2": lambda k: k % 32768 - 16384,
    "u4": lambda k: k * 60000,
    "i4": lambda k: k * 30000 - 10**9,
    "u8": lambda k: k * 10**9,
    "i8": lambda k: k * 10**9 - 3 * 10**13,
    "f2": lambda k: k % 2048,
    "f4": lambda k: k / 8 - 1000,
    "f8": lambda k: k / 8 - 1000,
    "bool": lambda k: k % 2 == 1,
}
FILTERS = {
    "none": {},
    "gzip": {"compression": "gzip"},
    "shuffle": {"shuffle": True},
    "fletcher32": {"fletcher32": True},
    "lzf": {"compression": "lzf"},
    "shuffle-lzf": {"compression": "lzf", "shuffle": True},
    "shuffle-gzip-fletcher32": {"compression": "gzip", "shuffle": True, "fletcher32": True},
    "shuffle-lzf-fletcher32": {"compression": "lzf", "shuffle": True, "fletcher32": True},
}
# Whole, whole rows, parts of rows, odd sizes, larger than the table, single entries.
CHUNKS = {
    (23,): [(23,), (10,), (64,), (1,)],
    (17, 12): [(17, 12), (5, 12), (17, 5), (7, 3), (64, 64), (1, 1)],
    (5, 6, 7): [(5, 6, 7), (2, 6, 7), (3, 3, 3), (5, 1, 7), (8, 2, 2)],
}
DTYPES = {"bool": "?"}


def entries(shape, kind):
    k = (np.arange(int(np.prod(shape)), dtype=np.int64) * 7919 + 13) % 65521
    return OF[kind](k).astype(DTYPES.get(kind, "<" + kind)).reshape(shape)


def name(kind, filters, shape, chunk, grows):
    return "_".join([kind, filters, "x".join(map(str, shape)), "x".join(map(str, chunk)) if chunk else "contiguous", grows])


def add(f, kind, filters, shape, chunk, grows):
    largest = {"fixed": tuple(max(c, s) for c, s in zip(chunk or shape, shape)), "first": (None,) + shape[1:], "all": (None,) * len(shape)}[grows]
    if chunk and any(c > l for c, l in zip(chunk, largest) if l is not None):
        return
    f.create_dataset(name(kind, filters, shape, chunk, grows), data=entries(shape, kind), chunks=chunk, maxshape=largest if chunk else None, **FILTERS[filters])


def add_compact(f, kind, shape):
    values = entries(shape, kind)
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.COMPACT)
    table = h5py.h5d.create(f.id, name(kind, "none", shape, (), "compact").encode(), h5py.h5t.py_create(values.dtype, logical=True), h5py.h5s.create_simple(shape), properties)
    table.write(h5py.h5s.ALL, h5py.h5s.ALL, values)


def tables(path, version, kinds, every):
    """All filters and chunkings; kinds take turns where not every one of them is wanted."""
    turn = 0
    with h5py.File(path, "w", libver=version) as f:
        for shape, chunks in CHUNKS.items():
            for kind in kinds:
                add(f, kind, "none", shape, None, "fixed")
                add_compact(f, kind, shape)
            for filters in FILTERS:
                for chunk in chunks:
                    for grows in ("fixed", "first", "all"):
                        some = kinds if every else [kinds[turn % len(kinds)]] if every or (turn % 4 == 0 or filters == "fletcher32") else []
                        turn += 1
                        for kind in some:
                            add(f, kind, filters, shape, chunk, grows)


def many(path, version):
    """So many chunks that their index has several levels or pages, and chunks that were never written."""
    with h5py.File(path, "w", libver=version) as f:
        add(f, "u1", "none", (2300,), (1,), "fixed")
        add(f, "u1", "fletcher32", (2300,), (1,), "first")
        f.create_dataset("zeros", shape=(2300,), dtype="i4", chunks=(1,), maxshape=(None,))[2000:2010] = np.arange(10)


def links(path, version):
    with h5py.File(path, "w", libver=version) as f:
        group = f.create_group("group")
        group["table"] = np.arange(6.0).reshape(2, 3)
        group["soft"] = h5py.SoftLink("table")
        group["softer"] = h5py.SoftLink("/group/soft")
        f["hard"] = group["table"]
        f["alias"] = h5py.SoftLink("group")
        group["nowhere"] = h5py.SoftLink("/none")
        group["self"] = h5py.SoftLink("self")
        group["rooted self"] = h5py.SoftLink("/group/rooted self")
        group["one"] = h5py.SoftLink("other")
        group["other"] = h5py.SoftLink("/group/one")
        group["around"] = group
        group["root"] = f["/"]
        group["elsewhere"] = h5py.ExternalLink("other.h5", "/table")
        # Many names are kept in another way than few; names that are not ASCII make h5py change the way of a group.
        for i in range(300):
            f[f"many/größe {i}"] = f["group/table"] if i % 7 else np.array([float(i)])
        f["plain/Motorkortex-ä/values"] = np.arange(4.0)
        if version == "latest":
            # So much text that its heap has blocks of blocks, and its index three levels.
            for i in range(3000):
                f[f"long/{i:04d}{'x' * 200}"] = f["group/table"]


def diamonds(path):
    """Thirty groups with two ways from each to the next: a thousand million paths."""
    with h5py.File(path, "w") as f:
        groups = [f.create_group(f"g{i}") for i in range(30)]
        for one, next in zip(groups, groups[1:]):
            one["a"] = next
            one["b"] = next


def kinds(path):
    with h5py.File(path, "w") as f:
        f["big-endian"] = np.arange(6, dtype=">i4")
        f["bool"] = np.array([True, False, True])
        f["half"] = np.array([[0.5, -2.0], [65504.0, 6e-8]], dtype="f2")
        f["bfloat16"] = np.array([0], dtype="f4")
        f["fixed texts"] = np.array([b"a", b"bcd"], dtype="S3")
        f["texts"] = ["", "één"]
        f["complex"] = np.array([1 + 2j])
        f["scalar"] = 2.5
        f["empty"] = h5py.Empty("f8")
        f.attrs["fixed"] = np.bytes_("abc")
        f.attrs["half"] = np.float16(1.5)
        numbers = entries((17, 12), "i4")
        f.create_dataset("scaleoffset", data=numbers, chunks=(5, 12), scaleoffset=0)
        # Noise does not get shorter, so that lzf is left out of its chunks.
        noise = np.random.default_rng(1).integers(0, 65536, (40, 8)).astype("u2")
        f.create_dataset("noise shuffled", data=noise, chunks=(20, 8), compression="lzf", shuffle=True)
        f.create_dataset("noise", data=noise)
        f.create_dataset("noise checked", data=noise, chunks=(20, 3), compression="lzf", shuffle=True, fletcher32=True)
        f.create_dataset("external", shape=(4,), dtype="u1", external=[("/etc/passwd", 0, 4)])
        odd = h5py.h5t.STD_I32LE.copy()
        odd.set_precision(20)
        h5py.h5d.create(f.id, b"twenty bits", odd, h5py.h5s.create_simple((3,)))
        brain = h5py.h5t.IEEE_F32LE.copy()
        brain.set_fields(15, 7, 8, 0, 7)
        brain.set_precision(16)
        brain.set_size(2)
        brain.set_ebias(127)
        del f["bfloat16"]
        h5py.h5d.create(f.id, b"bfloat16", brain, h5py.h5s.create_simple((3,)))
    with h5py.File(path, "a", libver="latest") as f:
        f.create_dataset("grows sideways", data=np.zeros((6, 4)), chunks=(2, 2), maxshape=(6, None))
        # One chunk more than the first blocks of their index hold; none is written.
        f.create_dataset("most chunks", shape=(131060,), dtype="u1", chunks=(1,), maxshape=(None,))
        f.create_dataset("too many chunks", shape=(131061,), dtype="u1", chunks=(1,), maxshape=(None,))
        layout = h5py.VirtualLayout(shape=(17, 12), dtype="i4")
        layout[:] = h5py.VirtualSource("none.h5", "x", shape=(17, 12))
        f.create_virtual_dataset("virtual", layout)


if len(sys.argv) > 1:
    for version in ("earliest", "v108", "latest"):
        tables(os.path.join(sys.argv[1], f"tables_{version}.h5"), version, {"earliest": ["u1", "f8"], "v108": list(OF), "latest": ["i2", "f8"]}[version], every=version != "v108")
        many(os.path.join(sys.argv[1], f"many_{version}.h5"), version)
else:
    for version in ("earliest", "latest"):
        tables(f"tables_{version}.h5", version, list(OF), every=False)
        many(f"many_{version}.h5", version)
        links(f"links_{version}.h5", version)
    kinds("kinds.h5")
    diamonds("diamonds.h5")
    for path in [f"{what}_{version}.h5" for what in ("tables", "many", "links") for version in ("earliest", "latest")] + ["kinds.h5", "diamonds.h5"]:
        with open(path, "rb") as plain, gzip.GzipFile(path + ".gz", "wb", mtime=0) as packed:
            packed.write(plain.read())
        os.remove(path)
