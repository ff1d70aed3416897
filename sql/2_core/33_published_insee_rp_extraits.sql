INSERT INTO published
SELECT 'taux_chomage_15_64', 'commune', code, '2021', NULL, unemployed, active, 'ok', NULL,
       'insee_rp_extraits'
FROM stg_rp_communes WHERE active IS NOT NULL AND unemployed IS NOT NULL;

INSERT INTO published
SELECT o.indicator_id, 'commune', code, '2022', o.value, NULL, NULL, 'ok', NULL, 'insee_rp_extraits'
FROM stg_rp_communes, unnest([
    {indicator_id: 'naissances_annuelles', value: births},
    {indicator_id: 'deces_annuels', value: deaths}
]) AS t(o)
WHERE o.value IS NOT NULL;

INSERT INTO published
SELECT o.indicator_id, 'commune', code, '2022', NULL, o.numerator, active, 'ok', NULL,
       'insee_rp_extraits'
FROM stg_rp_categories, unnest([
    {indicator_id: 'part_ouvriers', numerator: workers},
    {indicator_id: 'part_employes', numerator: clerks},
    {indicator_id: 'part_cadres', numerator: executives}
]) AS t(o);
