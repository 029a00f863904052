"""The forms of a report's inputs, as ``convert``, spaCy, ``evaluate`` and ``report`` write them.

Scores and shares are fractions from 0 to 1, except in the training log (see ``LogRow``).
"""
