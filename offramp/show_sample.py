"""From whom a model has learnt, and what a sample of the customers loses."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from offramp.show import plain_table

_ROADS = {
    "memory": "Learnt from all {of:,} customers.",
    "sample": "Learnt from {customers:,} of {of:,} customers, drawn by a hash of their keys.",
    "dask": "Learnt from all {of:,} customers, the trees grown on a Dask cluster; evaluated on "
    "{looked_at:,} of them.",
    "disk": "Learnt from all {of:,} customers, their samples read from disk; evaluated on "
    "{looked_at:,} of them.",
}


def learnt_from(manifest: Mapping[str, Any]) -> RenderableType:
    """Say how many customers were learnt from and, of a sample, what all would bring."""
    said = manifest.get("learnt_from")
    if said is None or said["road"] == "memory":
        return Group()
    losses = manifest.get("sample_loss", {})
    parts: list[RenderableType] = [Text(_ROADS[said["road"]].format(**said))]
    if any(loss["points"] for loss in losses.values()):
        parts.append(_curves(losses))
    for outcome, loss in losses.items():
        parts.append(Text(*_verdict(outcome, loss, said["road"])))
    return Group(*parts)


def _curves(losses: Mapping[str, Any]) -> RenderableType:
    """Show the AUC on the same later journeys by how many customers were learnt from."""
    sizes = next(loss["points"] for loss in losses.values() if loss["points"])
    heads = [f"from {point['customers']:,}" for point in sizes]
    table = plain_table("AUC (95 %)", *heads)
    for outcome, loss in losses.items():
        cells = [f"{one['auc']:.3f} ({one['low']:.3f}-{one['high']:.3f})" for one in loss["points"]]
        table.add_row(outcome, *cells)
    return table


def _verdict(outcome: str, loss: Mapping[str, Any], road: str) -> tuple[str, str]:
    if loss["loss"] is None:
        return f"{outcome}: {loss['why']}", "yellow"
    what = (
        f"{outcome}: all {loss['all_customers']:,} customers would bring {loss['loss']:+.4f} AUC "
        f"({loss['low']:+.4f} to {loss['high']:+.4f})"
    )
    if loss["small"]:
        return f"{what}: less than {loss['limit']}.", ""
    if road in ("disk", "dask"):
        return f"{what}, perhaps {loss['limit']} or more; so all were learnt from.", ""
    more = "give more `--customers` or `--memory`, or `--customers all` to learn from disk."
    return f"{what}, perhaps {loss['limit']} or more; {more}", "yellow"
