"""The words of the report, each in a sentence."""

GLOSSARY = (
    ("journey", "one customer's pursuit of one goal, from its start to success, failure or a long "
     "silence"),
    ("step", "an activity that a journey reaches, such as uploading a document"),
    ("reaching the contact centre", "a journey begun in a digital channel ends up with an agent "
     "about itself; also called leakage"),
    ("finding", "conditions at a step after which customers fare worse than expected since a date; "
     "tested against everything else that was searched"),
    ("effect", "the additional share of journeys that end badly, compared with what is expected of "
     "like journeys"),
    ("points", "percentage points: 16 points more are 16 more in every 100 journeys"),
    ("interval", "the range that holds the true value 95 times in 100; written in brackets"),
    ("onset", "the day from which a finding holds"),
    ("exposed, harmed", "journeys that met the conditions since the onset; and how many of them "
     "ended badly because of it (those who could still be harmed, times effect)"),
    ("period", "the last 28 days of the log (half of a shorter one); before: as many before it"),
    ("no change shown", "the interval of a change holds zero: what is seen may be chance"),
    ("can be won back", "what bad outcomes because of the open findings cost; a fix would save it"),
    ("at risk", "on their way, with the step still ahead: those whom a finding may hit next"),
    ("early warning", "a release too new for outcomes shows early symptoms that its like do not"),
    ("symptom", "what exposed customers do more often afterwards: a consequence, not the cause"),
    ("driver", "what moves a prediction over many customers: it goes together with the outcome, "
     "and need not cause it"),
    ("base rate", "how often the outcome occurs over all"),
    ("open journey", "not ended when the log ends; never counted as a failure"),
)  # fmt: skip
