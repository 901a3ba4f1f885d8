// SavedEvidence: an attestation in a file, with all that it is held against, to be judged again by
// whoever does not take the server's word for it.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "attestation/appraisal/device_appraisal.h"
#include "codec/json.h"

namespace vedette::cli {

struct SavedEvidence {
  attestation::QuoteEvidence quote;
  attestation::DeviceLogs logs;
  attestation::QuoteExpectation expectation;
  bool registers_expected = false;  // whether the file says which had to be quoted
  std::optional<attestation::ReferenceSet> references;
  std::uint8_t runtime_register = 13;
  std::set<std::string> published;  // digests of model releases and runtime contracts
};

// {"attestation_key": "<base64 TPMT_PUBLIC>",
//  "extra_data": "<hex>",
//            or {"nonce": "<base64>", "certificate_sha256": "<hex>", "channel_binding": "<hex>"},
//  "evidence": {the body of POST /v1/attestation/evidence},
//  "registers": [0, 1, ...],         which had to be quoted; without: those that the quote selects
//  "bank": "sha256",                 which bank, beside 'registers' alone; sha256 without
//  "references": {a reference set},  may be missing
//  "runtime_register": 13,           may be missing
//  "published": ["<hex>", ...]}      may be missing
//
// Refuses CLI-EVIDENCE for what is none of this, ATT-SYNTAX for a body that a server would refuse,
// TPM-* for a key or quote that is none.
[[nodiscard]] Result<SavedEvidence> read_saved_evidence(std::string_view text);

// The verdict, and `{"status","claims","findings",…}` of it. Refuses what verify_quote() refuses.
struct SavedVerdict {
  codec::Json json;
  std::optional<Error> error;  // why it is not affirming
};
[[nodiscard]] Result<SavedVerdict> judge(const SavedEvidence& saved);

}  // namespace vedette::cli
