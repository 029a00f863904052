"""Many trainings for one answer: seeds, hyper-parameters, amounts of data."""
