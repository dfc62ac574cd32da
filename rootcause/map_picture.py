"""The picture of the journey map: a flow from top to bottom, as wide as there are journeys."""

from collections.abc import Mapping, Sequence
from typing import Any

from rootcause.svg import Drawing, cut

_PITCH, _BAR, _TITLE, _GAP = 104.0, 12.0, 22.0, 7.0
_FLOW, _SIDE = 238.0, 248.0
_DRIP = 16.0
_SIGNS = {"good": " ▲", "bad": " ▼", "even": ""}

Lane = Mapping[str, Any]


def map_picture(shown: Mapping[str, Any]) -> str:
    """Return the map as SVG; ``shown``: of `rootcause.journey_map.journey_map`."""
    rows = shown["rows"]
    drawing = Drawing(_PITCH * len(rows) - 26)
    places = [_places(row, _scale(rows)) for row in rows]
    for k, row in enumerate(rows):
        _flows(drawing, shown, k, places)
        _drips(drawing, row, k, places[k])
    for k, row in enumerate(rows):
        _nodes(drawing, row, k, (places[k], shown["ends_well"]))
        _leavers(drawing, row, k)
    return drawing.svg(_alternative(shown))


def _scale(rows: Sequence[Mapping[str, Any]]) -> float:
    """Return pixels per journey: the widest row fills the width."""
    found: float = min(
        (_FLOW - _GAP * (len(row["lanes"]) - 1)) / sum(lane["journeys"] for lane in row["lanes"])
        for row in rows
        if row["lanes"]
    )
    return found


def _places(row: Mapping[str, Any], scale: float) -> dict[int, tuple[float, float, float]]:
    """Return per lane its left edge, its width and the pixels per journey."""
    found, left = {}, 0.0
    for lane in row["lanes"]:
        width = lane["journeys"] * scale
        found[lane["lane"]] = (left, width, scale)
        left += width + _GAP
    return found


def _flows(
    drawing: Drawing,
    shown: Mapping[str, Any],
    k: int,
    places: Sequence[dict[int, tuple[float, float, float]]],
) -> None:
    if k + 1 == len(places):
        return
    here, there = places[k], places[k + 1]
    out = {lane: left for lane, (left, _, _) in here.items()}
    into = {lane: left for lane, (left, _, _) in there.items()}
    for link in (one for one in shown["links"] if one["row"] == k):
        begin, end = link["from"], link["to"]
        if begin not in here or end not in there:
            continue
        width = link["journeys"] * here[begin][2]
        top = k * _PITCH + _TITLE + _BAR
        bottom = (k + 1) * _PITCH + _TITLE
        drawing.ribbon(
            (out[begin], top), (into[end], bottom), (width, width), f"flow {link['side']}"
        )
        out[begin] += width
        into[end] += width


def _drips(
    drawing: Drawing, row: Mapping[str, Any], k: int, places: dict[int, tuple[float, float, float]]
) -> None:
    """Draw who leaves here as short stubs at the right of each node: ended, and under way."""
    top = k * _PITCH + _TITLE + _BAR
    for lane in row["lanes"]:
        left, width, scale = places[lane["lane"]]
        right = left + width
        for name, kind in (("lost", "bad"), ("open", "way")):
            wide = lane[name] * scale
            if wide > 0:
                points = [(right - wide, top), (right, top), (right, top + _DRIP)]
                points += [(right - wide / 2, top + _DRIP + 5), (right - wide, top + _DRIP)]
                drawing.area(points, f"{kind} drip")
                right -= wide


def _nodes(
    drawing: Drawing,
    row: Mapping[str, Any],
    k: int,
    known: tuple[dict[int, tuple[float, float, float]], str],
) -> None:
    places, ends_well = known
    top = k * _PITCH
    said = cut(row["words"], _SIDE - 70, 13)
    drawing.text((0, top + 14), said, "strong halo")
    drawing.text((360, top + 14), f"{row['said']} journeys", "soft halo", "end")
    after = -1.0
    for lane in row["lanes"]:
        left, width, _ = places[lane["lane"]]
        kind = "passed" if lane["channel"] == "passed by" else f"node {lane['side']}"
        drawing.bar((left, top + _TITLE), (max(width, 1.5), _BAR), kind, round_=1.5)
        room = width + _GAP if lane is not row["lanes"][-1] else _SIDE - left
        for words in _lane_words(lane, ends_well):
            if left >= after and room >= 6.2 * len(words):
                drawing.text((left + 1, top + _TITLE + _BAR + 31), words, "small halo")
                after = left + 6.2 * len(words)
                break


def _lane_words(lane: Mapping[str, Any], ends_well: str) -> list[str]:
    """Say a lane and how it ends, at length and briefly."""
    if not lane["percent"] or lane["percent"] == "100 %":
        return [str(lane["channel"])]
    named = f"{lane['channel']}: " if lane["channel"] else ""
    sign = _SIGNS[lane["side"]]
    return [
        f"{named}{lane['percent']} {ends_well}{sign}",
        f"{lane['channel']} {lane['percent']}{sign}".strip(),
        f"{lane['percent']}{sign}",
    ]


def _leavers(drawing: Drawing, row: Mapping[str, Any], k: int) -> None:
    """Write at the right how many end here, how many of them called, and who is under way."""
    at = k * _PITCH + _TITLE + _BAR + 14
    told = []
    if row["lost_said"] != "0":
        told.append((f"{row['lost_said']} end here", "bad-text strong"))
        if row["contact_said"] != "0":
            told.append((f"{row['contact_said']} after a contact", "small"))
    if row["open_said"] != "0":
        told.append((f"{row['open_said']} under way", "small soft"))
    for line, (words, kind) in enumerate(told):
        drawing.text((360, at + 14 * line), words, f"{kind} halo", "end")


def _alternative(shown: Mapping[str, Any]) -> str:
    told = []
    for row in shown["rows"]:
        lanes = ", ".join(
            f"{lane['channel'] or 'journeys'} {lane['journeys']:,}"
            + (f" of which {lane['percent']} {shown['ends_well']}" if lane["percent"] else "")
            for lane in row["lanes"]
        )
        told.append(f"{row['words']}: {lanes}; {row['lost_said']} end here")
    return f"The paths of {shown['journeys']} journeys over the milestones. {'. '.join(told)}."
