"""Approximate search by peers: indexes in memory on one thread, and tables in a bucket."""

import importlib.metadata
import os
import tempfile

import numpy as np
from buckets import lance_rows, s3_options
from protocol import answer, clock, state


def recall_of(found, expected):
    hits = [len(set(a) & set(b)) / len(b) for a, b in zip(found, expected)]
    return float(np.mean(hits))


def hnswlib_index(rows):
    import hnswlib

    index = hnswlib.Index("l2", rows.shape[1])
    index.init_index(len(rows), ef_construction=200, M=16)
    index.add_items(rows, num_threads=os.cpu_count())
    index.set_num_threads(1)

    def search(query, k):
        return index.knn_query(query, k)[0][0]

    def tune(value):
        index.set_ef(value)

    return search, tune, [10, 20, 40, 80, 160, 320]


def usearch_index(rows):
    from usearch.index import Index

    index = Index(ndim=rows.shape[1], metric="l2sq", dtype="f32", connectivity=16, expansion_add=128)
    index.add(np.arange(len(rows)), rows, threads=os.cpu_count())

    def search(query, k):
        return index.search(query, k, threads=1).keys

    def tune(value):
        index.expansion_search = value

    return search, tune, [16, 32, 64, 128, 256, 512]


def faiss_index(rows):
    import faiss

    faiss.omp_set_num_threads(os.cpu_count())
    width = rows.shape[1]
    index = faiss.index_factory(width, f"IVF256,PQ{width // 2}x4fs,RFlat")
    index.train(rows)
    index.add(rows)
    faiss.omp_set_num_threads(1)
    ivf = faiss.extract_index_ivf(index)
    index.k_factor = 5

    def search(query, k):
        return index.search(query.reshape(1, -1), k)[1][0]

    def tune(value):
        ivf.nprobe = value

    return search, tune, [1, 2, 4, 8, 16, 32, 64]


builders = {"hnswlib": hnswlib_index, "usearch": usearch_index, "faiss-cpu": faiss_index}


@answer
def ann_build(name, rows):
    state["ann"] = builders[name](np.load(rows).astype(np.float32))
    return {"version": importlib.metadata.version(name)}


@answer
def ann_curve(queries, expected):
    """Of each effort the recall of 10 rows, and the time of a query, one after the other."""
    search, tune, efforts = state["ann"]
    vectors = np.load(queries).astype(np.float32)
    points = []
    for effort in efforts:
        tune(effort)
        found = [search(vector, 10) for vector in vectors]
        ms, _ = clock(lambda: [search(vector, 10) for vector in vectors])
        points.append({"recall": recall_of(found, expected), "ms": ms / len(vectors)})
    return {"points": points}


def lance_connect(bucket):
    import lancedb

    options = {**s3_options(), "allow_http": "true"}
    return lancedb, lancedb.connect(f"s3://{bucket}/ann-lancedb", storage_options=options)


@answer
def lancedb_ann_build(bucket, file):
    lancedb, connection = lance_connect(bucket)
    table = connection.create_table("rows", lance_rows(np.load(file)), mode="overwrite")
    ms, _ = clock(lambda: table.create_index(metric="l2", vector_column_name="vector", index_type="IVF_PQ"))
    return {"ms": ms, "version": lancedb.__version__}


@answer
def lancedb_ann_first(bucket, vector):
    def ask():
        _, connection = lance_connect(bucket)
        query = connection.open_table("rows").search(np.array(vector, dtype=np.float32))
        return query.nprobes(20).refine_factor(20).limit(10).select(["id"]).to_arrow()

    # Whoever asks has the library in memory.
    import lancedb  # noqa: F401

    ms, found = clock(ask)
    return {"ms": ms, "ids": found["id"].to_pylist()}


def infino_connect(bucket):
    import infino

    options = {**s3_options(), "aws_allow_http": "true"}
    return infino, infino.connect(f"s3://{bucket}/ann-infino", storage_options=options, cache_dir=tempfile.mkdtemp())


@answer
def infino_ann_build(bucket, file):
    import pyarrow as pa

    infino, connection = infino_connect(bucket)
    rows = np.load(file)
    width = rows.shape[1]
    fields = [pa.field("id", pa.int64(), nullable=False), pa.field("v", pa.list_(pa.float32(), width), nullable=False)]
    schema = pa.schema(fields)
    table = connection.create_table("rows", schema, infino.IndexSpec().vector("v", width, "l2sq"))

    def write():
        for start in range(0, len(rows), 20_000):
            some = rows[start : start + 20_000]
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(some.reshape(-1)), width)
            table.append(pa.table({"id": pa.array(np.arange(start, start + len(some))), "v": vectors}, schema=schema))
        table.optimize()

    ms, _ = clock(write)
    return {"ms": ms, "version": importlib.metadata.version("infino")}


@answer
def infino_ann_first(bucket, vector):
    import infino  # noqa: F401

    def ask():
        _, connection = infino_connect(bucket)
        return connection.open_table("rows").vector_search("v", vector, 10, projection=["id"])

    ms, found = clock(ask)
    return {"ms": ms, "ids": found.column("id").to_pylist()}


@answer
def infino_ann_warm(bucket, queries, passes):
    """Of each pass over the same queries the median of one."""
    _, connection = infino_connect(bucket)
    table = connection.open_table("rows")
    vectors = [vector.tolist() for vector in np.load(queries)]
    medians, found = [], []
    for _ in range(passes):
        times, found = [], []
        for vector in vectors:
            ms, hits = clock(lambda: table.vector_search("v", vector, 10, projection=["id"]))
            times.append(ms)
            found.append(hits.column("id").to_pylist())
        medians.append(float(np.median(times)))
    return {"medians": medians, "ids": found}
