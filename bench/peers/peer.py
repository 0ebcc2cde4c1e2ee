"""Peers behind one small protocol: a line {"name", "args"} in, a line {"answer"} or {"error"} out.

Every answer holds its own time in milliseconds, taken around the peer's call alone. The S3 server comes from
the environment (AWS_ENDPOINT_URL_S3 and keys), as for the product.
"""

import json
import os
import statistics
import sys
import time
import zlib

import numpy as np

state = {}
answers = {}


def answer(function):
    answers[function.__name__] = function
    return function


def clock(work):
    start = time.perf_counter()
    value = work()
    return (time.perf_counter() - start) * 1e3, value


def crc(array):
    return f"{zlib.crc32(np.ascontiguousarray(array).view(np.uint8).reshape(-1)):08x}"


# NumPy on a local .npy file.


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


# LanceDB and Icechunk in a bucket.


def s3():
    return {
        "endpoint": os.environ["AWS_ENDPOINT_URL_S3"],
        "key": os.environ["AWS_ACCESS_KEY_ID"],
        "secret": os.environ["AWS_SECRET_ACCESS_KEY"],
    }


def lance_rows(rows):
    import pyarrow as pa

    vectors = pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), rows.shape[1])
    return pa.table({"id": pa.array(np.arange(len(rows))), "vector": vectors})


@answer
def lancedb_create(bucket, file):
    import lancedb

    at = s3()
    options = {
        "aws_access_key_id": at["key"],
        "aws_secret_access_key": at["secret"],
        "aws_endpoint": at["endpoint"],
        "aws_region": "us-east-1",
        "allow_http": "true",
    }
    rows = np.load(file)
    state["few"] = lance_rows(rows[:100])
    connection = lancedb.connect(f"s3://{bucket}/lancedb-{os.getpid()}", storage_options=options)
    table = lance_rows(rows)
    ms, state["lancedb"] = clock(lambda: connection.create_table("rows", table, mode="overwrite"))
    return {"ms": ms, "version": lancedb.__version__}


@answer
def lancedb_append():
    ms, _ = clock(lambda: state["lancedb"].add(state["few"]))
    return {"ms": ms}


@answer
def lancedb_read():
    ms, rows = clock(lambda: state["lancedb"].to_arrow())
    return {"ms": ms, "rows": rows.num_rows}


@answer
def icechunk_create(bucket, file):
    import icechunk
    import zarr

    at = s3()
    storage = icechunk.s3_storage(
        bucket=bucket,
        prefix=f"icechunk-{os.getpid()}",
        endpoint_url=at["endpoint"],
        allow_http=True,
        region="us-east-1",
        access_key_id=at["key"],
        secret_access_key=at["secret"],
        force_path_style=True,
    )
    rows = np.load(file)
    state["zarr"], state["icechunk"] = zarr, icechunk.Repository.create(storage)
    state["few_rows"] = rows[:100].copy()

    def write():
        session = state["icechunk"].writable_session("main")
        group = zarr.group(session.store)
        chunks = (min(20_000, len(rows)), rows.shape[1])
        array = group.create_array("rows", shape=rows.shape, chunks=chunks, dtype="f4", compressors=None)
        array[:] = rows
        session.commit("write")

    ms, _ = clock(write)
    return {"ms": ms, "version": icechunk.__version__}


@answer
def icechunk_append():
    def append():
        session = state["icechunk"].writable_session("main")
        state["zarr"].open_group(session.store)["rows"].append(state["few_rows"])
        session.commit("append")

    ms, _ = clock(append)
    return {"ms": ms}


@answer
def icechunk_read():
    def read():
        session = state["icechunk"].readonly_session("main")
        return state["zarr"].open_group(session.store, mode="r")["rows"][:]

    ms, rows = clock(read)
    return {"ms": ms, "rows": len(rows)}


# faiss, exact.


@answer
def faiss_build(file, queries):
    import faiss

    rows = np.load(file).astype(np.float32, copy=False)
    state["queries"] = np.load(queries).astype(np.float32)
    state["flat"] = faiss.IndexFlatL2(rows.shape[1])
    ms, _ = clock(lambda: state["flat"].add(rows))
    return {"ms": ms, "version": faiss.__version__, "threads": faiss.omp_get_max_threads()}


@answer
def faiss_search(count, k):
    ms, (_, ids) = clock(lambda: state["flat"].search(state["queries"][:count], k))
    return {"ms": ms, "ids": ids.tolist()}


for line in sys.stdin:
    question = json.loads(line)
    try:
        said = {"answer": answers[question["name"]](**question["args"])}
    except Exception as error:
        said = {"error": f"{type(error).__name__}: {error}"[:500]}
    print(json.dumps(said), flush=True)
