"""The rules tools/structure.py holds: one file for each rule, each with `check` and violations that it must find."""
