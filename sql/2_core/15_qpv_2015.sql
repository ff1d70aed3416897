-- Quartiers of 2015, a level of their own: their outlines are not those of 2024, and no figure of
-- one is ever set beside the other. The file names their communes (of 2022) without a code.
CREATE TEMP TABLE qpv_2015_commune AS
WITH named AS (
    SELECT code, name, departement_code, unnest(string_split(communes, ', ')) AS commune
    FROM stg_qpv_2015_place
),
known AS (
    SELECT departement_code, name, coalesce(commune_code, code) AS code
    FROM territory WHERE level IN ('commune', 'arm')
    UNION
    SELECT t.departement_code, e.old_name, t.code
    FROM commune_event e
    JOIN passage p ON p.old_code = e.old_code
    JOIN territory t ON t.level = 'commune' AND t.code = p.code
    UNION
    SELECT t.departement_code, e.old_name, t.code
    FROM commune_event e JOIN territory t ON t.level = 'commune' AND t.code = e.old_code
)
SELECT DISTINCT n.code, n.name, k.code AS commune_code
FROM named n JOIN known k ON k.departement_code = n.departement_code AND k.name = n.commune
QUALIFY count(DISTINCT k.code) OVER (PARTITION BY n.code, n.commune) = 1;

INSERT INTO territory_member SELECT 'qpv_2015', code, commune_code FROM qpv_2015_commune;

INSERT INTO territory
SELECT 'qpv_2015', q.code, any_value(q.name), 'QP2015',
       arg_min(t.departement_code, t.code), arg_min(t.region_code, t.code),
       NULL, NULL, NULL, NULL, NULL, NULL
FROM qpv_2015_commune q JOIN territory t ON t.level = 'commune' AND t.code = q.commune_code
GROUP BY q.code;
