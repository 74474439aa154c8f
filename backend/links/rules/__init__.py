"""Pure rules of the customer's view."""
