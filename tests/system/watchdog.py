"""Prints, shortly before the time limit of a module of tests, where each of its threads waits.

The modules that tests share import this one. HOTLINE_TEST_TIMEOUT_S is the time of a module.
"""
import faulthandler
import os

MARGIN_S = 5

if "HOTLINE_TEST_TIMEOUT_S" in os.environ:
    faulthandler.dump_traceback_later(int(os.environ["HOTLINE_TEST_TIMEOUT_S"]) - MARGIN_S)
