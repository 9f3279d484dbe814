"""Arrays in, arrays out: the arithmetic of sight, sensing, movement and crossing."""
