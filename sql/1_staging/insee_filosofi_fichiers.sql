-- Filosofi of the years before 2023: a figure with a decimal comma, « s » for a secret, or nothing.
CREATE TEMP VIEW stg_filosofi_fichiers AS
SELECT niveau AS level, codgeo AS code, annee AS period, o.indicator_id,
       if(o.token = 's', NULL, replace(o.token, ',', '.'))::DOUBLE AS value, o.token = 's' AS secret
FROM raw_filosofi_fichiers, unnest([
    {indicator_id: 'mediane_niveau_vie', token: mediane_niveau_vie},
    {indicator_id: 'taux_pauvrete', token: taux_pauvrete},
    {indicator_id: 'premier_decile_niveau_vie', token: premier_decile},
    {indicator_id: 'rapport_interdecile', token: rapport_interdecile}
]) AS t(o)
WHERE o.token IS NOT NULL;
