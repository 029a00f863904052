"""The plots of the report, for the page and, as PNG and SVG, for papers."""
