"""The rules of tools/structure.py: one file each, with `check` and violations that it must find."""
