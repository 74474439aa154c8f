"""Users, roles, branches, devices, sign-in."""
