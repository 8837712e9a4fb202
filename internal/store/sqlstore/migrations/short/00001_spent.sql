-- +goose Up

-- What may be used once: the digests of its names.
CREATE TABLE spent (
    issuer     TEXT NOT NULL CHECK (issuer <> ''),
    digest     BLOB NOT NULL,
    expires_at INTEGER NOT NULL, -- microseconds since 1970
    PRIMARY KEY (issuer, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_by_expiry ON spent (expires_at);

-- Written to see whether the file can be written.
CREATE TABLE heartbeat (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    beats INTEGER NOT NULL
) STRICT;
INSERT INTO heartbeat (id, beats) VALUES (1, 0);
