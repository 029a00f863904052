"""A trained pipeline behind HTTP: batches of concurrent requests, limits, metrics, a page."""
