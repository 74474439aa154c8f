"""Equipment installed at customers, its serials and the spells it was out of service."""
