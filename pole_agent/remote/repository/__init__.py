"""The office's side of the repository: keys, what waits for signatures, and the static files for poles.

Nothing of it runs on a pole.
"""
