"""What a fleet needs before its poles stand: an authority, the broker's folder, and a seed for each pole.

It runs on the office's computer. Only `sealing` is of use on a pole too.
"""
