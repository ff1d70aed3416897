-- QPV of 2024 of the whole country, beside those that ship with Gradient, and their outlines.
INSERT INTO territory_member
SELECT DISTINCT 'qpv', q.code, t.code
FROM stg_qpv_communes q
LEFT JOIN passage p ON p.old_code = q.commune_code
JOIN territory t ON t.level = 'commune' AND t.code = coalesce(p.code, q.commune_code)
ON CONFLICT DO NOTHING;

INSERT INTO territory
SELECT 'qpv', q.code, any_value(q.name), 'QP2024',
       arg_min(t.departement_code, t.code), arg_min(t.region_code, t.code),
       NULL, NULL, NULL, NULL, NULL, NULL
FROM stg_qpv_communes q
JOIN territory_member m ON m.parent_level = 'qpv' AND m.parent_code = q.code
JOIN territory t ON t.level = 'commune' AND t.code = m.commune_code
GROUP BY q.code
ON CONFLICT DO NOTHING;

INSERT INTO territory_geometry
SELECT 'qpv', c.code, any_value(c.geometry)
FROM stg_qpv_contours c
JOIN territory t ON t.level = 'qpv' AND t.code = c.code
GROUP BY c.code;
