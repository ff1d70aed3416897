-- Health and care sites: points with a category. A site without a FINESS number has a rank for a
-- key; a site without a commune's code is in the one whose outline holds its point (commune_by),
-- never looked for by name.
CREATE TABLE site (
    site_id TEXT PRIMARY KEY,
    finess TEXT,
    name TEXT NOT NULL,
    category_code TEXT,
    category TEXT NOT NULL,
    commune_code TEXT,
    commune_by TEXT,
    lon DOUBLE,
    lat DOUBLE,
    as_of TEXT,
    source_id TEXT NOT NULL
);

INSERT INTO site
SELECT coalesce(s.finess, 'sans-numero-' || row_number() OVER (
           PARTITION BY s.finess IS NULL ORDER BY s.name, s.category, s.lon, s.lat)),
       s.finess, s.name, s.category_code, s.category, t.code,
       if(t.code IS NULL, NULL, s.commune_by), s.lon, s.lat, s.as_of, 'finess'
FROM stg_finess_sites s
LEFT JOIN passage p ON p.old_code = s.commune_code
LEFT JOIN territory a ON a.level = 'arm' AND a.code = s.commune_code
LEFT JOIN territory t
    ON t.level = 'commune' AND t.code = coalesce(p.code, a.commune_code, s.commune_code);
