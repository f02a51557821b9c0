-- The configuration: each row is the whole of it, the newest is in force.
CREATE TABLE revision (
    revision INTEGER PRIMARY KEY CHECK (revision > 0),
    at_ms    INTEGER NOT NULL,
    author   TEXT NOT NULL,
    summary  TEXT NOT NULL,
    config   TEXT NOT NULL
) STRICT;

-- One row per call. Ids of calls grow with time, so the primary key is also the order of time.
CREATE TABLE call_record (
    call          INTEGER PRIMARY KEY,
    started_ms    INTEGER NOT NULL,
    answered_ms   INTEGER,
    ended_ms      INTEGER,
    caller_number TEXT,
    caller_name   TEXT,
    presentation  TEXT NOT NULL,
    screening     TEXT NOT NULL,
    from_name     TEXT NOT NULL,
    called        TEXT NOT NULL,
    to_name       TEXT NOT NULL,
    route         TEXT,
    emergency     INTEGER NOT NULL,
    cause         INTEGER,
    reason        TEXT
) STRICT;
CREATE INDEX call_record_started ON call_record (started_ms);
CREATE INDEX call_record_cause ON call_record (cause, call);
CREATE INDEX call_record_open ON call_record (call) WHERE ended_ms IS NULL;

-- When the gateway was last known to live: the end of calls that a power cut interrupted.
CREATE TABLE heartbeat (
    only  INTEGER PRIMARY KEY CHECK (only = 1),
    at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE administrator (
    name          TEXT PRIMARY KEY,
    password_hash TEXT NOT NULL,
    changed_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Sessions and tokens are kept as SHA-256: who reads the file cannot use them.
CREATE TABLE session (
    hash          BLOB PRIMARY KEY,
    administrator TEXT NOT NULL REFERENCES administrator (name) ON DELETE CASCADE,
    created_ms    INTEGER NOT NULL,
    expires_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_expires ON session (expires_ms);
CREATE INDEX session_administrator ON session (administrator);

CREATE TABLE api_token (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    hash         BLOB NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    created_ms   INTEGER NOT NULL,
    last_used_ms INTEGER
) STRICT;
