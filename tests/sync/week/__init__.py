"""A week offline and how it is sent: prepared here, done by week.e2e.ts."""
