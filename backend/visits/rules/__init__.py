"""Pure rules of visits: values in, frozen value out."""
