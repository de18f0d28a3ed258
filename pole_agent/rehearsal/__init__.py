"""What would rules have done? The judge, over what the pole saw in the last days.

reel.py      files of trajectories -> tables of looks and rows, an hour at a time
relevant.py  which rows can matter to a rule: most of a street never can
replay.py    those rows through the judge, one rule at a time
light.py     what follows for the lamp, and what that costs
rehearse.py  all of it for a configuration, on two cores
"""
