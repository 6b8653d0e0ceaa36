"""The tests: one folder for each package, and what several of them share."""
