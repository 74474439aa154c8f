"""What is told to a person inside the product: clocks that run out, a visit nobody has looked at, a stand-in owed."""
