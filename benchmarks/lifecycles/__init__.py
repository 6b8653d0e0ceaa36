"""What benchmarks/lifecycle.py is made of: the moved clock, the market, the client, the endings, the checks."""
