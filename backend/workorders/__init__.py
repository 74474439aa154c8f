"""Work orders: intake, log, clocks, closing."""
