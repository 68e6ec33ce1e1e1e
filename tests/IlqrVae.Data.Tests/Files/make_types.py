"""Makes HDF5 files of types within types: compounds, enumerations, arrays, lists, and types that several share. With h5py, once; the results are beside this file."""
import gzip
import os

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))

for version in ("earliest", "latest"):
    path = os.path.join(HERE, f"types_{version}.h5")
    with h5py.File(path, "w", libver=version) as file:
        answer = h5py.enum_dtype({"no": 0, "yes": 1, "may be so and so": 2}, basetype="i2")
        inner = np.dtype([("a", "i4"), ("answer", answer), ("grid", "f8", (3, 2))])
        outer = np.dtype([("x", "f4"), ("inner", inner), ("text", "S7"), ("more", inner, (4,)), ("flag", "?")])
        file["outer"] = np.zeros(3, outer)
        file["opaque"] = np.zeros(3, "V5")
        file["complex"] = np.zeros(3, "c16")
        file.create_dataset("lists", (2,), h5py.vlen_dtype(np.int32))
        file.create_dataset("names", data=["a", "bb"], dtype=h5py.string_dtype())
        file["answers"] = np.zeros(3, answer)
        file["type"] = outer
        file["answer"] = answer
        file.create_dataset("of_type", (3,), dtype=file["type"])
        file.create_dataset("of_answer", (3,), dtype=file["answer"])
        file["of_answer"].attrs.create("kind", np.array([1, 2], "i2"), dtype=file["answer"])
        file["answers"].attrs["own"] = np.zeros(2, outer)
        file.create_dataset("object", (2,), h5py.ref_dtype)
        file.create_dataset("region", (2,), h5py.regionref_dtype)
    with open(path, "rb") as plain, gzip.GzipFile(path + ".gz", "wb", mtime=0) as packed:
        packed.write(plain.read())
    os.remove(path)
