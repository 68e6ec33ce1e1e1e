"""
Makes HDF5 files of every index of chunks, of attributes that are many or large, of types that several share and of lists and texts of variable length: entry k of a table is k % 100, and list k
has k % 4 entries. With h5py, once; the results are beside this file.
"""
import gzip
import os

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def entries(shape, kind="u1"):
    return (np.arange(np.prod(shape)) % 100).reshape(shape).astype(kind)


def single(f):
    f.create_dataset("single", data=entries((6, 4)), chunks=(6, 4), compression="gzip")


def early(f):
    space, plist = h5py.h5s.create_simple((20,)), h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((6,))
    plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    h5py.h5d.create(f.id, b"implicit", h5py.h5t.NATIVE_INT16, space, plist).write(h5py.h5s.ALL, h5py.h5s.ALL, entries((20,), "i2"))


def texts(count):
    return [("text %d " % k) * (k % 3) for k in range(count)]


def lists(f, name, count, **how):
    table = f.create_dataset(name, (count,), h5py.vlen_dtype(np.int32), **how)
    for k in range(count):
        table[k] = np.arange(k % 4, dtype="i4") + k


def pack(path):
    with open(path, "rb") as plain, gzip.GzipFile(path + ".gz", "wb", mtime=0) as packed:
        packed.write(plain.read())
    os.remove(path)


for version in ("earliest", "latest"):
    path = os.path.join(HERE, f"structures_{version}.h5")
    with h5py.File(path, "w", libver=version) as f:
        single(f)
        early(f)
        for suffix, how in (("", {}), (" filtered", {"compression": "gzip"})):
            f.create_dataset("fixed" + suffix, data=entries((7, 5)), chunks=(2, 2), **how)
            f.create_dataset("grows" + suffix, data=entries((300,)), chunks=(1,), maxshape=(None,), **how)
            f.create_dataset("grows both ways" + suffix, data=entries((13, 9)), chunks=(1, 1) if suffix == "" else (2, 3), maxshape=(None, None), **how)
            lists(f, "lists" + suffix, 10, chunks=(3,), **how)
            f.create_dataset("texts" + suffix, data=texts(10), dtype=h5py.string_dtype(), chunks=(4,), **how)
        lists(f, "lists in a row", 5)
        f.create_dataset("paged", data=entries((1100,)), chunks=(1,))
        many = f.create_group("many")
        for k in range(9):
            many.attrs[f"number {k}"] = k + 0.5
        many.attrs["text"] = "some text"
        many.attrs["texts"] = np.array(["a", "bc", "def"], dtype=h5py.string_dtype())
        many["table"] = entries((3,), "f8")
        for k in range(40):
            many["table"].attrs[f"number {k}"] = k + 0.5
        f["answer"] = h5py.enum_dtype({"no": 0, "yes": 1}, basetype="i2")
        f["word"] = np.dtype("S5")
        f.create_dataset("shared", (3,), dtype=f["answer"], data=np.array([0, 1, 1], "i2"))
        f["shared"].attrs.create("answer", np.array(1, "i2"), dtype=f["answer"])
        f["shared"].attrs.create("word", np.array(b"hello"), dtype=f["word"])
        if version == "latest":
            large = f.create_group("large")
            large.attrs["large"] = np.array("x" * 5000, dtype="S5000")
            for k in range(9):
                large.attrs[f"number {k}"] = k + 0.5
    pack(path)

path = os.path.join(HERE, "type_with_attribute.h5")
with h5py.File(path, "w") as f:
    # A type that has an attribute whose type is kept elsewhere again.
    f["answer"] = h5py.enum_dtype({"no": 0, "yes": 1}, basetype="i2")
    f["number"] = np.dtype("i4")
    f["number"].attrs.create("answer", np.array(1, "i2"), dtype=f["answer"])
    f.create_dataset("table", (3,), dtype=f["number"], data=entries((3,), "i4"))
pack(path)
