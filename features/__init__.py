"""Features: what could be known of a journey at a cutoff, as numbers.

A **feature** is one column of the table: a name, a unit, a tier and words.  `feature_list` says
which features a journey has, one line each; `plan_of` compiles the list with the **vocabulary**
that was learnt on the training part; `table` walks every customer's events once and writes a row
at each cutoff.  Training, scoring and serving run that one compiled walk, so they cannot differ.
The last columns look at other customers: `Surroundings` say what was known of them, and when.
`TypedEvents` writes one request's row, `sequences` the last events as codes.  No label can be seen
from here.
"""

from features.encode import EncodedEvents, encode
from features.experience import learn_surroundings, learn_surroundings_over
from features.feature import Feature
from features.plan import Plan, plan_of
from features.sequences import Sequences, sequences
from features.spec import feature_list
from features.stored import plan_as_dict, plan_from_dict
from features.surroundings import Surroundings
from features.table import table, tables
from features.typed import Ended, TypedEvents
from features.vocabulary import (
    NEVER_SEEN,
    Vocabulary,
    learn_vocabulary,
    learn_vocabulary_over,
)

__all__ = [
    "NEVER_SEEN",
    "EncodedEvents",
    "Ended",
    "Feature",
    "Plan",
    "Sequences",
    "Surroundings",
    "TypedEvents",
    "Vocabulary",
    "encode",
    "feature_list",
    "learn_surroundings",
    "learn_surroundings_over",
    "learn_vocabulary",
    "learn_vocabulary_over",
    "plan_as_dict",
    "plan_from_dict",
    "plan_of",
    "sequences",
    "table",
    "tables",
]
