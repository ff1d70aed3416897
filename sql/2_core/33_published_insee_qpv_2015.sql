-- Figures of the quartiers of 2015 that an indicator of Gradient has. The file does not write the
-- years: those of the census and of the incomes are known (card of the source), that of the Cnam is
-- not, and its period is then the edition.
INSERT INTO published
SELECT k.indicator_id, 'qpv_2015', o.code, k.period, o.value, NULL, NULL, o.state, o.reason,
       'insee_qpv_2015'
FROM qpv_2015_observation o
JOIN (VALUES
    ('population_municipale', 'population_municipale', '2018'),
    ('mediane_niveau_vie', 'mediane_niveau_vie', '2019'),
    ('taux_pauvrete', 'taux_pauvrete', '2019'),
    ('mediane_revenu_declare', 'mediane_revenu_declare', '2019'),
    ('part_menages_imposes', 'part_menages_imposes', '2019'),
    ('part_bas_revenus_declares', 'part_bas_revenus_declares', '2019')
) AS k(variable, indicator_id, period) USING (variable)
WHERE o.code IN (SELECT code FROM qpv_2015_commune);

-- Both kinds of Complémentaire santé solidaire together, among the insured.
INSERT INTO published
WITH part AS (
    SELECT code, max(value) FILTER (variable = 'assures_maladie') AS insured,
           sum(value) FILTER (variable <> 'assures_maladie') AS covered,
           count(value) AS known, bool_or(state = 'secret') AS secret,
           any_value(reason) FILTER (state <> 'ok') AS reason
    FROM qpv_2015_observation
    WHERE variable IN ('assures_maladie', 'beneficiaires_css_sans_participation',
                       'beneficiaires_css_avec_participation')
      AND code IN (SELECT code FROM qpv_2015_commune)
    GROUP BY code
)
SELECT 'part_c2s', 'qpv_2015', code, 'édition 2022', NULL,
       if(known = 3, covered, NULL), if(known = 3, insured, NULL),
       CASE WHEN known = 3 THEN 'ok' WHEN secret THEN 'secret' ELSE 'absent' END,
       if(known = 3, NULL, reason), 'insee_qpv_2015'
FROM part;
