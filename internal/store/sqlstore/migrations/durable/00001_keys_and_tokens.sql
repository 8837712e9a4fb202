-- +goose Up

-- The keyring under which the other secrets here are sealed; at most one.
CREATE TABLE keyring (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    blob BLOB NOT NULL
) STRICT;

CREATE TABLE signing_keys (
    issuer      TEXT NOT NULL CHECK (issuer <> ''),
    kid         TEXT NOT NULL CHECK (kid <> ''),
    algorithm   TEXT NOT NULL,
    private_key BLOB NOT NULL, -- sealed
    created_at  INTEGER NOT NULL, -- times are microseconds since 1970
    retired_at  INTEGER,
    PRIMARY KEY (issuer, kid)
) STRICT;

-- What was issued, without the token itself.
CREATE TABLE issued_tokens (
    issuer       TEXT NOT NULL CHECK (issuer <> ''),
    token_id     TEXT NOT NULL CHECK (token_id <> ''),
    client_id    TEXT NOT NULL,
    subject      TEXT NOT NULL,
    grant_type   TEXT NOT NULL,
    scope        TEXT NOT NULL,
    audience     TEXT NOT NULL,
    confirmation TEXT NOT NULL,
    issued_at    INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (issuer, token_id)
) STRICT;
CREATE INDEX issued_tokens_by_expiry ON issued_tokens (expires_at);

-- Written to see whether the file can be written.
CREATE TABLE heartbeat (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    beats INTEGER NOT NULL
) STRICT;
INSERT INTO heartbeat (id, beats) VALUES (1, 0);
