"""What is asked of the PostgreSQL database of the numbers."""

from throng.store.postgres_schema import HOUR_US

_ROW = "s.camera, s.place, s.quantity, r.tick_us, p.tick_s, r.value, r.standard_error, p.mechanism, p.epoch, e.text"
_TEXTS = "JOIN throng.part p ON p.id = r.part JOIN throng.reason e ON e.id = r.reason"
_ROWS = f"throng.released r JOIN throng.series s ON s.id = r.series {_TEXTS}"
_ONE = "(SELECT id FROM throng.series WHERE camera = $1 AND place = $2 AND quantity = $3)"

# One look into the index for each series: 100 times faster than to sort out the newest of all rows.
LATEST = f"""
SELECT s.id, {_ROW} FROM throng.series s CROSS JOIN LATERAL (
    SELECT * FROM throng.released WHERE series = s.id AND {{when}} ORDER BY tick_us DESC LIMIT 1
) r {_TEXTS} WHERE s.quantity <> 'heat' AND {{which}}
"""
"""Its `when` bounds the ticks, that is, the partitions that must be looked at; its `which` the series."""

TICK = f"""
SELECT {_ROW} FROM {_ROWS}
WHERE r.series IN (SELECT id FROM throng.series WHERE camera = $1) AND r.tick_us = $2 ORDER BY s.id
"""

SERIES = f"""
SELECT r.tick_us AS tick_start_us, p.tick_s, r.value, r.standard_error, e.text AS "unknown"
FROM throng.released r {_TEXTS} WHERE r.series = {_ONE} AND r.tick_us >= $4 AND r.tick_us < $5
ORDER BY r.tick_us LIMIT $6
"""

# Unix time in whole steps begins with them in UTC, as a day has no leap second there.
STEPS = f"""
SELECT start_us AS tick_start_us, $7::bigint / 1e6::float8 AS tick_s,
    sum(value) AS value, sqrt(sum(variance)) AS standard_error,
    CASE WHEN count(value) = 0 THEN (array_agg("unknown" ORDER BY newest DESC))[1] ELSE '' END AS "unknown"
FROM (
    SELECT r.tick_us / $7 * $7 AS start_us, CASE WHEN $8 THEN p.epoch ELSE '' END AS part,
        (array_agg(r.value ORDER BY r.tick_us DESC) FILTER (WHERE r.value IS NOT NULL))[1] AS value,
        (array_agg(r.standard_error ^ 2 ORDER BY r.tick_us DESC) FILTER (WHERE r.value IS NOT NULL))[1] AS variance,
        (array_agg(e.text ORDER BY r.tick_us DESC))[1] AS "unknown", max(r.tick_us) AS newest
    FROM throng.released r {_TEXTS} WHERE r.series = {_ONE} AND r.tick_us >= $4 AND r.tick_us < $5 GROUP BY 1, 2
) AS parts GROUP BY start_us ORDER BY start_us LIMIT $6
"""

HEAT = f"""
WITH cell AS (SELECT id FROM throng.series WHERE camera = $1 AND quantity = 'heat')
SELECT {_ROW} FROM {_ROWS} WHERE r.series IN (SELECT id FROM cell) AND r.tick_us = (
    SELECT max(r.tick_us) FROM throng.released r JOIN throng.part p ON p.id = r.part
    WHERE r.series IN (SELECT id FROM cell) AND r.tick_us BETWEEN $2 AND $3 AND r.tick_us + 1e6 * p.tick_s <= $3
) AND r.tick_us BETWEEN $2 AND $3 ORDER BY s.id
"""

NAMED = """
SELECT id, camera, quantity FROM throng.series WHERE quantity = ANY ($1::text[]) AND ($2 OR camera = ANY ($3::text[]))
"""

# Whole hours from their sums, the pieces of hours at both ends from their ticks. Series come as numbers with the place of
# their camera and quantity in the answer: to sort and to send texts takes longer than all the rest.
HOURS = f"""
WITH wanted AS (SELECT * FROM unnest($1::integer[], $2::integer[]) AS given (series, place))
SELECT place, hour_us AS hour_start_us, CASE WHEN sum(known) > 0 THEN sum(total) END AS value,
    CASE WHEN sum(known) > 0 THEN sqrt(sum(variance)) END AS standard_error, sum(known_s) / sum(stored_s) AS known_share
FROM (
    SELECT place, hour_us, stored_s, known_s, total, variance, known FROM wanted JOIN throng.hourly USING (series)
    WHERE hour_us >= $4 AND hour_us < $5
    UNION ALL
    SELECT place, tick_us / {HOUR_US} * {HOUR_US}, tick_s, CASE WHEN value IS NULL THEN 0 ELSE tick_s END,
        coalesce(value, 0), coalesce(standard_error ^ 2, 0), (value IS NOT NULL)::integer
    FROM wanted JOIN throng.released r USING (series) JOIN throng.part p ON p.id = r.part
    WHERE (tick_us >= $3 AND tick_us < $4) OR (tick_us >= $5 AND tick_us < $6)
) AS pieces GROUP BY 1, 2 ORDER BY 1, 2
"""
