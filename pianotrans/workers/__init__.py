"""Turn one recording into the contents of its output files: in this process, in others, or on a cluster.

A worker turns a task into contents and touches nothing else; the caller writes them. So a worker may die at any
moment, and may run on another machine. Importing this package does not load torch.
"""
