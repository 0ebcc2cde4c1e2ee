"""What every module of peers shares: the questions by name, a clock, and what lies between two questions."""

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
