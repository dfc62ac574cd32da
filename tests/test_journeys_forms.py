"""Other systems' events: each form is read as it is exported, everybody as who they are."""

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from journeys.check import check_log
from journeys.definition import Definition
from journeys.errors import DefinitionError, EventLogError
from journeys.forms import form_named, form_names, recognised
from journeys.read import read_as, read_events, read_frame

NOW = pd.Timestamp("2026-06-01", tz="UTC")


def lines(folder: Path, rows: list[Any], name: str = "log.jsonl") -> Path:
    text = "\n".join(json.dumps(row) for row in rows)
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def defined(form: str, **more: Any) -> Definition:
    return Definition.from_dict({"name": "x", "form": form, "success": {"activity": "won"}} | more)


def cloud(number: int, **more: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": str(number),
        "source": "urn:app",
        "type": "login",
        "subject": "c-1",
        "time": f"2026-03-0{number}T10:00:00+02:00",
        "data": {"channel": "app", "os": "iOS", "session": {"depth": 2}},
    } | more


@pytest.mark.parametrize("batched", [False, True])
def test_cloud_events_are_read_as_the_service_takes_them(tmp_path: Path, batched: bool) -> None:
    rows = [cloud(1), cloud(2, type="won", traceparent="00-1"), cloud(2, type="again")]
    path = lines(tmp_path, [rows] if batched else rows)
    definition = defined("cloudevents", attributes={"technical": ["os", "session.depth"]})
    log = read_events(path, definition)
    assert log.events["activity"].tolist() == ["login", "won"]  # a name that was there is no event
    assert log.events["time"].tolist()[0] == pd.Timestamp("2026-03-01T08:00Z")
    assert log.events["channel"].tolist() == ["app", "app"]
    assert log.events["session.depth"].tolist() == ["2", "2"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"specversion": "0.3"}, r"event 2\.specversion is '0\.3'"),
        ({"datacontenttype": "text/xml"}, "event 2 carries data of the type 'text/xml'"),
        ({"data_base64": "AA=="}, "or packed"),
        ({"data": {"time": "then"}}, "has an attribute 'time'"),
    ],
)
def test_a_cloud_event_that_the_service_refuses_is_refused_in_a_file(
    tmp_path: Path, wrong: dict[str, Any], message: str
) -> None:
    path = lines(tmp_path, [cloud(1), cloud(2, **wrong)])
    with pytest.raises(EventLogError, match=message):
        read_frame(path, form="cloudevents")


def test_an_alias_among_cloud_events_joins_and_is_no_event(tmp_path: Path) -> None:
    seen = cloud(1, subject="visitor-9")
    says = cloud(2, type="offramp.alias", data={"alias": "visitor-9"})
    frame = read_frame(lines(tmp_path, [seen, says, cloud(3)]), form="cloudevents")
    assert frame["customer_id"].tolist() == ["c-1", "c-1"]


def call(number: int, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "messageId": f"m{number}",
        "timestamp": f"2026-03-01T10:{number:02d}:00.123Z",
        "anonymousId": "a-1",
        "context": {"os": {"name": "iOS"}, "app": {"version": "8.2"}},
    } | more


PAYLOADS = [
    call(1, "page", name="Pricing", properties={"path": "/pricing"}),
    call(2, "track", event="signup_started", properties={"plan": "pro", "price": 9.5}),
    call(2, "track", event="signup_started", properties={"plan": "pro", "price": 9.5}),
    call(3, "identify", userId="u-1", traits={"tier": "gold", "address": {"city": "Rome"}}),
    call(4, "track", event="won", userId="u-1"),
    call(5, "group", userId="u-1", groupId="g", traits={"size": 7}),
    call(6, "screen", userId="u-1", timestamp=None, originalTimestamp="2026-03-01T10:06:00Z"),
]


def test_payloads_are_events_of_who_is_identified(tmp_path: Path) -> None:
    frame = read_frame(lines(tmp_path, PAYLOADS, "log.jsonl.gz"), form="segment")
    assert frame["activity"].tolist() == ["page Pricing", "signup_started", "won", "screen"]
    assert frame["customer_id"].tolist() == ["u-1"] * 4
    assert frame["context.os.name"].tolist() == ["iOS"] * 4
    assert frame["properties.price"].tolist()[1] == 9.5
    assert frame["time"].tolist()[3] == pd.Timestamp("2026-03-01T10:06:00Z")


