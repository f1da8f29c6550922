"""How each finding shows on a radiograph."""
