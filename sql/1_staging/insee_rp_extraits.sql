-- RP 2021: activity of the 15 to 64; births and deaths of 2022.
CREATE TEMP VIEW stg_rp_communes AS
SELECT codgeo AS code, population::DOUBLE AS population, naissances::DOUBLE AS births,
       deces::DOUBLE AS deaths, chomeurs_15_64::DOUBLE AS unemployed,
       actifs_15_64::DOUBLE AS active
FROM raw_rp_communes;

-- RP 2022: people of 15 and over by category. A category without a line is empty: where the lines
-- of a commune give its total, give or take the rounding, the missing ones are zeros.
CREATE TEMP VIEW stg_rp_categories AS
WITH wide AS (
    SELECT codgeo AS code,
           sum(population::DOUBLE) FILTER (pcs = '_T') AS total,
           sum(population::DOUBLE) FILTER (pcs <> '_T') AS parts,
           coalesce(sum(population::DOUBLE) FILTER (pcs BETWEEN '1' AND '6'), 0) AS active,
           coalesce(sum(population::DOUBLE) FILTER (pcs = '3'), 0) AS executives,
           coalesce(sum(population::DOUBLE) FILTER (pcs = '5'), 0) AS clerks,
           coalesce(sum(population::DOUBLE) FILTER (pcs = '6'), 0) AS workers
    FROM raw_rp_categories GROUP BY codgeo
)
SELECT * FROM wide WHERE abs(coalesce(parts, 0) - total) <= 4;
