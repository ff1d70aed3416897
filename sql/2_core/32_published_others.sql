INSERT INTO published
SELECT o.indicator_id, 'commune', code, period, o.value, NULL, NULL, 'ok', NULL, 'drees_apl'
FROM stg_apl, unnest([
    {indicator_id: 'apl_medecins_generalistes', value: apl},
    {indicator_id: 'apl_medecins_generalistes_65_ans_ou_moins', value: apl_65}
]) AS t(o)
WHERE o.value IS NOT NULL;

-- The national mean that DREES publishes, at the level it is published for.
INSERT INTO published
SELECT indicator_id, 'france', 'FR', period, mean, NULL, NULL, 'ok', NULL, 'reference_nationale'
FROM stg_reference WHERE indicator_id LIKE 'apl_%';

-- A blank of Caf is zero or masked, which the relay does not tell apart.
INSERT INTO published
SELECT indicator_id, 'commune', code, period, nullif(value, -1), NULL, NULL,
       if(value = -1, 'secret', 'ok'), if(value = -1, 'zéro ou masqué (0 à 5)', NULL),
       'cnaf_allocataires'
FROM (
    UNPIVOT (SELECT code, period, coalesce(columns(* EXCLUDE (code, period)), -1) FROM stg_caf)
    ON columns(* EXCLUDE (code, period)) INTO NAME indicator_id VALUE value
);

INSERT INTO published
SELECT o.indicator_id, 'commune', code, period, o.value, NULL, samples, 'ok', NULL, 'sante_eau'
FROM stg_eau, unnest([
    {indicator_id: 'eau_non_conforme_microbiologie', value: failed_microbiology},
    {indicator_id: 'eau_non_conforme_chimie', value: failed_chemistry}
]) AS t(o);

INSERT INTO published
SELECT 'potentiel_radon', 'commune', code, period, category, NULL, NULL, 'ok', NULL, 'irsn_radon'
FROM stg_radon;
