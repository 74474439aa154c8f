"""Figures with their bounds, beside this machine's own yardstick (K-12). Run by `make bench`."""
