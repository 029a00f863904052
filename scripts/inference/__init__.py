"""Prediction with a trained pipeline."""
