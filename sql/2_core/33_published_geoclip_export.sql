-- Exports in a level of the contract; an absence has no row, a secret has one.
INSERT INTO published
SELECT indicator_id, level, code, period, value, NULL, NULL, state,
       if(state = 'secret', 'secret statistique', NULL), source_id
FROM stg_zone_figure
WHERE level IS NOT NULL AND indicator_id IS NOT NULL AND state <> 'absent';
