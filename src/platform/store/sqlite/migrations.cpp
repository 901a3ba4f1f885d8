// The database's schema, version by version. A step that was released is never changed: a later one
// mends it.
#include "platform/store/sqlite/schema.h"

namespace vedette::platform::sqlite {

namespace {

// Times are milliseconds since 1970 in UTC; digests are SHA-256, 32 octets.
constexpr const char* kFirstLight = R"sql(
CREATE TABLE devices (
  id                 TEXT PRIMARY KEY,
  group_name         TEXT NOT NULL,
  status             TEXT NOT NULL CHECK (status IN ('active', 'quarantined', 'revoked')),
  epoch              INTEGER NOT NULL CHECK (epoch >= 0),
  endorsement_sha256 BLOB NOT NULL UNIQUE CHECK (length(endorsement_sha256) = 32),
  attestation_key    BLOB NOT NULL,
  device_key_sha256  BLOB NOT NULL CHECK (length(device_key_sha256) = 32),
  enrolled_at        INTEGER NOT NULL,
  status_reason      TEXT NOT NULL
) STRICT;

CREATE TABLE allowed_endorsements (
  endorsement_sha256 BLOB PRIMARY KEY CHECK (length(endorsement_sha256) = 32),
  device             TEXT NOT NULL,
  group_name         TEXT NOT NULL
) STRICT;

CREATE TABLE endorsement_roots (
  group_name      TEXT NOT NULL,
  certificate_der BLOB NOT NULL,
  PRIMARY KEY (group_name, certificate_der)
) STRICT;

-- A group may be known and accept nothing, hence two tables.
CREATE TABLE reference_groups (
  group_name TEXT PRIMARY KEY
) STRICT;
CREATE TABLE reference_registers (
  group_name TEXT NOT NULL REFERENCES reference_groups (group_name),
  register   INTEGER NOT NULL CHECK (register BETWEEN 0 AND 255),
  digests    BLOB NOT NULL CHECK (length(digests) % 32 = 0),  -- one after the other
  PRIMARY KEY (group_name, register)
) STRICT, WITHOUT ROWID;

CREATE TABLE attestations (
  device        TEXT PRIMARY KEY REFERENCES devices (id),
  at            INTEGER NOT NULL,
  clock         INTEGER NOT NULL,
  reset_count   INTEGER NOT NULL,
  restart_count INTEGER NOT NULL,
  registers     BLOB NOT NULL CHECK (length(registers) % 33 = 0),  -- number, digest; ascending
  affirming     INTEGER NOT NULL CHECK (affirming IN (0, 1))
) STRICT;

CREATE TABLE releases (
  model        TEXT NOT NULL,
  number       INTEGER NOT NULL CHECK (number >= 1),
  tier         TEXT NOT NULL CHECK (tier IN ('low', 'medium', 'high')),
  model_root   BLOB NOT NULL CHECK (length(model_root) = 32),
  file_name    TEXT NOT NULL,
  file_sha256  BLOB NOT NULL CHECK (length(file_sha256) = 32),
  file_size    INTEGER NOT NULL CHECK (file_size >= 0),
  bundle       BLOB NOT NULL,
  statement    BLOB NOT NULL,
  published_at INTEGER NOT NULL,
  blocked      INTEGER NOT NULL CHECK (blocked IN (0, 1)),
  PRIMARY KEY (model, number)
) STRICT;

CREATE TABLE receipts (
  sequence    INTEGER PRIMARY KEY,  -- in the order of arrival
  id          BLOB NOT NULL UNIQUE CHECK (length(id) = 32),
  device      TEXT NOT NULL REFERENCES devices (id),
  model       TEXT NOT NULL,
  release     INTEGER NOT NULL,
  epoch       INTEGER NOT NULL CHECK (epoch >= 0),
  received_at INTEGER NOT NULL,
  jws         TEXT NOT NULL,
  FOREIGN KEY (model, release) REFERENCES releases (model, number)
) STRICT;
CREATE INDEX receipts_of_device ON receipts (device, sequence);

CREATE TABLE log_entries (
  position INTEGER PRIMARY KEY CHECK (position >= 0),
  entry    BLOB NOT NULL
) STRICT;
CREATE TABLE log_nodes (
  level    INTEGER NOT NULL CHECK (level BETWEEN 0 AND 63),
  position INTEGER NOT NULL CHECK (position >= 0),
  hash     BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE log_checkpoint (
  singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
  note      TEXT NOT NULL
) STRICT;
)sql";

// Releases from before have none: no octets.
constexpr const char* kRuntimeContracts = R"sql(
ALTER TABLE releases ADD COLUMN contract BLOB NOT NULL DEFAULT x'';
)sql";

constexpr const char* kViolations = R"sql(
CREATE TABLE violations (
  arrival     INTEGER PRIMARY KEY,
  id          BLOB NOT NULL CHECK (length(id) = 32),
  device      TEXT NOT NULL REFERENCES devices (id),
  sequence    INTEGER NOT NULL CHECK (sequence >= 1),
  model       TEXT NOT NULL,
  release     INTEGER NOT NULL,
  model_root  BLOB NOT NULL CHECK (length(model_root) = 32),
  kind        TEXT NOT NULL,
  condemns    INTEGER NOT NULL CHECK (condemns IN (0, 1)),  -- makes the release suspect
  epoch       INTEGER NOT NULL CHECK (epoch >= 0),
  of_old      INTEGER NOT NULL CHECK (of_old IN (0, 1)),  -- from before trust was withdrawn
  received_at INTEGER NOT NULL,
  jws         TEXT NOT NULL,
  UNIQUE (device, sequence),
  FOREIGN KEY (model, release) REFERENCES releases (model, number)
) STRICT;
CREATE INDEX violations_that_condemn ON violations (model, release, model_root, device)
  WHERE condemns = 1;
)sql";

