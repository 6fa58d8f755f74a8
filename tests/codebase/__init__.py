"""Tests of the code base itself: its rules, its format and its build."""
