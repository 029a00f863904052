"""Predicted spans against gold spans: matching, precision, recall, F, intervals, confusion."""
