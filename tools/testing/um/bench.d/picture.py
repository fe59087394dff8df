# SPDX-License-Identifier: GPL-2.0
"""The figures as a picture: for each row a bar a column, on a logarithmic scale
of the ratio to the host, or to the peer where the host has no figure."""
import math
from xml.sax.saxutils import escape

from columns import HOST, HOST_ALL, PEER
from table import NAMES

COLOURS = ["#1b6ca8", "#e07b39", "#3d8f5f", "#7b4fa3", "#b5495b"]
GREY = {PEER: "#8a8a8a", HOST_ALL: "#c3bfae"}
LEFT, WIDTH, RIGHT = 230, 560, 50
BAR, GAP, HEAD = 9, 7, 46


class Svg:
    def __init__(self):
        self.parts = []

    def rect(self, x, y, w, h, fill, title=None):
        inner = "<title>%s</title>" % escape(title) if title else ""
        self.parts.append('<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s">%s</rect>'
                          % (x, y, max(w, 0.8), h, fill, inner))

    def line(self, x1, y1, x2, y2, colour, width=1):
        self.parts.append('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" '
                          'stroke-width="%g"/>' % (x1, y1, x2, y2, colour, width))

    def text(self, x, y, words, anchor="start", size=11, colour="#222", weight="normal"):
        self.parts.append('<text x="%.1f" y="%.1f" text-anchor="%s" font-size="%d" fill="%s" '
                          'font-weight="%s">%s</text>' % (x, y, anchor, size, colour, weight,
                                                          escape(words)))

    def finish(self, width, height):
        return ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
                'viewBox="0 0 %d %d" font-family="DejaVu Sans, Helvetica, Arial, sans-serif">\n'
                '<rect width="100%%" height="100%%" fill="#fdfdfb"/>\n%s\n</svg>\n'
                % (width, height, width, height, "\n".join(self.parts)))


def ratio_text(value):
    if value >= 100:
        return "%.0f" % value
    return "%.3g" % value


def panel(svg, top, section, columns, colours, base):
    """Draw one section at a height; the height below it."""
    rows = {case: {c: row[c] / row[base] for c in columns if c != base and row.get(c)}
            for case, row in section.rows.items() if row.get(base)}
    rows = {case: row for case, row in rows.items() if row}
    if not rows:
        return top
    drawn = [c for c in columns if any(c in row for row in rows.values())]
    goals = {case: section.goal(case) / section.rows[case][base]
             for case in rows if section.goal(case)}
    values = [v for row in rows.values() for v in row.values()] + list(goals.values())
    low = math.floor(min(math.log10(v) for v in values + [0.9]))
    high = max(math.ceil(max(math.log10(v) for v in values + [1.1])), low + 1)

    def x(value):
        return LEFT + WIDTH * (math.log10(value) - low) / (high - low)

    svg.text(12, top + 14, section.title, size=13, weight="bold")
    svg.text(12, top + 29, "times the %s's figure, logarithmic; less is better%s" % (
        "peer" if base == PEER else "host", "; " + section.note if section.note else ""),
        colour="#666")
    top += HEAD
    each = BAR * len(drawn) + GAP
    bottom = top + each * len(rows)
    for power in range(low, high + 1):
        for step in (1, 2, 5) if power < high else (1,):
            at = x(step * 10 ** power)
            svg.line(at, top - 4, at, bottom, "#ddd" if step == 1 else "#eee")
            if step == 1 or high - low < 3:
                svg.text(at, bottom + 13, "%g" % (step * 10 ** power), "middle", 10, "#666")
    for case, row in rows.items():
        svg.text(LEFT - 8, top + each / 2, section.label(case), "end")
        for i, column in enumerate(drawn):
            if column not in row:
                continue
            value, y = row[column], top + 3 + BAR * i
            begin, end = sorted((x(1), x(value)))
            name = NAMES.get(column, column)
            svg.rect(begin, y, end - begin, BAR - 1.5, colours[column], "%s: %s %s, %s times" % (
                name, "%.4g" % section.rows[case][column], section.unit, ratio_text(value)))
            at, anchor = (end + 4, "start") if value >= 1 else (begin - 4, "end")
            svg.text(at, y + BAR - 2, ratio_text(value), anchor, size=8, colour="#444")
        if case in goals:
            at = x(goals[case])
            svg.line(at, top + 1, at, top + each - GAP + 4, "#c0002a", 1.8)
        top += each
    svg.line(x(1), top - each * len(rows) - 4, x(1), bottom, "#555", 1.2)
    return bottom + 34


def draw(sections, columns, notes):
    """The whole picture as text."""
    svg = Svg()
    drawn = [c for c in columns if c != HOST and
             any(c in row for section in sections for row in section.rows.values())]
    colours = dict(GREY)
    for number, column in enumerate(c for c in drawn if c not in GREY):
        colours[column] = COLOURS[number % len(COLOURS)]
    svg.text(12, 24, "Linux as a program: this port beside the host and a peer", size=16,
             weight="bold")
    at = 12
    for column in drawn:
        name = NAMES.get(column, column)
        svg.rect(at, 37, 12, 11, colours[column])
        svg.text(at + 17, 47, name)
        at += 36 + 7 * len(name)
    svg.line(at + 4, 36, at + 4, 49, "#c0002a", 1.8)
    svg.text(at + 11, 47, "goal")
    top = 70
    for section in sections:
        has_host = any(row.get(HOST) for row in section.rows.values())
        top = panel(svg, top, section, columns, colours, HOST if has_host else PEER)
    for note in notes:
        svg.text(12, top, note, size=10, colour="#666")
        top += 14
    return svg.finish(LEFT + WIDTH + RIGHT, top + 4)
