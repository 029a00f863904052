"""What formats share, and what of a format its own module cannot hold."""
