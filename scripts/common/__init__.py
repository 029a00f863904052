"""What every room of the house uses: errors, files, console. Imports nothing of ours."""
