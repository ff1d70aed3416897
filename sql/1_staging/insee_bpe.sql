-- Types of facility by list of codes: only those whose meaning is that of the indicator.
-- Until 2019 pharmacies were counted by Sirene (D301): they are another figure, and left out.
-- D403 and D604 of 2018 do not have the scope of 2025 (in Lot and Val-d'Oise 414 against 137).
CREATE TEMP VIEW stg_bpe_code AS
SELECT * FROM (VALUES
    ('2018', 'D201', 'densite_medecins_generalistes'),
    ('2018', 'D221', 'densite_chirurgiens_dentistes'),
    ('2018', 'D231', 'densite_sages_femmes'),
    ('2018', 'D232', 'densite_infirmiers'),
    ('2018', 'D233', 'densite_masseurs_kinesitherapeutes'),
    ('2018', 'D235', 'densite_orthophonistes'),
    ('2018', 'D237', 'densite_pedicures_podologues'),
    ('2018', 'D242', 'densite_dieteticiens'),
    ('2018', 'D243', 'densite_psychologues'),
    ('2018', 'D113', 'maisons_sante'),
    ('2018', 'D302', 'laboratoires_biologie'),
    ('2018', 'D303', 'ambulances'),
    ('2018', 'D401', 'hebergements_personnes_agees'),
    ('2020', 'D113', 'maisons_sante'),
    ('2020', 'D302', 'laboratoires_biologie'),
    ('2020', 'D303', 'ambulances'),
    ('2020', 'D307', 'densite_pharmacies'),
    ('melodi', 'D265', 'densite_medecins_generalistes'),
    ('melodi', 'D277', 'densite_chirurgiens_dentistes'),
    ('melodi', 'D278', 'densite_sages_femmes'),
    ('melodi', 'D281', 'densite_infirmiers'),
    ('melodi', 'D279', 'densite_masseurs_kinesitherapeutes'),
    ('melodi', 'D280', 'densite_pedicures_podologues'),
    ('melodi', 'D249', 'densite_dieteticiens'),
    ('melodi', 'D250', 'densite_psychologues'),
    ('melodi', 'D307', 'densite_pharmacies'),
    ('melodi', 'D113', 'maisons_sante'),
    ('melodi', 'D302', 'laboratoires_biologie'),
    ('melodi', 'D303', 'ambulances'),
    ('melodi', 'D401', 'hebergements_personnes_agees'),
    ('melodi', 'D403', 'services_aide_personnes_agees'),
    ('melodi', 'D604', 'services_aide_adultes_handicapes')
) AS t(code_list, type, indicator_id);

-- One row a facility count, whatever the file, even when dropped twice (the zip and the csv in it).
-- sparse: an absent row means none, not unknown.
CREATE TEMP VIEW stg_bpe_facility AS
WITH counted AS (
    SELECT 'insee_bpe_xlsx' AS source_id, '2020' AS code_list, false AS sparse, annee AS period,
           codgeo AS code, type, facilities::DOUBLE AS facilities
    FROM (
        UNPIVOT (
            SELECT annee, codgeo, D113::DOUBLE AS D113, D302::DOUBLE AS D302, D303::DOUBLE AS D303,
                   D307::DOUBLE AS D307
            FROM raw_bpe_sante_xlsx
        ) ON D113, D302, D303, D307 INTO NAME type VALUE facilities
    )
    UNION ALL
    SELECT 'insee_bpe_communes', '2018', true, annee, codgeo, type_equipement, nombre::DOUBLE
    FROM raw_bpe_communes
    UNION ALL
    SELECT 'insee_bpe_melodi', 'melodi', true, annee, codgeo, type_equipement, nombre::DOUBLE
    FROM raw_bpe_melodi
)
SELECT DISTINCT c.source_id, c.sparse, c.period, c.code, t.indicator_id, c.facilities
FROM counted c JOIN stg_bpe_code t USING (code_list, type);
