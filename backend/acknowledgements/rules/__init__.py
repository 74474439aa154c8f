"""Pure rules of acknowledgements: the frozen text, what was told beside what was decided, ink."""
