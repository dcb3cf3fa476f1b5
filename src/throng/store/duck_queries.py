"""What is asked of a DuckDB store, in SQL."""

from throng.store.duck_schema import ROWS

_BETWEEN = "tick_start >= make_timestamp($start_us) AND tick_start < make_timestamp($end_us)"
_ROW = "series, epoch_us(tick_start) AS tick_start_us, part, reason, value, standard_error"

# Bounded by the batch's own ticks, the join reads the few row groups that hold them and needs no index, which would make the
# file ten times as large.
FIND_STORED = f"""
SELECT place FROM late SEMI JOIN (
    SELECT series, tick_start FROM {ROWS} WHERE tick_start BETWEEN make_timestamp($first_us) AND make_timestamp($last_us)
) AS stored USING (series, tick_start)
"""

SETTLE = "INSERT INTO settled SELECT * FROM fresh ORDER BY series, tick_start"

NEWEST_TICKS = f"SELECT series, max(tick_start) AS tick_start FROM {ROWS} WHERE {_BETWEEN} GROUP BY series"
NEWEST_ROWS = f"""
SELECT {_ROW} FROM (SELECT * FROM {ROWS} WHERE tick_start >= make_timestamp($start_us))
SEMI JOIN newest USING (series, tick_start)
"""

TICK = f"SELECT {_ROW} FROM {ROWS} WHERE tick_start = make_timestamp($start_us) AND list_contains($series, series)"

SERIES = f"""
SELECT epoch_us(tick_start) AS tick_start_us, part, value, standard_error, reason FROM {ROWS}
WHERE series = $series AND {_BETWEEN} ORDER BY tick_start LIMIT $max_rows
"""

# Unix time in whole steps begins with them in UTC, as a day has no leap second there.
STEPS = f"""
SELECT start_us AS tick_start_us, sum(value) AS value, sqrt(sum(variance)) AS standard_error,
    if(count(value) = 0, max_by(reason, newest), 0) AS reason
FROM (
    SELECT epoch_us(tick_start) // $step_us * $step_us AS start_us, if($add_epochs, epoch, '') AS epoch,
        max_by(value, tick_start) AS value, max_by(standard_error ** 2, tick_start) AS variance,
        max_by(reason, tick_start) AS reason, max(tick_start) AS newest
    FROM {ROWS} JOIN part ON part.id = part
    WHERE series = $series AND {_BETWEEN} GROUP BY ALL
) GROUP BY start_us ORDER BY start_us LIMIT $max_rows
"""

HEAT = f"""
WITH cells AS (
    SELECT * FROM {ROWS} WHERE series BETWEEN $lowest AND $highest AND list_contains($series, series)
    AND tick_start BETWEEN make_timestamp($start_us) AND make_timestamp($end_us)
)
SELECT {_ROW} FROM cells WHERE tick_start = (
    SELECT max(tick_start) FROM cells JOIN part ON part.id = part WHERE epoch_us(tick_start) + 1e6 * tick_s <= $end_us
)
"""

HOURS = f"""
SELECT series, epoch_us(tick_start) // 3600000000 AS hour, part, sum(value) AS value,
    sum(standard_error * standard_error) AS variance, count(value) AS known, count(*) AS stored
FROM {ROWS} WHERE series BETWEEN $lowest AND $highest AND {_BETWEEN} GROUP BY ALL
"""
