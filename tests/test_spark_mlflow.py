"""The model in MLflow as a function of Spark: a row a customer, the numbers of `offramp score`."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.spark import spark_session
from journeys.log import event_log
from models import save_bundle
from tests.quick_bundle import quick_bundle
from tests.spark_world import columns_of, skewed
from training.score import score_open
from training.store import quiet
from training.versions import crown, name_of, register

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore"),  # PySpark and MLflow warn of each other
]
URI = "models:/offramp-on_spark@champion"


@pytest.fixture(scope="module")
def session() -> Iterator["SparkSession"]:
    with spark_session("local[2]") as session:
        yield session


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory, mlflow_store: str) -> pd.DataFrame:
    """Register a quick model of a log with ties, write the log to a file, and score it here."""
    events, definition = skewed(250, seed=6)
    definition = definition.model_copy(update={"name": "on_spark"})
    log = event_log(events, definition)
    bundle = quick_bundle(log, definition)
    folder = tmp_path_factory.mktemp("on-spark")
    pq.write_table(columns_of(events), folder / "events.parquet")
    mlflow.set_tracking_uri(mlflow_store)
    with quiet(), mlflow.start_run(run_name="on_spark"):
        version = register(bundle, save_bundle(bundle, folder / "bundle"))
    crown(name_of(bundle.journey), version)
    scores = score_open(log, bundle)
    scores.attrs["events"] = str(folder / "events.parquet")
    return scores


def histories(session: "SparkSession", path: str) -> "DataFrame":
    """Return a row per customer with lists, as docs/mlflow.md says."""
    from pyspark.sql import functions as F

    wanted = [one.name for one in mlflow.models.get_model_info(URI).signature.inputs]
    told = [name for name in wanted if name != "customer_id"]
    events = session.read.parquet(str(Path(path).as_uri()))
    at = F.date_format("time", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX").alias("time")
    rest = [name for name in told if name != "time"]
    one = F.struct("time", F.col("_metadata.row_index").alias("position"), at.alias("at"), *rest)
    lists = events.groupBy("customer_id").agg(F.sort_array(F.collect_list(one)).alias("events"))
    columns = [
        F.col("events.at").alias("time"),
        *(F.col(f"events.{name}").alias(name) for name in rest),
    ]
    return lists.select("customer_id", F.struct("customer_id", *columns).alias("history"))


def test_a_function_of_spark_answers_each_customer_as_the_command_scores_them(
    session: "SparkSession", scores: pd.DataFrame
) -> None:
    session.conf.set("spark.sql.session.timeZone", "America/New_York")  # which must not matter
    try:
        asked = {"as_of": scores["as_of"].iloc[0].isoformat()}
        predict = mlflow.pyfunc.spark_udf(session, URI, env_manager="local", params=asked)
        rows = histories(session, scores.attrs["events"]).repartition(5)
        found = rows.select(predict("history").alias("one")).select("one.*").toPandas()
    finally:
        session.conf.set("spark.sql.session.timeZone", "UTC")
    assert found["customer_id"].is_unique
    assert len(found) > len(scores) > 3
    still_open = found.dropna(subset="journey_id").set_index("customer_id")
    assert set(still_open.index) == set(scores["customer_id"])
    told = scores.set_index("customer_id").loc[still_open.index]
    for name in told.columns.drop("as_of"):
        assert still_open[name].tolist() == told[name].tolist(), name
    assert pd.to_datetime(still_open["as_of"]).tolist() == told["as_of"].tolist()
