"""scripts/fuzz: what comes from outside, damaged a million times, and looked at with coverage.

`target` says what a target is, `targets/` holds them, `judge` decides what a finding is, `worker` is one
process of atheris, `kept` is what stays between runs, `__main__` is the command. Nothing but `worker` needs
atheris: a target is a plain function of bytes.
"""
