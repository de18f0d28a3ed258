"""Nights that are made: how many of the scripted entries does the agent tell, and how often is it wrong?

Scored as i-LIDS scores video analytics: an alarm within ten seconds of the event counts, every other alarm is
false. Backgrounds are real where there are any, weather is drawn, and who walks is a cut-out of a labelled
photograph on a scripted path. `score` and `script` are pure; `play` runs the agent's own pipeline on a clock
that it sets.
"""
