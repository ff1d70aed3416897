-- Exports by hand of Géoclip sites; the zoning's name gives the level, where it is one of ours.
-- Two exports may share a figure.
CREATE TEMP VIEW stg_geoclip_export AS
SELECT 'insee_statistiques_locales' AS source_id, * FROM raw_statistiques_locales
UNION ALL
SELECT 'cartosante_export', * FROM raw_cartosante_export
UNION ALL
SELECT 'sirse_export', * FROM raw_sirse_export;

CREATE TEMP VIEW stg_zone_figure AS
SELECT DISTINCT source_id, referentiel AS zoning,
       CASE
           WHEN referentiel LIKE '% par commune' THEN 'commune'
           WHEN referentiel LIKE '% par intercommunalité%' THEN 'epci'
           WHEN referentiel LIKE '% par département' THEN 'departement'
           WHEN referentiel LIKE '% par région' THEN 'region'
       END AS level,
       codgeo AS code, nom AS name, indicateur AS label,
       CASE indicateur
           WHEN 'Taux de pauvreté' THEN 'taux_pauvrete'
           WHEN 'APL Médecins généralistes' THEN 'apl_medecins_generalistes'
       END AS indicator_id,
       annee AS period, valeur::DOUBLE AS value, etat AS state
FROM stg_geoclip_export;
