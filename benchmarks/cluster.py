"""Several processes of this machine as the workers of one cluster."""

import json
import socket


def environments(workers: int) -> list[dict[str, str]]:
    """What each worker's environment must have, the chief's first; nothing for a process on its own."""
    if workers == 1:
        return [{}]
    sockets = [socket.socket() for _ in range(workers)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    hosts = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    tasks = [{"type": "worker", "index": number} for number in range(workers)]
    return [{"TF_CONFIG": json.dumps({"cluster": {"worker": hosts}, "task": task})} for task in tasks]
