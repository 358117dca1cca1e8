"""Medians of what `commands` measured, their tables, and how they compare with the aims."""

import collections
import statistics

import report

# `key` of the row `mine` over that of the row `base`, or alone without one, as a value of one
# round; and its aim, if there is one.
Comparison = collections.namedtuple("Comparison", "key mine base at_most at_least",
                                    defaults=(None, None, None))


def medians(rounds):
    """By row: the median of each figure over the rounds that have that row."""
    rows = {}
    for name in dict.fromkeys(name for each in rounds for name in each):
        good = [each[name] for each in rounds if name in each]
        rows[name] = {key: statistics.median(row[key] for row in good) for key in good[0]}
    return rows


def values(comparison, rounds):
    """One for each round that has both rows, unless the base was too small to be measured."""
    key, mine, base = comparison.key, comparison.mine, comparison.base
    return [each[mine][key] / (each[base][key] if base else 1) for each in rounds
            if mine in each and (base is None or (base in each and each[base][key]))]


def verdict(comparison, value):
    if comparison.at_most is not None:
        return f"aim at most {comparison.at_most}: " + (
            "met" if value <= comparison.at_most else "missed")
    if comparison.at_least is not None:
        return f"aim at least {comparison.at_least}: " + (
            "met" if value >= comparison.at_least else "missed")
    return ""


def compare(comparison, rounds):
    """The name, the median with its range, and the verdict; None if there is no value."""
    found = values(comparison, rounds)
    if not found:
        return None
    name = f"{comparison.key}: {comparison.mine}"
    if comparison.base:
        name += f" / {comparison.base}"
    middle = statistics.median(found)
    return [name, report.ratio_text([middle, min(found), max(found)]), verdict(comparison, middle)]


def summarise(comparisons, rounds):
    return [found for each in comparisons if (found := compare(each, rounds))]


def _cell(value):
    return "-" if value is None else f"{value:,.{2 if value < 100 else 0}f}"


def print_medians(title, rows):
    """Not every row needs to have every figure."""
    keys = list(dict.fromkeys(key for row in rows.values() for key in row))
    if rows:
        report.print_table(title, ["", *keys], [
            [name, *(_cell(row.get(key)) for key in keys)] for name, row in rows.items()])


def print_summary(title, rounds, comparisons):
    print_medians(title, medians(rounds))
    for name, value, aim in summarise(comparisons, rounds):
        print(f"  {name:44} {value:22} {aim}".rstrip())
