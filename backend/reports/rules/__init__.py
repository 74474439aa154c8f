"""Pure rules of reports: values in, frozen value out."""
