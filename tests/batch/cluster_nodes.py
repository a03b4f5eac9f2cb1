"""A Ray cluster whose nodes are all on this machine, in a process of its own.

usage: python -m tests.batch.cluster_nodes

Starts two nodes of one CPU each and prints, as JSON, the address and that for Ray's client. Each line that comes in
adds another node. Ends, and ends the cluster, when its standard input does.
"""

import json
import os
import socket
import sys

SETTINGS = {
    "RAY_AUTH_MODE": "disabled",  # Ray would leave a token in the user's home
    "RAY_worker_niceness": "0",  # its workers would hardly get on while other tests compute
}
os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", **SETTINGS}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    from ray.cluster_utils import Cluster

    own = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 80 * 2**20}
    client_port = free_port()
    cluster = Cluster(initialize_head=True, head_node_args={**own, "ray_client_server_port": client_port})
    cluster.add_node(**own)
    sys.stdout.write(json.dumps([cluster.address, f"ray://127.0.0.1:{client_port}"]) + "\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        cluster.add_node(**own)
    cluster.shutdown()


if __name__ == "__main__":
    main()
