"""Measures the pages of a running demonstration with Lighthouse, in the machine's own Chromium.

`python -m tools.lighthouse [ADDRESS]` (http://127.0.0.1:8000 if not given). Lighthouse is a hundred packages and 180
MB that nothing served needs, so they are fetched into this folder when they are first asked for, and never by `make
run`.
"""
