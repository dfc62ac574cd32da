"""The numbers by which the plan names an operation to the kernel, and the columns of the plan."""

(ACTIVE_DAYS, BEFORE, BESIDE, CALENDAR, CLOCK, COUNT, DECAYED, DISORDER, EARLIER_GAPS, GAPS,
 HISTORY, HOPS, LAST_K, LAST_VALUE, PACE, PROGRESS, REPEATS, RUNS, SHARE, SINCE, STATS, SWITCHES,
 TRANSITION, WINDOW) = range(24)  # fmt: skip

# One row of the plan a primitive: operation, whether a new journey begins anew, whether it changes
# with time, what is observed, column of the codes or numbers, slots of the state and of the output,
# two parameters.
OP, JOURNEY_SCOPE, TIMED, OBSERVED, COLUMN, STATE, SIZE, OUT, WIDTH, A, B = range(11)
VALUES, EVERY_EVENT, NUMBERS = range(3)

HOUR = 3_600_000_000
DAY = 24 * HOUR
