"""What the company takes for work that is not free."""