def test_traits_hold_from_then_on_and_not_before(tmp_path: Path) -> None:
    frame = read_frame(lines(tmp_path, PAYLOADS), form="segment")
    assert frame["traits.tier"].isna().tolist() == [True, True, False, False]
    assert frame["traits.address.city"].tolist()[2:] == ["Rome", "Rome"]
    assert frame["group.size"].isna().tolist() == [True, True, True, False]


def test_rudderstack_says_traits_in_the_context_and_alias_by_the_previous_id(
    tmp_path: Path,
) -> None:
    rows = [
        call(1, "track", event="seen", anonymousId=None, userId="old"),
        call(2, "identify", userId="old", context={"traits": {"tier": "silver"}}),
        call(3, "alias", userId="new", previousId="old"),
        call(4, "track", event="won", anonymousId=None, userId="old"),
    ]
    frame = read_frame(lines(tmp_path, rows), form="segment")
    assert frame["customer_id"].tolist() == ["new", "new"]
    assert frame["traits.tier"].tolist()[1] == "silver"


def test_what_a_known_customer_did_unknown_elsewhere_is_not_known_before(tmp_path: Path) -> None:
    """Otherwise a feature at a cutoff before the login would know who it was."""
    rows = [
        call(1, "track", event="bought", anonymousId="laptop", userId="u-1"),
        call(2, "track", event="looked", anonymousId="phone"),
        call(3, "identify", anonymousId="phone", userId="u-1"),
        call(4, "track", event="won", anonymousId="phone"),
    ]
    frame = read_frame(lines(tmp_path, rows), form="segment")
    assert frame["customer_id"].tolist() == ["u-1", "phone", "u-1"]


def test_the_check_says_what_was_left_out(tmp_path: Path) -> None:
    rows = [*PAYLOADS, call(7, "track", event="won", anonymousId=None)]
    rows.append(call(8, "identify", userId="u-2"))
    definition = defined("segment", churn={"inactive_for": "1d"})
    found = check_log(read_as(lines(tmp_path, rows), definition), definition, now=NOW)
    told = " ".join(problem.sentence for problem in found.problems)
    assert "Some events came twice, by their messageId (1 of 9 rows)" in told
    assert "Some events name nobody (1 of 5 events)" in told
    assert "Some visitors were joined to several customers (1 further joins)" in told


def ga4_row(at: int, name: str, user: str | None, **params: object) -> dict[str, Any]:
    kinds = {int: "int_value", float: "double_value", str: "string_value"}
    empty = dict.fromkeys(("string_value", "int_value", "float_value", "double_value"))
    return {
        "event_timestamp": 1_772_531_400_000_000 + at,
        "event_name": name,
        "user_id": user,
        "user_pseudo_id": "p.1",
        "platform": "IOS",
        "event_params": [
            {"key": key, "value": empty | {kinds[type(value)]: value}}
            for key, value in params.items()
        ],
        "device": {"category": "mobile", "operating_system": "iOS", "web_info": None},
        "geo": {"country": "Italy"},
        "app_info": {"version": "8.2.0"},
    }


