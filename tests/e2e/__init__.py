"""The product in a real browser, by taps and keys."""
