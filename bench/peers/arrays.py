"""NumPy on a local .npy file, and the memory that it lies in."""

import statistics
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from protocol import answer, clock, crc, state


@answer
def numpy_load(file):
    """Ten in a row: their median, and the mean."""
    samples = [clock(lambda: np.load(file))[0] for _ in range(10)]
    return {"ms": statistics.median(samples), "mean": statistics.mean(samples), "checksum": crc(np.load(file))}


@answer
def numpy_rows(file, indices):
    """Rows of a list from a mapped file; the mapping and the list are made once."""
    if state.get("mapped") != file:
        state.update(mapped=file, rows=np.load(file, mmap_mode="r"), indices=np.load(indices).astype(np.int64))
    rows, chosen = state["rows"], state["indices"]
    ms, out = clock(lambda: np.asarray(rows[chosen]))
    return {"ms": ms, "checksum": crc(out)}


@answer
def memory_read(file, threads):
    """Reads a file's content from memory once, by so many threads; each takes its part."""
    if state.get("read") != file:
        state.update(read=file, words=np.load(file).reshape(-1).view(np.uint64))
    parts = np.array_split(state["words"], threads)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(len, parts))
        ms, _ = clock(lambda: list(pool.map(np.bitwise_or.reduce, parts)))
    return {"ms": ms, "bytes": state["words"].nbytes}
