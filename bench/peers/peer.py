"""Peers behind one small protocol: a line {"name", "args"} in, a line {"answer"} or {"error"} out.

Every answer holds its own time in milliseconds, taken around the peer's call alone.
"""

import json
import os
import sys

import ann  # noqa: F401
import arrays  # noqa: F401
import buckets  # noqa: F401
import changes  # noqa: F401
import exact  # noqa: F401
import filters  # noqa: F401
import formats  # noqa: F401
from protocol import answers

# What a package prints would be taken for an answer.
said_to = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

for line in sys.stdin:
    question = json.loads(line)
    try:
        said = {"answer": answers[question["name"]](**question["args"])}
    except Exception as error:
        said = {"error": f"{type(error).__name__}: {error}"[:500]}
    print(json.dumps(said), file=said_to, flush=True)
