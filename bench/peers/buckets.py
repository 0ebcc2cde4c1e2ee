"""LanceDB and Icechunk in a bucket. The S3 server comes from the environment, as for the product."""

import os

import numpy as np
from protocol import answer, clock, state


def s3():
    return {
        "endpoint": os.environ["AWS_ENDPOINT_URL_S3"],
        "key": os.environ["AWS_ACCESS_KEY_ID"],
        "secret": os.environ["AWS_SECRET_ACCESS_KEY"],
    }


def s3_options():
    """As LanceDB and infino name them."""
    at = s3()
    return {
        "aws_access_key_id": at["key"],
        "aws_secret_access_key": at["secret"],
        "aws_endpoint": at["endpoint"],
        "aws_region": "us-east-1",
    }


def lance_rows(rows):
    import pyarrow as pa

    vectors = pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), rows.shape[1])
    return pa.table({"id": pa.array(np.arange(len(rows))), "vector": vectors})


@answer
def lancedb_create(bucket, file):
    import lancedb

    options = {**s3_options(), "allow_http": "true"}
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
