"""Pure rules of work orders: states and clocks."""
