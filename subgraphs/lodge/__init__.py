"""Recreation forests: places, rooms, opening rules, booking."""
