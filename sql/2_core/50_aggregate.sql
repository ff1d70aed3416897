-- The one aggregation engine, for levels at build time and for perimeters at run time.
-- groups and codes are parallel lists: commune codes[i] belongs to group groups[i]. A municipal
-- arrondissement is taken as a commune is; no group holds one beside its city.
-- Rules by kind: docs/entrepot.md. Coverage is the share of the group's population whose
-- commune has a figure; under 90 % the value is withheld and the reason given.
CREATE MACRO aggregate_communes(groups, codes) AS TABLE
WITH member AS (
    SELECT DISTINCT unnest(groups) AS parent_code, unnest(codes) AS code
),
sized AS (
    SELECT m.parent_code, m.code, coalesce(t.population, 0) AS population
    FROM member m JOIN territory t ON t.level IN ('commune', 'arm') AND t.code = m.code
),
whole AS (
    SELECT parent_code, count(*) AS communes, sum(population) AS population
    FROM sized GROUP BY parent_code
),
cell AS (
    SELECT s.parent_code, s.population, i.kind, i.aggregation, i.scale, i.top_category,
           i.masked_low, i.masked_high, o.indicator_id, o.period, o.value, o.numerator,
           o.denominator, o.weight IS NOT NULL AS own_weight,
           coalesce(o.weight, s.population) AS weight, o.state, o.source_id,
           o.state IN ('ok', 'approx')
               OR (o.state = 'absent' AND i.aggregation = 'sum_ratio' AND o.denominator = 0) AS known,
           o.state = 'secret' AND i.masked_low IS NOT NULL AS bounded
    FROM sized s
    JOIN observation o ON o.level IN ('commune', 'arm') AND o.code = s.code
    JOIN indicator i ON i.id = o.indicator_id AND i.aggregation <> 'none'
),
summed AS (
    SELECT parent_code, indicator_id, period, kind, aggregation,
           any_value(source_id) AS source_id,
           any_value(scale) AS scale,
           sum(population) FILTER (known OR bounded) AS covered_population,
           count(*) FILTER (known OR bounded) AS covered_communes,
           count(*) FILTER (state = 'secret' AND NOT bounded) AS secret_communes,
           count(*) FILTER (bounded) AS bounded_communes,
           count(*) FILTER (state = 'approx') AS approx_communes,
           sum(value) FILTER (known) AS total,
           sum(numerator) FILTER (known) AS numerator,
           sum(denominator) FILTER (known) AS denominator,
           sum(value * weight) FILTER (known) AS weighted_total,
           sum(weight) FILTER (known) AS weight,
           coalesce(bool_and(own_weight) FILTER (known), false) AND any_value(kind) = 'mean' AS own_weight,
           count(*) FILTER (known AND value >= coalesce(top_category, 1)) AS flagged,
           count(*) FILTER (bounded) * any_value(masked_low) AS bound_low,
           count(*) FILTER (bounded) * any_value(masked_high) AS bound_high
    FROM cell GROUP BY ALL
),
valued AS (
    -- Masked counts give two bounds only when every commune has a figure or is masked.
    SELECT s.*, w.communes AS all_communes,
           s.bounded_communes > 0 AND s.covered_communes = w.communes AS bounds_hold,
           if(w.population > 0, coalesce(s.covered_population, 0) / w.population, 0.0) AS coverage,
           CASE s.aggregation
               WHEN 'sum' THEN if(bounds_hold, NULL, s.total)
               WHEN 'sum_ratio' THEN s.scale * s.numerator / nullif(s.denominator, 0)
               WHEN 'weighted_mean' THEN s.weighted_total / nullif(s.weight, 0)
               WHEN 'count_flagged' THEN s.flagged
           END AS raw_value
    FROM summed s JOIN whole w USING (parent_code)
)
SELECT parent_code, indicator_id, period,
       if(coverage >= 0.9, raw_value, NULL) AS value,
       CASE
           WHEN coverage < 0.9 THEN NULL
           WHEN aggregation = 'count_flagged' THEN flagged
           ELSE numerator
       END AS numerator,
       CASE
           WHEN coverage < 0.9 THEN NULL
           WHEN aggregation = 'count_flagged' THEN covered_communes
           ELSE denominator
       END AS denominator,
       if(coverage >= 0.9, weight, NULL) AS weight,
       if(coverage >= 0.9 AND bounds_hold, coalesce(total, 0) + bound_low, NULL) AS ci_low,
       if(coverage >= 0.9 AND bounds_hold, coalesce(total, 0) + bound_high, NULL) AS ci_high,
       CASE
           WHEN coverage < 0.9 THEN 'absent'
           WHEN aggregation = 'weighted_mean' AND all_communes > 1 AND NOT own_weight THEN 'approx'
           WHEN aggregation = 'sum' AND raw_value IS NULL AND NOT bounds_hold THEN 'absent'
           WHEN aggregation = 'sum' AND (bounds_hold OR covered_communes < all_communes)
               THEN 'approx'
           WHEN approx_communes > 0 THEN 'approx'
           WHEN raw_value IS NULL THEN 'absent'
           ELSE 'ok'
       END AS state,
       CASE
           WHEN coverage < 0.9
               THEN 'moins de 90 % de la population couverte (' || covered_communes
                    || if(covered_communes > 1, ' communes', ' commune') || ' avec un chiffre sur '
                    || all_communes || if(secret_communes > 0, ', ' || secret_communes
                    || ' sous secret statistique', '') || ')'
           WHEN kind = 'median' AND all_communes > 1
               THEN 'moyenne des médianes communales, pondérée par la population'
           WHEN aggregation = 'weighted_mean' AND all_communes > 1 AND NOT own_weight
               THEN 'moyenne pondérée par la population municipale'
           WHEN aggregation = 'sum' AND bounds_hold
               THEN 'entre deux bornes : ' || bounded_communes
                    || if(bounded_communes > 1, ' communes', ' commune')
                    || ' à « zéro ou masqué », de 0 à 5'
           WHEN aggregation = 'sum' AND raw_value IS NULL
               THEN 'aucune commune n''a de chiffre publié'
           WHEN aggregation = 'sum' AND covered_communes < all_communes
               THEN 'borne basse : ' || (all_communes - covered_communes)
                    || if(all_communes - covered_communes > 1, ' communes', ' commune') || ' sans chiffre'
                    || if(bounded_communes > 0, ', ' || bounded_communes
                          || ' à « zéro ou masqué »', '')
           WHEN approx_communes > 0 THEN approx_communes || if(approx_communes > 1, ' communes', ' commune')
                    || ' à valeur approchée'
           WHEN raw_value IS NULL THEN 'dénominateur nul : la part n''existe pas'
       END AS reason,
       coverage, covered_communes AS communes, source_id
FROM valued;

-- Levels that no producer publishes: computed from their communes, published rows kept.
-- The columns past the contract (coverage, communes) carry the badge shown on screen.
INSERT INTO observation BY NAME
WITH level_group AS (
    SELECT list(parent_level || ':' || parent_code ORDER BY parent_level, parent_code, commune_code) AS groups,
           list(commune_code ORDER BY parent_level, parent_code, commune_code) AS codes
    FROM territory_member WHERE parent_level IN ('epci', 'ept', 'petr', 'departement', 'region', 'france')
),
computed AS (
    SELECT split_part(parent_code, ':', 1) AS level, split_part(parent_code, ':', 2) AS code,
           a.* EXCLUDE (parent_code)
    FROM aggregate_communes((SELECT groups FROM level_group), (SELECT codes FROM level_group)) a
)
SELECT c.* FROM computed c
ANTI JOIN observation o USING (indicator_id, level, code, period);
