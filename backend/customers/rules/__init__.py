"""Pure rules of customers: values in, frozen value out."""
