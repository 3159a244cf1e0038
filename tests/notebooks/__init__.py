"""Real notebooks, and the comparison of our runs of them with nbclient's."""
