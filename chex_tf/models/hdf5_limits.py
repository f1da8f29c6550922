"""Before anything is read from a file of weights in HDF5: that it holds its own numbers, and how many it claims.

HDF5 lets a data set lie in another file, by a link, as external storage or as a virtual one, and lets a few kilobytes
claim any size. Reading such a file would take whatever lies elsewhere for weights, or all memory.
"""

from typing import Any

import h5py


def check(file: h5py.File, most_bytes: int) -> None:
    """Raises ValueError if anything in `file` lies outside of it, or if it claims more than `most_bytes` of numbers."""
    claimed = 0
    seen: set[Any] = set()
    groups = [file["/"]]
    while groups:
        group = groups.pop()
        for name in group:
            if isinstance(group.get(name, getlink=True), h5py.ExternalLink):
                raise ValueError(f"{_place(group, name)} is a link to another file")
            found = group.get(name)  # None where a soft link leads nowhere
            if found is None or found.id in seen:
                continue
            seen.add(found.id)
            if isinstance(found, h5py.Group):
                groups.append(found)
            elif isinstance(found, h5py.Dataset):
                claimed += _own_bytes(found)
    check_claim(claimed, most_bytes)


def check_claim(claimed: int, most_bytes: int) -> None:
    if claimed > most_bytes:
        raise ValueError(f"it claims {claimed:,} bytes of numbers; this network has a use for {most_bytes:,} at most")


def _own_bytes(dataset: h5py.Dataset) -> int:
    if dataset.external or dataset.is_virtual:
        raise ValueError(f"{dataset.name} lies in another file")
    return int(dataset.nbytes) if dataset.shape is not None else 0


def _place(group: h5py.Group, name: str) -> str:
    return f"{group.name.rstrip('/')}/{name}"
