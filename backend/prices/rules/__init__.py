"""Pure rules of prices: which price holds, and what a decision costs."""
