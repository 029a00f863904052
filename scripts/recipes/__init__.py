"""Recipes: data, settings and steps of a whole run in one YAML file."""