// Reference values from before stay where they are until they are replaced.
constexpr const char* kMeasuredDevices = R"sql(
CREATE TABLE reference_sets (
  group_name TEXT PRIMARY KEY,
  id         BLOB NOT NULL CHECK (length(id) = 32),  -- of the text
  json       TEXT NOT NULL
) STRICT;
-- Of each group the latest that waits for a second person.
CREATE TABLE reference_proposals (
  group_name TEXT PRIMARY KEY,
  id         BLOB NOT NULL CHECK (length(id) = 32),
  json       TEXT NOT NULL,
  proposer   TEXT NOT NULL
) STRICT;

ALTER TABLE attestations ADD COLUMN memory TEXT NOT NULL DEFAULT '';
ALTER TABLE attestations ADD COLUMN event_log BLOB NOT NULL DEFAULT x''
  CHECK (length(event_log) IN (0, 32));
ALTER TABLE attestations ADD COLUMN good_event_log BLOB NOT NULL DEFAULT x''
  CHECK (length(good_event_log) IN (0, 32));
CREATE INDEX attestations_by_event_log ON attestations (event_log);
CREATE INDEX attestations_by_good_event_log ON attestations (good_event_log);
CREATE INDEX attestations_that_affirm ON attestations (at) WHERE affirming = 1;

CREATE TABLE event_logs (
  name   BLOB PRIMARY KEY CHECK (length(name) = 32),  -- of the octets
  octets BLOB NOT NULL
) STRICT;
CREATE TABLE ima_lists (
  device TEXT PRIMARY KEY REFERENCES devices (id),
  octets BLOB NOT NULL
) STRICT;
)sql";

// A SKU that is no text is none: of a set, it is the whole group's.
constexpr const char* kSkus = R"sql(
ALTER TABLE devices ADD COLUMN sku TEXT NOT NULL DEFAULT '';
ALTER TABLE allowed_endorsements ADD COLUMN sku TEXT NOT NULL DEFAULT '';
ALTER TABLE endorsement_roots ADD COLUMN sku TEXT NOT NULL DEFAULT '';

CREATE TABLE sku_reference_sets (
  group_name TEXT NOT NULL,
  sku        TEXT NOT NULL,
  id         BLOB NOT NULL CHECK (length(id) = 32),  -- of the text
  json       TEXT NOT NULL,
  PRIMARY KEY (group_name, sku)
) STRICT;
INSERT INTO sku_reference_sets SELECT group_name, '', id, json FROM reference_sets;
DROP TABLE reference_sets;
ALTER TABLE sku_reference_sets RENAME TO reference_sets;

