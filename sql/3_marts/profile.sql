-- Every figure of one perimeter, all periods: aggregated from its communes; a perimeter that is
-- exactly one commune, or one level with published figures, takes those. A category or a number of
-- samples stays out: a perimeter counts communes, even when it holds a single one.
CREATE MACRO profile(codes, whole_level, whole_code) AS TABLE
WITH computed AS (
    SELECT * FROM aggregate_communes(list_transform(codes, lambda c: 'perimetre'), codes)
),
published AS (
    SELECT indicator_id, period, value, numerator, denominator, weight, ci_low, ci_high, state,
           reason, coverage, communes, source_id
    FROM observation WHERE level = whole_level AND code = whole_code
      AND NOT (level = 'commune' AND indicator_id IN (
          SELECT id FROM indicator WHERE aggregation = 'count_flagged'))
)
SELECT * FROM published
UNION ALL BY NAME
SELECT c.* EXCLUDE (parent_code) FROM computed c ANTI JOIN published p USING (indicator_id, period);

-- The same for several groups at once (parallel lists), used to compare the parts of a perimeter.
CREATE MACRO profiles(groups, codes) AS TABLE
SELECT * FROM aggregate_communes(groups, codes);

-- Figures of chosen territories of any level (parallel lists).
CREATE MACRO level_values(levels, codes) AS TABLE
WITH wanted AS (SELECT DISTINCT unnest(levels) AS level, unnest(codes) AS code)
SELECT o.*, t.name FROM wanted w JOIN observation o USING (level, code) JOIN territory t USING (level, code);
