"""The customer's link: one work order's customer view by a random token (K-10)."""
