-- Layers of Prodige catalogues: zones and points shown as they are, never brought to communes by
-- their shape. A commune told by the layer is that of today.
CREATE TABLE layer_feature (
    source_id TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT,
    departement_code TEXT,
    commune_code TEXT,
    kind TEXT,
    as_of TEXT,
    lon DOUBLE,
    lat DOUBLE,
    geometry BLOB,
    PRIMARY KEY (source_id, code)
);

INSERT INTO layer_feature
SELECT f.source_id, f.code, f.name, f.departement_code, t.code, f.kind, f.as_of, f.lon, f.lat,
       f.geometry
FROM stg_prodige f
LEFT JOIN passage p ON p.old_code = f.commune_code
LEFT JOIN territory a ON a.level = 'arm' AND a.code = f.commune_code
LEFT JOIN territory t
    ON t.level = 'commune' AND t.code = coalesce(p.code, a.commune_code, f.commune_code);
