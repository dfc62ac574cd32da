"""Contrasts made up in numbers, for the tests of what a finding carries.

Two context and one technical attribute; from day 60 of 120 on those with version ``new`` and region
``south`` come to harm; the old use the new version less and come to harm more anyway.
"""

from dataclasses import replace

import numpy as np

from journeys.definition import Definition
from rootcause.contrast import Contrast
from rootcause.exposure import MICROS_A_DAY, MISSING, Exposures

ONSET, DAYS = 60, 120
CONDITIONS = {"activity": "upload", "region": "south", "version": "new"}
DEFINITION = Definition.from_dict(
    {
        "name": "loan",
        "success": {"activity": "done"},
        "leakage": {"activity": "call", "within": "4d"},
        "attributes": {"context": ["region", "age"], "technical": ["version", "device"]},
    }
)
EFFECT = 0.2


def made_up(
    seed: int, n: int = 6000, *, effect: float = EFFECT, born: int = 0, level: float = 0.0
) -> Contrast:
    """Return a contrast whose expected rate is the true one.

    ``born``: the day before which nobody has the new version; ``level``: harm that those who meet
    the conditions come to always, and that no expected rate knows of.
    """
    rng = np.random.default_rng(seed)
    day = np.sort(rng.integers(0, DAYS, n))
    customer = rng.integers(0, n // 2, n)
    south, old = rng.random(n) < 0.5, rng.random(n) < 0.4
    new = (rng.random(n) < np.where(old, 0.3, 0.7)) & (day >= born)
    met = south & new
    usual = 0.1 + 0.15 * old + 0.05 * south
    rate = usual + effect * (met & (day >= ONSET)) + level * met
    exposures = Exposures(
        steps=("upload",),
        attributes=("region", "age", "version", "device"),
        numeric=(),
        names=(
            ("north", "south", MISSING),
            ("old", "young", MISSING),
            ("before", "new", MISSING),
            ("d0", "d1", "d2", "d3", MISSING),
        ),
        step=np.zeros(n, dtype=np.int64),
        journey=np.arange(n),
        row=np.arange(n),
        customer=customer,
        lot=customer,
        time=day * MICROS_A_DAY,
        day=day,
        codes=np.column_stack([south, ~old, new, rng.integers(0, 4, n)]).astype(np.int32),
        numbers=np.empty((n, 0)),
        bad=(rng.random(n) < rate).astype(np.float64),
        at_risk=np.ones(n, dtype=np.bool_),
    )
    return Contrast(
        exposures=exposures,
        conditions=CONDITIONS,
        since=ONSET,
        here=np.ones(n, dtype=np.bool_),
        met=met,
        expected=usual,
        scatter=1.0,
    )


def blind(contrast: Contrast) -> Contrast:
    """Return the contrast with an expected rate that knows nothing of anybody."""
    usual = np.full(len(contrast.exposures), 0.2)
    return replace(contrast, expected=usual)
