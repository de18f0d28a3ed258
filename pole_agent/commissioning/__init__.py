"""A pole is taken into service: a path of steps, each judged by what was looked at and what a person saw, and
a report that is signed.

steps.py    the one table of steps: what to do, what to ask, and which steps this pole has
answers.py  what a person may answer, read
identity.py light.py sight.py machine.py   facts and answers -> a verdict
verdict.py  what a step has come to
record.py   what was found so far, as a file, and its hash
notice.py   what the city is told of it
report.py   the report for paper (berita acara)
style.py    how it looks

Nothing here looks at anything itself: facts are plain JSON, gathered by `console.site`.
"""
