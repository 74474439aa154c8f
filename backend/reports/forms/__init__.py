"""Forms as data: what a report asks for, in which words, and when (K-11)."""
