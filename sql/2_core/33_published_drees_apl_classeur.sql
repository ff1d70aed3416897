-- APL of five professions, with the standardised population that DREES weighs means with.
INSERT INTO published
SELECT o.indicator_id, 'commune', code, period, if(state = 'secret', NULL, o.value), NULL, NULL,
       state, if(state = 'secret', 'secret statistique', NULL), 'drees_apl_classeur'
FROM stg_apl_classeur, unnest([
    {indicator_id: 'apl_' || profession, value: apl},
    {indicator_id: if(apl_65 IS NULL, NULL, 'apl_medecins_generalistes_65_ans_ou_moins'), value: apl_65}
]) AS t(o)
WHERE state <> 'absent' AND o.indicator_id IS NOT NULL;

INSERT INTO published_weight
SELECT o.indicator_id, code, period, standardised
FROM stg_apl_classeur, unnest([
    {indicator_id: 'apl_' || profession},
    {indicator_id: if(apl_65 IS NULL, NULL, 'apl_medecins_generalistes_65_ans_ou_moins')}
]) AS t(o)
WHERE state = 'ok' AND standardised IS NOT NULL AND o.indicator_id IS NOT NULL;

-- People under a threshold are counted in total population: the rule written in the workbook.
INSERT INTO published
SELECT 'part_population_apl_moins_2_5', 'commune', code, period, NULL,
       if(apl < 2.5, inhabitants, 0), inhabitants, 'ok', NULL, 'drees_apl_classeur'
FROM stg_apl_classeur
WHERE profession = 'medecins_generalistes' AND state = 'ok' AND inhabitants IS NOT NULL;
