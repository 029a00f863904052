"""The report of a training: what went in, how it learned, how it scores, and where it errs."""