CREATE TABLE sku_reference_proposals (
  group_name TEXT NOT NULL,
  sku        TEXT NOT NULL,
  id         BLOB NOT NULL CHECK (length(id) = 32),
  json       TEXT NOT NULL,
  proposer   TEXT NOT NULL,
  origin     TEXT NOT NULL,  -- JSON
  PRIMARY KEY (group_name, sku)
) STRICT;
INSERT INTO sku_reference_proposals
  SELECT group_name, '', id, json, proposer, '{}' FROM reference_proposals;
DROP TABLE reference_proposals;
ALTER TABLE sku_reference_proposals RENAME TO reference_proposals;
)sql";

// A state has registers of one bank: those of SHA-256 stay where they were.
constexpr const char* kSha384Registers = R"sql(
ALTER TABLE attestations ADD COLUMN registers_sha384 BLOB NOT NULL DEFAULT x''
  CHECK (length(registers_sha384) % 49 = 0);
)sql";

constexpr const char* kEndorsementTolerance = R"sql(
ALTER TABLE endorsement_roots ADD COLUMN sha1_signature INTEGER NOT NULL DEFAULT 0
  CHECK (sha1_signature IN (0, 1));
ALTER TABLE endorsement_roots ADD COLUMN expired INTEGER NOT NULL DEFAULT 0
  CHECK (expired IN (0, 1));
)sql";

// When the status of a device that is not active changed, its enrolment was the last thing known.
constexpr const char* kCertificates = R"sql(
ALTER TABLE devices ADD COLUMN status_since INTEGER NOT NULL DEFAULT 0;
UPDATE devices SET status_since = enrolled_at;

CREATE TABLE certificates (
  serial     TEXT PRIMARY KEY,
  device     TEXT NOT NULL REFERENCES devices (id),
  key_sha256 BLOB NOT NULL CHECK (length(key_sha256) = 32),
  issued_at  INTEGER NOT NULL,
  not_after  INTEGER NOT NULL,
  der        BLOB NOT NULL
) STRICT;
CREATE INDEX certificates_of_device ON certificates (device, key_sha256, issued_at);
CREATE INDEX certificates_by_end ON certificates (not_after);
)sql";

// Of each subject the latest that waits for a second operator.
constexpr const char* kProposals = R"sql(
CREATE TABLE proposals (
  subject  TEXT PRIMARY KEY,
  id       TEXT NOT NULL,
  content  TEXT NOT NULL,  -- JSON
  proposer TEXT NOT NULL
) STRICT;
)sql";

constexpr const char* kEnrollmentTokens = R"sql(
CREATE TABLE enrollment_tokens (
  sha256             BLOB PRIMARY KEY CHECK (length(sha256) = 32),
  group_name         TEXT NOT NULL,
  endorsement_sha256 BLOB NOT NULL CHECK (length(endorsement_sha256) IN (0, 32)),
  certificate_serial TEXT NOT NULL,
  expires_at         INTEGER NOT NULL,
  used               INTEGER NOT NULL DEFAULT 0 CHECK (used IN (0, 1)),
  -- Of one TPM, by the one or by the other.
  CHECK ((length(endorsement_sha256) = 0) <> (certificate_serial = ''))
) STRICT;
CREATE INDEX enrollment_tokens_by_end ON enrollment_tokens (expires_at);
)sql";

// Whoever enrolled before has a key in a TPM. vouched_in_boot is none (empty) or two counters:
// reset and restart, of 32 bits each, big-endian.
constexpr const char* kDeviceKeys = R"sql(
ALTER TABLE devices ADD COLUMN key_kind TEXT NOT NULL DEFAULT 'tpm';
ALTER TABLE devices ADD COLUMN vouched_in_boot BLOB NOT NULL DEFAULT x''
  CHECK (length(vouched_in_boot) IN (0, 8));
