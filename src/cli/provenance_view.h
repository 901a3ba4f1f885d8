// A provenance, for a program and for a person.
#pragma once

#include <string>

#include "codec/json.h"
#include "release/provenance/provenance.h"

namespace vedette::cli {

[[nodiscard]] codec::Json provenance_json(const release::Provenance& provenance);
// Lines, each indented by two spaces; printable.
[[nodiscard]] std::string provenance_text(const release::Provenance& provenance);

// Who signed which part: the SHA-256 of the key's SubjectPublicKeyInfo.
[[nodiscard]] codec::Json signers_json(const release::VerifiedProvenance& verified);
[[nodiscard]] std::string signers_text(const release::VerifiedProvenance& verified);

}  // namespace vedette::cli
