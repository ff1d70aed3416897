-- Declared incomes of the quartiers of 2024; a blank is not released, whatever the column.
INSERT INTO published
SELECT o.indicator_id, 'qpv', code, '2021', o.value, NULL, NULL,
       if(o.value IS NULL, 'secret', 'ok'),
       if(o.value IS NULL, 'non diffusé par l''Insee (secret ou qualité insuffisante)', NULL),
       'insee_qpv'
FROM stg_qpv_revenus, unnest([
    {indicator_id: 'mediane_revenu_declare', value: median},
    {indicator_id: 'gini_revenu_declare', value: gini},
    {indicator_id: 'part_menages_imposes', value: taxed_share},
    {indicator_id: 'part_bas_revenus_declares', value: low_income_share}
]) AS t(o);
