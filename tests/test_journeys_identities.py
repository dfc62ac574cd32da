"""Who is who: a join changes what comes, and of what was before nothing but a name."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from journeys.identities import owners_of

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["u", "v", None]), st.sampled_from(["a", "b", None]), st.integers(0, 9)
    ),
    max_size=12,
)


@given(EVENTS, st.integers(0, 9))
def test_what_comes_later_changes_nobodys_past_but_a_name(
    events: list[tuple[str | None, str | None, int]], until: int
) -> None:
    """Who was one person at an instant, as far as a log that ends there can tell, stays one."""
    whole, known = owners(events), owners([one for one in events if one[2] <= until])
    early = whole[[one[2] <= until for one in events]].reset_index(drop=True)
    pairs = set(zip(known.dropna(), early.dropna(), strict=True))
    assert len({then for then, _ in pairs}) == len(pairs)  # nobody was split
    assert len({later for _, later in pairs}) == len(pairs)  # nor put together


def owners(events: list[tuple[str | None, str | None, int]]) -> pd.Series:
    columns = [pd.Series([one[place] for one in events], dtype=object) for place in range(2)]
    times = pd.Series([one[2] for one in events], dtype="int64")
    joins = (columns[0].notna() & columns[1].notna()).to_numpy(dtype=bool)
    return owners_of(*columns, times, joins=joins).owners


def test_a_visitor_of_a_visitor_is_the_person_at_the_end_of_the_chain() -> None:
    assert owners([("b", "a", 1), ("c", "b", 2), (None, "a", 3)]).tolist() == ["c", "c", "c"]


def test_a_visitor_stays_with_the_first_customer_and_circles_are_refused() -> None:
    events = [("u", "a", 1), ("v", "a", 2), ("a", "u", 3), (None, "a", 4)]
    columns = [pd.Series([one[place] for one in events], dtype=object) for place in range(2)]
    times = pd.Series([one[2] for one in events])
    joined = owners_of(*columns, times, joins=times.gt(0).to_numpy(dtype=bool))
    assert joined.owners.tolist() == ["u", "v", "u", "u"]
    assert joined.refused == 2
