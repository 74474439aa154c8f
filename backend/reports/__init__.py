"""Reports: what was found and done on a visit, what the customer signed, and the paper of it."""