GA4 = [
    ga4_row(0, "first_open", None, page="home", depth=3, score=0.5),
    ga4_row(1, "login", "u-1", page="login", depth=1, score=0.0),
    ga4_row(2, "won", None, page="end", depth=1, score=0.0),
]


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "wrapped"])
def test_ga4s_export_is_read_with_its_parameters(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "log.parquet"
    if kind == "wrapped":  # as BigQuery names the entries of a list
        rows = [row | {"event_params": as_bigquery(row["event_params"])} for row in GA4]
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif kind == "parquet":
        pq.write_table(pa.Table.from_pylist(GA4), path)
    else:  # BigQuery writes whole numbers as text in JSON
        texts = [row | {"event_timestamp": str(row["event_timestamp"])} for row in GA4]
        path = lines(tmp_path, texts)
    definition = defined(
        "ga4",
        columns={"version": "app_info.version", "depth": "event_params.depth"},
        attributes={"technical": ["version", "device.operating_system"], "numeric": "depth"},
    )
    log = read_events(path, definition)
    assert log.events["customer_id"].tolist() == ["u-1"] * 3
    assert log.events["activity"].tolist() == ["first_open", "login", "won"]
    assert log.events["time"].tolist()[1] == pd.Timestamp("2026-03-03T09:50:00.000001Z")
    assert log.events["channel"].tolist() == ["IOS"] * 3
    assert log.events["version"].tolist() == ["8.2.0"] * 3
    assert log.events["depth"].tolist() == [3.0, 1.0, 1.0]
    everything = read_frame(path, form="ga4")
    assert everything["event_params.page"].tolist() == ["home", "login", "end"]
    assert everything["event_params.score"].tolist()[0] == 0.5


def as_bigquery(values: list[dict[str, Any]]) -> dict[str, Any]:
    return {"list": [{"element": value} for value in values]}


CONTEXT = {"schema": "iglu:com.acme/productView/jsonschema/1-0-2", "data": {"sku": "s1"}}
ENRICHED = {
    "app_id": "shop",
    "platform": "mob",
    "collector_tstamp": "2026-03-01 10:00:00.000",
    "derived_tstamp": "2026-03-01 09:59:59.500",
    "event": "unstruct",
    "event_id": "e1",
    "domain_userid": "d-1",
    "user_id": "u-1",
    "page_title": '"Home", sweet home',
    "contexts": json.dumps({"schema": "iglu:x/contexts/jsonschema/1-0-0", "data": [CONTEXT]}),
    "unstruct_event": json.dumps(
        {"schema": "x", "data": {"schema": "iglu:com.acme/won/jsonschema/2-0-0", "data": {"n": 1}}}
    ),
    "event_name": "won",
}


def check_enriched(path: Path) -> None:
    frame = read_frame(path, form="snowplow")
    assert frame["customer_id"].tolist() == ["u-1"]
    assert frame["time"].tolist() == [pd.Timestamp("2026-03-01T09:59:59.5Z")]
    assert frame["activity"].tolist() == ["won"]
    assert frame["page_title"].tolist() == ['"Home", sweet home']
    assert frame["contexts_com_acme_product_view_1.sku"].tolist() == ["s1"]
    assert frame["unstruct_event_com_acme_won_2.n"].tolist() == [1]


def test_snowplows_stream_is_read_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "enriched.tsv"
    names = form_named("snowplow").header
    path.write_text("\t".join(ENRICHED.get(name, "") for name in names) + "\n")
    check_enriched(path)


def test_snowplows_table_is_read_with_the_columns_of_its_loader(tmp_path: Path) -> None:
    row = {name: value for name, value in ENRICHED.items() if "context" not in name}
    row |= {"contexts_com_acme_product_view_1": [{"sku": "s1"}, {"sku": "s2"}]}
    row |= {"unstruct_event": None, "unstruct_event_com_acme_won_2": {"n": 1}}
    path = tmp_path / "enriched.parquet"
    pq.write_table(pa.Table.from_pylist([row]), path)
    check_enriched(path)


@pytest.mark.parametrize(
    ("columns", "form"),
    [
        ({"event_timestamp", "event_name", "user_pseudo_id", "geo"}, "ga4"),
        ({"type", "messageId", "userId"}, "segment"),
        ({"specversion", "type", "source", "id"}, "cloudevents"),
        (set(form_named("snowplow").header), "snowplow"),
        ({"customer_id", "time", "activity", "type"}, None),
    ],
)
def test_a_form_is_recognised_by_its_columns(columns: set[str], form: str | None) -> None:
    found = recognised(columns)
    assert (found.name if found else None) == form


def test_every_form_is_wholly_described() -> None:
    for name in form_names():
        form = form_named(name)
        assert form.customer
        assert form.time
        assert form.activity
        assert form.known_by


def test_another_form_than_the_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(EventLogError, match=r"is not GA4's export to BigQuery: nothing in it"):
        read_frame(lines(tmp_path, PAYLOADS), form="ga4")
    with pytest.raises(DefinitionError, match=r"'ga5' \(closest: 'ga4'\)"):
        form_named("ga5")
    path = tmp_path / "log.xes"
    path.write_text("<log/>")
    with pytest.raises(EventLogError, match="XES, which is a form itself"):
        read_frame(path, form="ga4")
