"""Libraries of formats, reading a file of theirs and writing it as .npy."""

import os
import shutil

import numpy as np
from protocol import answer, clock


def written(read, out):
    ms, _ = clock(lambda: np.save(out, read()))
    os.remove(out)
    return {"ms": ms}


@answer
def pyarrow_read(file, out):
    import pyarrow.parquet as parquet

    def read():
        column = parquet.read_table(file).column(0).combine_chunks()
        return column.flatten().to_numpy().reshape(len(column), -1)

    return written(read, out)


@answer
def safetensors_read(file, out):
    from safetensors.numpy import load_file

    return written(lambda: load_file(file)["rows"], out)


@answer
def h5_write(file, out):
    import h5py

    with h5py.File(out, "w") as made:
        made["rows"] = np.load(file)
    return {"ms": 0}


@answer
def h5_write_packed(file, out):
    import h5py

    with h5py.File(out, "w") as made:
        made.create_dataset("rows", data=np.load(file), chunks=(8192, 128), compression=4, shuffle=True)
    return {"ms": 0}


@answer
def h5py_read(file, out):
    import h5py

    def read():
        with h5py.File(file) as opened:
            return opened["rows"][...]

    return written(read, out)


@answer
def zarr_write(file, out):
    import zarr

    rows = np.load(file)
    shutil.rmtree(out, ignore_errors=True)
    made = zarr.create_array(out, shape=rows.shape, chunks=(16_384, 128), dtype=rows.dtype)
    made[:] = rows
    return {"ms": 0}


@answer
def zarr_read(file, out):
    import zarr

    return written(lambda: zarr.open_array(file, mode="r")[:], out)


@answer
def pandas_read(file, out):
    import pandas

    return written(lambda: pandas.read_csv(file, header=None).to_numpy(), out)
