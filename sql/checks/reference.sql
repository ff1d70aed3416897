-- A reference that standardises an index has a spread.
SELECT 'référence sans dispersion' AS problem, indicator_id || ':' || period AS detail
FROM reference WHERE sd IS NULL OR isnan(sd)
UNION ALL
SELECT 'référence en double', indicator_id || ':' || period
FROM reference GROUP BY indicator_id, period HAVING count(*) > 1;
