"""Workers all over a Ray cluster, behind the same face as the processes of this machine.

Ray is an optional part of the installation: importing this package does not import it, making a pool does.
"""

from pianotrans.batch.cluster.pool import ClusterPool

__all__ = ["ClusterPool"]
