-- What masked IRIS leave of a commune's figure: a lower bound (what is known) and, for numbers of
-- households, an upper one (a masked number is at most all households of its IRIS). With a single
-- masked IRIS no bound is given: a commune's total minus the bound would be the secret.
CREATE TABLE caf_iris_commune AS
WITH summed AS (
    SELECT code, period, indicator_id, count(*) AS iris, count(*) - count(value) AS masked_iris,
           coalesce(sum(value), 0) AS known,
           sum(households) FILTER (value IS NULL) AS at_most,
           count(*) FILTER (value IS NULL AND households IS NULL) AS unbounded
    FROM stg_caf_iris GROUP BY ALL
)
SELECT code, period, indicator_id, iris, masked_iris,
       if(masked_iris = 1, NULL, known) AS low,
       CASE
           WHEN masked_iris = 0 THEN known
           WHEN masked_iris > 1 AND unbounded = 0 AND indicator_id LIKE 'foyers_%'
               THEN known + at_most
       END AS high,
       if(masked_iris = 0, 'ok', 'secret') AS state,
       if(masked_iris = 0, NULL, masked_iris || ' IRIS masqués sur ' || iris) AS reason,
       'caf_iris' AS source_id
FROM summed;
