# SPDX-License-Identifier: GPL-2.0
"""A set of figures of one kind: rows of cases, a figure for each column."""


class Section:
    """goals has a figure for a case, or a pair (factor, column) for a goal that
    is so many times another column's figure."""

    def __init__(self, title, unit="", rows=None, labels=None, goals=None, note=""):
        self.title = title
        self.unit = unit
        self.rows = rows if rows is not None else {}
        self.labels = labels or {}
        self.goals = goals or {}
        self.note = note

    def put(self, case, column, value):
        if value is not None:
            self.rows.setdefault(case, {})[column] = value

    def label(self, case):
        return self.labels.get(case, case)

    def goal(self, case):
        goal = self.goals.get(case)
        if isinstance(goal, (tuple, list)):
            factor, column = goal
            base = self.rows.get(case, {}).get(column)
            return factor * base if base else None
        return goal

    def plain(self):
        return vars(self)
