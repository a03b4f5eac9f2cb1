"""The web app: a page and an HTTP API that accept recordings and return transcriptions.

The server receives uploads and gives jobs to worker processes; only these decode audio. Jobs are kept in a folder
with a small database, so they survive a restart. Importing this package loads neither FastAPI nor torch.
"""
