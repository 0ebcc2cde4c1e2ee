"""Exact search by peers. Each builds what it needs over rows of one dtype and answers `(ids, scores)`.

One process is asked for one peer, and ends with it: what a peer copied is free before the next begins.
Threads are those of OMP_NUM_THREADS. Metrics: `cosine` over vectors of length 1, so that a peer may take the inner
product for it; `l2sq`; `hamming` and `jaccard` over bits; `kl`; `js`.
"""

import importlib.metadata
import os
import tempfile

import numpy as np
from protocol import answer, clock, state

threads = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count())
builders = {}


def peer(package, kind):
    """Registers a builder under `package kind`; the table shows the version between the two."""

    def register(builder):
        builders[f"{package} {kind}".rstrip()] = (package, kind, builder)
        return builder

    return register


def floats(rows):
    return rows.astype(np.float32, copy=False)


def best(scores, k, largest):
    """NumPy's way to the first k of each line of scores."""
    keys = -scores if largest else scores
    chosen = np.argpartition(keys, k - 1, axis=1)[:, :k]
    order = np.argsort(np.take_along_axis(keys, chosen, axis=1), axis=1)
    ids = np.take_along_axis(chosen, order, axis=1)
    return ids, np.take_along_axis(scores, ids, axis=1)


def faiss_search(index, rows):
    import faiss

    faiss.omp_set_num_threads(threads)
    index.add(rows)

    def search(queries, k):
        scores, ids = index.search(queries if queries.dtype == rows.dtype else floats(queries), k)
        return ids, scores

    return search


@peer("faiss-cpu", "Flat")
def faiss_flat(rows, metric):
    import faiss

    kind = faiss.IndexFlatIP if metric == "cosine" else faiss.IndexFlatL2
    return faiss_search(kind(rows.shape[1]), floats(rows))


@peer("faiss-cpu", "Panorama")
def faiss_panorama(rows, metric):
    import faiss

    # Levels of whole vector registers were the fastest of those tried. By distance also for vectors of
    # length 1, which stand in the same order.
    width = rows.shape[1]
    level = next(each for each in (56, 48, 32, width) if width % each == 0)
    return faiss_search(faiss.IndexFlatL2Panorama(width, width // level), floats(rows))


def faiss_quantized(kind):
    def build(rows, metric):
        import faiss

        quantizer = getattr(faiss.ScalarQuantizer, kind)
        index = faiss.IndexScalarQuantizer(rows.shape[1], quantizer, faiss.METRIC_L2)
        rows = floats(rows)
        index.train(rows[:1000])
        return faiss_search(index, rows)

    return build


for name, kind in [
    ("SQfp16", "QT_fp16"),
    ("SQ8bit_direct", "QT_8bit_direct"),
    ("SQ8bit_direct_signed", "QT_8bit_direct_signed"),
]:
    peer("faiss-cpu", name)(faiss_quantized(kind))


@peer("faiss-cpu", "BinaryFlat")
def faiss_binary(rows, metric):
    import faiss

    return faiss_search(faiss.IndexBinaryFlat(rows.shape[1] * 8), rows)


@peer("usearch", "exact")
def usearch_exact(rows, metric):
    from usearch.index import MetricKind
    from usearch.index import search as exact

    kinds = {"cosine": MetricKind.IP, "l2sq": MetricKind.L2sq, "hamming": MetricKind.Hamming}
    dtype = {"dtype": "b1"} if metric == "hamming" else {}

    def search(queries, k):
        found = exact(rows, queries, k, kinds[metric], exact=True, threads=threads, **dtype)
        scores = 1 - found.distances if metric == "cosine" else found.distances
        return found.keys, scores

    return search


@peer("numpack", "")
def numpack(rows, metric):
    # It starts a thread for each processor that it may run on, whatever the environment says.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
    from numpack.vector_engine import VectorEngine

    engine = VectorEngine()

    def search(queries, k):
        if len(queries) == 1:
            return engine.top_k_search(queries[0], rows, metric, k)
        return engine.multi_query_top_k(queries, rows, metric, k)

    return search


@peer("nseekfs", "")
def nseekfs(rows, metric):
    from nseekfs.highlevel import from_embeddings

    state["folder"] = tempfile.TemporaryDirectory()
    engine = from_embeddings(rows, metric=metric, normalized=True, output_dir=state["folder"].name)

    def search(queries, k):
        if len(queries) == 1:
            found = engine.query_simple_arrays(queries[0], k)
        else:
            found = engine.query_batch_arrays(queries, k)
        return found["indices"], found["scores"]

    return search


@peer("numpy", "product and argpartition")
def numpy_product(rows, metric):
    return lambda queries, k: best(queries @ rows.T, k, largest=True)


@peer("numkong", "cdist and argpartition")
def numkong_cdist(rows, metric):
    import numkong

    return lambda queries, k: best(np.asarray(numkong.cdist(queries, rows, "sqeuclidean")), k, largest=False)


@peer("numkong", "packed and argpartition")
def numkong_packed(rows, metric):
    import numkong

    bits = metric == "hamming"
    packed = numkong.hammings_pack(rows) if bits else numkong.dots_pack(rows)
    distances = numkong.hammings_packed if bits else numkong.euclideans_packed
    return lambda queries, k: best(np.asarray(distances(queries, packed)), k, largest=False)


@answer
def exact_build(peer, rows, queries, metric):
    package, kind, build = builders[peer]
    state["queries"] = np.load(queries)
    state["search"] = build(np.load(rows), metric)
    package_name = "faiss" if package == "faiss-cpu" else package
    return {"name": f"{package_name} {importlib.metadata.version(package)} {kind}".rstrip()}


@answer
def exact_search(starts, count, k):
    """One call after the other, without a message between them."""
    return [search_once(start, count, k) for start in starts]


def search_once(start, count, k):
    queries = state["queries"][start : start + count]
    ms, (ids, scores) = clock(lambda: state["search"](queries, k))

    ids, scores = (np.asarray(each).reshape(count, -1) for each in (ids, scores))
    if not np.isfinite(scores).all():
        raise ValueError("scores that are no numbers")
    return {"ms": ms, "ids": ids.tolist(), "scores": scores.tolist()}
