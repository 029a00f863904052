"""Is the gold itself wrong? Likely annotation errors found, reviewed and mended."""
