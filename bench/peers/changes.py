"""NumPack, and NumPy on a .npy file, saving and changing one array."""

import os

import numpy as np
from protocol import answer, clock, state

CHANGES = 100
# Of a kind in a row, where one takes some microseconds.
IN_A_ROW = 1000


def made(folder, file, chosen, indices):
    """What all questions share: made once."""
    if state.get("changes") != file:
        from numpack import NumPack

        rows = np.load(file)
        pack = NumPack(os.path.join(folder, "pack.npk"), drop_if_exists=True)
        pack.open()
        pack.save({"a": rows})
        copy = os.path.join(folder, "copy.npy")
        np.save(copy, rows)
        state.update(
            changes=file,
            all=rows,
            pack=pack,
            copy=copy,
            saved=os.path.join(folder, "saved.npy"),
            few=rows[: CHANGES].copy(),
            chosen=np.load(chosen).astype(np.int64),
            random=np.load(indices).astype(np.int64),
            mapped=np.load(file, mmap_mode="r"),
        )
    return state


def each(work, count):
    def repeated():
        for _ in range(count):
            work()

    return clock(repeated)[0] / count


@answer
def npy_save(**args):
    s = made(**args)
    return {"ms": clock(lambda: np.save(s["saved"], s["all"]))[0]}


@answer
def npy_replace(**args):
    s = made(**args)

    def replace():
        rows = np.load(s["copy"])
        rows[s["chosen"]] = s["few"][: len(s["chosen"])]
        np.save(s["copy"], rows)

    return {"ms": clock(replace)[0]}


@answer
def npy_append(**args):
    s = made(**args)

    def append():
        np.save(s["saved"], np.concatenate([np.load(s["copy"]), s["few"]]))

    return {"ms": clock(append)[0]}


@answer
def npy_rows(**args):
    s = made(**args)

    def rows():
        for chosen in s["random"]:
            np.asarray(s["mapped"][chosen])

    return {"ms": clock(rows)[0] / len(s["random"])}


@answer
def npy_rows_once(**args):
    s = made(**args)
    return {"ms": clock(lambda: np.asarray(s["mapped"][s["random"][0]]))[0]}


@answer
def numpack_save(**args):
    s = made(**args)
    return {"ms": clock(lambda: s["pack"].save({"b": s["all"]}))[0]}


@answer
def numpack_lazy(**args):
    s = made(**args)
    return {"ms": each(lambda: s["pack"].load("a", lazy=True), 200)}


@answer
def numpack_append(**args):
    s = made(**args)
    return {"ms": each(lambda: s["pack"].append({"a": s["few"]}), IN_A_ROW)}


@answer
def numpack_replace(**args):
    s = made(**args)
    chosen = s["chosen"].tolist()
    return {"ms": each(lambda: s["pack"].replace({"a": s["few"][: len(chosen)]}, chosen), 3)}


@answer
def numpack_batch(**args):
    s = made(**args)

    def batch():
        with s["pack"].batch_mode():
            for _ in range(CHANGES):
                rows = s["pack"].load("a")
                rows[:10] *= np.float32(1.0)
                s["pack"].save({"a": rows})

    return {"ms": clock(batch)[0]}


@answer
def numpack_writable(**args):
    s = made(**args)

    def batch():
        with s["pack"].writable_batch_mode() as writable:
            for _ in range(CHANGES):
                rows = writable.load("a")
                rows[:10] *= np.float32(1.0)

    return {"ms": clock(batch)[0]}


@answer
def numpack_whole(**args):
    s = made(**args)

    def batch():
        with s["pack"].writable_batch_mode() as writable:
            rows = writable.load("a")
            rows *= np.float32(1.0)

    return {"ms": clock(batch)[0]}
