"""The web app: a page and an HTTP API that take recordings and give transcriptions.

The server takes files in and hands jobs to worker processes, which alone decode anything. Jobs are kept in a
folder and a small data base, so they outlive the server. Importing this package loads neither FastAPI nor torch.
"""
