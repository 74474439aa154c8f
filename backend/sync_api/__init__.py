"""Sync over HTTP and SQL: the ports of sync/server, the change log, push, pull, files."""
