"""Workers on a Ray cluster, with the same interface as worker processes on this machine.

Ray is an optional dependency: importing this package does not import it, creating a pool does.
"""

from pianotrans.batch.cluster.pool import ClusterPool

__all__ = ["ClusterPool"]
