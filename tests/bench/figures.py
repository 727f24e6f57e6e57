"""Figures of the sending benchmark, and the goals that they are held against."""

import sys


def make(name: str, ours: float, peer: float, **goal: float) -> dict:
    """Return a figure.

    :param name: says what was measured, in which unit
    :param ours: our value
    :param peer: what it is held against
    :param goal: ``times``: ours is to be so many times faster than the peer;
        ``share``, ``more``: at most so many times, or so much more than, the peer;
        ``most``: at most so much; ``least``: at least so much. No slow machine excuses
        that the last two are missed.
    """
    ratio = round(ours / peer, 4)
    figure = {"name": name, "ours": round(ours, 4), "peer": round(peer, 4)}
    return {**figure, "ratio": ratio, "goal": goal}


def judge(figures: list[dict]) -> bool:
    """Say on standard error which goals were missed.

    :return: whether one is among them that no slow machine excuses
    """
    missed = [
        (figure, kind)
        for figure in figures
        for kind in figure["goal"]
        if not _is_reached(kind, figure["goal"][kind], figure["ours"], figure["peer"])
    ]
    for figure, kind in missed:
        words = "{name}: {ours:g}, against {peer:g}".format(**figure)
        wanted = f"{kind} {figure['goal'][kind]:g}"
        print(f"goal missed: {words}, wanted: {wanted}", file=sys.stderr)
    return any(kind in ("most", "least") for _figure, kind in missed)


def _is_reached(kind: str, wanted: float, ours: float, peer: float) -> bool:
    return {
        "times": ours * wanted <= peer,
        "share": ours <= wanted * peer,
        "more": ours <= peer + wanted,
        "most": ours <= wanted,
        "least": ours >= wanted,
    }[kind]
