-- PETR and pôles métropolitains: one pick in the app, under level 'petr', their kind in type.
-- Their members are EPCI, whose communes are those of the code géographique loaded here; a member
-- that is no EPCI of today is followed to its own members.
INSERT INTO territory_member
WITH RECURSIVE reached AS (
    SELECT code, member_siren FROM stg_banatic_membres
    WHERE type IN ('PETR', 'POLEM') AND regexp_full_match(code, '[0-9]{9}')
    UNION
    SELECT r.code, m.member_siren
    FROM reached r
    JOIN stg_banatic_membres m ON m.code = r.member_siren
    WHERE r.member_siren NOT IN (SELECT code FROM stg_cog_groupements)
),
found AS (
    SELECT r.code, m.commune_code
    FROM reached r
    JOIN territory_member m
        ON m.parent_level IN ('epci', 'ept') AND m.parent_code = r.member_siren
    UNION
    SELECT r.code, coalesce(p.code, n.code)
    FROM reached r
    JOIN stg_cog_ngeo n ON n.siren = r.member_siren
    LEFT JOIN stg_cog_passage p ON p.old_code = n.code
)
SELECT 'petr', f.code, f.commune_code
FROM found f JOIN territory t ON t.level = 'commune' AND t.code = f.commune_code;

-- As for other groupings: population summed, département where most people live.
INSERT INTO territory
WITH part AS (
    SELECT m.parent_code AS code, t.departement_code, t.region_code, sum(t.population) AS population
    FROM territory_member m JOIN territory t ON t.level = 'commune' AND t.code = m.commune_code
    WHERE m.parent_level = 'petr'
    GROUP BY ALL
),
named AS (
    SELECT code, any_value(name) AS name, any_value(type) AS type FROM stg_banatic_membres GROUP BY code
)
SELECT 'petr', p.code, any_value(coalesce(g.name, n.name)), any_value(n.type),
       arg_max(p.departement_code, (p.population, p.departement_code)),
       arg_max(p.region_code, (p.population, p.departement_code)),
       NULL, NULL, NULL, sum(p.population), NULL, NULL
FROM part p
JOIN named n USING (code)
LEFT JOIN stg_banatic_groupements g USING (code)
GROUP BY p.code;
