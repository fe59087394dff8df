# SPDX-License-Identifier: GPL-2.0
"""The figures as text."""
from columns import HOST, HOST_ALL, PEER

NAMES = {HOST: "host, 1 CPU", HOST_ALL: "host, all"}


def number(value):
    if value is None:
        return "-"
    if value < 1:
        return "%.3f" % value
    if value < 100:
        return "%.2f" % value
    return "%.1f" % value if value < 10000 else "%.0f" % value


def ports(columns):
    return [c for c in columns if c not in (HOST, HOST_ALL, PEER)]


def used(section, columns):
    return [c for c in columns if any(c in row for row in section.rows.values())]


def table(section, columns):
    """The lines of one section; a ratio to the host and to the peer for each
    column of the port."""
    present = used(section, columns)
    ratios = [(p, base) for base in (HOST, PEER) if base in present for p in ports(present)]
    width = max([len(section.label(case)) for case in section.rows] + [20])
    heads = [NAMES.get(c, c) for c in present]
    goals = any(section.goal(case) for case in section.rows)
    line = " " * width + "".join(" %11s" % h for h in heads)
    line += " %9s" % "goal" if goals else ""
    line += "".join(" %13s" % ("%s/%s" % r) for r in ratios)
    lines = ["%s%s%s" % (section.title, ", in %s" % section.unit if section.unit else "",
                         "; " + section.note if section.note else ""), line]
    for case, row in section.rows.items():
        line = section.label(case).ljust(width)
        line += "".join(" %11s" % number(row.get(c)) for c in present)
        line += " %9s" % number(section.goal(case)) if goals else ""
        for p, base in ratios:
            both = row.get(p) is not None and row.get(base)
            line += " %13s" % (number(row[p] / row[base]) if both else "-")
        lines.append(line)
    return lines


def reached(sections, column):
    """(goals that a column reaches, goals it has a figure for)"""
    pairs = [(s.rows[case][column], s.goal(case)) for s in sections for case in s.rows
             if column in s.rows[case] and s.goal(case)]
    return sum(value <= goal for value, goal in pairs), len(pairs)


def text(sections, columns, notes):
    lines = []
    for section in sections:
        if section.rows:
            lines += table(section, columns) + [""]
    for port in ports(columns):
        good, of = reached(sections, port)
        if of:
            lines.append("%s: %d of %d goals reached" % (port, good, of))
    return "\n".join(lines + notes)
