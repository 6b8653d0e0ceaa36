"""The fictional market: made once from a seed by `tools/make_market.py`, committed, and reproduced by a
test.
"""
