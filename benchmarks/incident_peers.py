"""Others' ways to name the cause of an excess in counted rows, each in its plainest form.

None of them is on PyPI, so each is written here from its description: a likelihood ratio per
conjunction with a price for complexity, Adtributor (Bhagwan et al. 2014) and RiskLoc (Kalander
2022) with the thresholds of their papers.  All are given the same leaves and the same expected
counts: the rate of each leaf's past, shrunk a little towards that of all.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import rel_entr, xlogy

from benchmarks.incident_data import Answer, Incident, answer
from rootcause.counted_conjunctions import Conjunctions, conjunctions_of
from rootcause.counted_leaves import Leaves, leaves_of

Floats = NDArray[np.float64]
Peer = Callable[[Incident], list[Answer]]

_MOST = 5
_SHRUNK_BY = 10.0


def likelihood_ratio(incident: Incident, *, general: float = 0.15) -> list[Answer]:
    """Rank by likelihood ratio less log(conjunctions of that order), the more general within 15 %.

    Every outcome counts as a coin of its own, and nothing is asked of the leaves outside.
    """
    leaves, conjunctions, expected = _given(incident)
    n, bad, usual = (
        conjunctions.members @ counts for counts in (leaves.n[:, -1], leaves.bad[:, -1], expected)
    )
    ratio = xlogy(bad, bad / usual) + xlogy(n - bad, (n - bad) / (n - usual))
    score = np.where(bad > usual, ratio, -np.inf) - conjunctions.price
    names = [conjunctions.names_of(int(one), leaves)[0] for one in np.argsort(-score)[:100]]
    left = list(zip(map(answer, names), np.sort(score)[::-1], strict=False))
    ranked: list[Answer] = []
    while left and len(ranked) < _MOST:
        leader = left[0]
        within = [
            one for one in left if one[0] <= leader[0] and one[1] >= leader[1] * (1 - general)
        ]
        chosen = min([leader, *within], key=lambda one: (len(one[0]), -one[1]))
        ranked.append(chosen[0])
        left.remove(chosen)
    return ranked


def adtributor(incident: Incident, *, explains: float = 0.67, each: float = 0.1) -> list[Answer]:
    """Name the values of the attribute whose shares of the bad outcomes are most surprising.

    Of each attribute, the most surprising values that explain a tenth of the change each, until two
    thirds are explained; attributes by the sum of surprise.
    """
    leaves, _, expected = _given(incident)
    bad = leaves.bad[:, -1]
    change = bad.sum() - expected.sum()
    found: list[tuple[float, list[Answer]]] = []
    for name, codes, values in zip(leaves.attributes, leaves.codes.T, leaves.values, strict=True):
        there = codes >= 0
        actual, forecast = (np.bincount(codes[there], by[there]) for by in (bad, expected))
        p, q = forecast / expected.sum(), actual / bad.sum()
        surprise = (rel_entr(p, (p + q) / 2) + rel_entr(q, (p + q) / 2)) / 2
        power = (actual - forecast) / change
        chosen: list[int] = []
        for value in np.argsort(-surprise):
            if power[value] > each and power[chosen].sum() <= explains:
                chosen.append(int(value))
        if power[chosen].sum() > explains:
            named = [answer({name: values[one]}) for one in chosen]
            found.append((float(surprise[chosen].sum()), named))
    ranked = sorted(found, key=lambda one: -one[0])
    return [named for _, attribute in ranked for named in attribute][:_MOST]


def riskloc(incident: Incident, *, risky: float = 0.5, explains: float = 0.02) -> list[Answer]:
    """Name, again and again, the conjunction with the fewest conditions that has enough risk.

    Risk: how much of the weight inside deviates, less how much deviation remains once the
    conjunction's own change is spread over its leaves. Leaves that are explained are taken out.
    """
    leaves, conjunctions, expected = _given(incident)
    bad, left = leaves.bad[:, -1], leaves.n[:, -1] > 0
    deviation = _deviation(bad, expected)
    high = deviation > _cut(deviation[left])
    enough = explains * (bad - expected)[high].sum()
    orders = np.array([len(same[0][0]) for same in conjunctions.names])
    ranked: list[Answer] = []
    while len(ranked) < _MOST:
        power = conjunctions.members @ np.where(left, bad - expected, 0.0)
        found = (_risk(conjunctions, bad * left, expected * left, high & left) >= risky) & (
            power > enough
        )
        if not found.any():
            break
        simplest = found & (orders == orders[found].min())
        chosen = int(np.argmax(np.where(simplest, power, -np.inf)))
        ranked.append(answer(conjunctions.names_of(chosen, leaves)[0]))
        left[conjunctions.leaves_in(chosen)] = False
    return ranked


def _given(incident: Incident) -> tuple[Leaves, Conjunctions, Floats]:
    leaves = leaves_of(incident.rows, at=incident.at, attributes=incident.attributes, time="time")
    n, bad = leaves.n[:, :-1].sum(axis=1), leaves.bad[:, :-1].sum(axis=1)
    rate = (bad + _SHRUNK_BY * bad.sum() / n.sum()) / (n + _SHRUNK_BY)
    now = leaves.n[:, -1]
    return leaves, conjunctions_of(leaves, now), now * np.clip(rate, 1e-6, 1 - 1e-6)


def _deviation(bad: Floats, expected: Floats) -> Floats:
    return np.asarray(2 * (bad - expected) / np.maximum(bad + expected, 1e-9), dtype=np.float64)


def _cut(deviation: Floats, outliers: int = 5) -> float:
    """Return where deviating begins: the nearer end of the deviations without a few outliers."""
    ordered = np.sort(np.unique(deviation))
    outliers = min(outliers, len(ordered) - 1)
    return float(min(abs(ordered[outliers]), abs(ordered[-1 - outliers])))


def _risk(
    conjunctions: Conjunctions, bad: Floats, expected: Floats, high: NDArray[np.bool_]
) -> Floats:
    members = conjunctions.members
    deviation = _deviation(bad, expected)
    edge = deviation[high].min() if high.any() else 0.0
    weight = np.minimum(np.abs(np.where(high, deviation, edge - deviation)), 1.0) * (expected > 0)
    heavy, light = members @ (weight * high), members @ (weight * ~high)
    spread = (members @ bad) / np.maximum(members @ expected, 1e-9)
    inside = members.tocoo()
    compared = (bad > 0)[inside.col]
    after = _deviation(bad[inside.col], expected[inside.col] * spread[inside.row])
    remains, before = (
        np.bincount(inside.row, np.abs(by) * compared, minlength=members.shape[0])
        for by in (after, deviation[inside.col])
    )
    return np.asarray(heavy / (heavy + light + 1) - remains / np.maximum(before, 1e-9))


PEERS: Mapping[str, Peer] = {
    "likelihood ratio": likelihood_ratio,
    "Adtributor": adtributor,
    "RiskLoc": riskloc,
}
