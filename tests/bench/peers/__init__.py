"""Ours beside Kinto and PouchDB Server: the same work, the same client, one run, alternating. Run by `make bench-sync`."""
