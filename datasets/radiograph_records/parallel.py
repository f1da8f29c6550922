"""A map over many threads that keeps the order and holds only a few results at a time."""

import collections
import concurrent.futures
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

# Decoding and file reading leave the interpreter lock; a chunk makes the hand-over between threads cheap beside them.
CHUNK = 16


def ordered_map(
    function: Callable[[list[Given]], Made], items: Iterable[Given], threads: int = 0, chunk: int = CHUNK
) -> Iterator[Made]:
    """function(chunk of items) in the items' order; at most two chunks a thread are under way or waiting."""
    threads = threads or os.cpu_count() or 1
    chunks = iter(items)
    waiting: collections.deque[concurrent.futures.Future[Made]] = collections.deque()
    executor = concurrent.futures.ThreadPoolExecutor(threads, thread_name_prefix="radiographs")
    try:
        while True:
            while len(waiting) < 2 * threads + 1 and (some := list(itertools.islice(chunks, chunk))):
                waiting.append(executor.submit(function, some))
            if not waiting:
                return
            yield waiting.popleft().result()
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
