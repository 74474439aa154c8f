"""Which letter versions bind which assets."""
