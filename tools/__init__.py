"""What runs, checks and measures the project; nothing here is imported by it."""
