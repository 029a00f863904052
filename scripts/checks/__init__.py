"""What can be wrong before anything runs: versions, variables, assets, space."""
