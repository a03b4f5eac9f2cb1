"""One recording to the contents of its files, wherever that happens: in this process, in others, on a cluster.

A worker turns a task into contents and touches nothing else; whoever gave the task writes them. So a worker may die
at any moment, and may be on another machine. Importing this package loads no torch.
"""
