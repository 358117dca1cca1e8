"""The rules tools/structure.py holds: one file a rule, each with `check` and what it must catch."""