ALTER TABLE allowed_endorsements ADD COLUMN key_pkcs11 INTEGER NOT NULL DEFAULT 0
  CHECK (key_pkcs11 IN (0, 1));
ALTER TABLE allowed_endorsements ADD COLUMN key_memory INTEGER NOT NULL DEFAULT 0
  CHECK (key_memory IN (0, 1));
ALTER TABLE endorsement_roots ADD COLUMN key_pkcs11 INTEGER NOT NULL DEFAULT 0
  CHECK (key_pkcs11 IN (0, 1));
ALTER TABLE endorsement_roots ADD COLUMN key_memory INTEGER NOT NULL DEFAULT 0
  CHECK (key_memory IN (0, 1));
)sql";

// Of devices whose key was another one meanwhile, the certificates tell since when it is back.
constexpr const char* kKeySince = R"sql(
ALTER TABLE devices ADD COLUMN key_since INTEGER NOT NULL DEFAULT 0;
UPDATE devices SET key_since = coalesce(
  (SELECT min(c.issued_at) FROM certificates c
   WHERE c.device = devices.id AND c.key_sha256 = devices.device_key_sha256
   AND c.rowid > (SELECT max(o.rowid) FROM certificates o
                  WHERE o.device = devices.id AND o.key_sha256 <> devices.device_key_sha256)), 0);
)sql";

// One home for all that waits for a second operator. What waited before is to be proposed again:
// nobody kept when it was proposed.
constexpr const char* kProposalsAge = R"sql(
DROP TABLE reference_proposals;
DELETE FROM proposals;
ALTER TABLE proposals ADD COLUMN proposed_at INTEGER NOT NULL DEFAULT 0;
)sql";

// Whose counters a state has was not kept before: then they hold every key.
constexpr const char* kKeyOfState = R"sql(
ALTER TABLE attestations ADD COLUMN attestation_key_sha256 BLOB NOT NULL DEFAULT x''
  CHECK (length(attestation_key_sha256) IN (0, 32));
)sql";

// By which maker's root a device came was not kept before: it has to show its endorsement
// certificate again for its next certificate, unless the allow-list names it.
constexpr const char* kMakerOfDevice = R"sql(
ALTER TABLE devices ADD COLUMN maker_root_sha256 BLOB NOT NULL DEFAULT x''
  CHECK (length(maker_root_sha256) IN (0, 32));
CREATE INDEX allowed_endorsements_by_device ON allowed_endorsements (device);
)sql";

constexpr const char* kReleaseDeltas = R"sql(
CREATE TABLE release_deltas (
  model        TEXT NOT NULL,
  number       INTEGER NOT NULL,
  base_sha256  BLOB NOT NULL CHECK (length(base_sha256) = 32),
  delta_sha256 BLOB NOT NULL CHECK (length(delta_sha256) = 32),
  delta_size   INTEGER NOT NULL CHECK (delta_size >= 1),
  statement    BLOB NOT NULL,
  PRIMARY KEY (model, number, base_sha256),
  FOREIGN KEY (model, number) REFERENCES releases (model, number)
) STRICT;
)sql";

constexpr const char* kReleaseApprovals = R"sql(
ALTER TABLE releases ADD COLUMN pending INTEGER NOT NULL DEFAULT 0 CHECK (pending IN (0, 1));
ALTER TABLE releases ADD COLUMN approval BLOB NOT NULL DEFAULT x'';
)sql";

constexpr Migration kMigrations[] = {{kFirstLight},
                                     {kRuntimeContracts},
                                     {kViolations},
                                     {kMeasuredDevices},
                                     {kSkus},
                                     {kSha384Registers},
                                     {kEndorsementTolerance},
                                     {kCertificates},
                                     {kProposals},
                                     {kEnrollmentTokens},
                                     {kDeviceKeys},
                                     {kKeySince},
                                     {kProposalsAge},
                                     {kKeyOfState},
                                     {kMakerOfDevice},
                                     {kReleaseDeltas},
                                     {kReleaseApprovals}};

}  // namespace

std::span<const Migration> migrations() {
  return kMigrations;
}

}  // namespace vedette::platform::sqlite
