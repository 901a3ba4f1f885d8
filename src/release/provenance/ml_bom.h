// A model's bill of materials: CycloneDX 1.6 JSON with a model card, out of what was verified.
#pragma once

#include <string>

#include "base/clock.h"
#include "codec/json.h"
#include "release/oms_manifest.h"
#include "release/provenance/provenance.h"

namespace vedette::release {

struct BomSubject {
  const Manifest& manifest;
  std::string name;
  std::string version;  // may be empty
  TimePoint now;
};

// The model with its files' digests, its data, the model that it was made from, and how it was
// judged. The serial number is a UUID of the model's root and the provenance's octets (RFC 9562,
// version 8): what is the same twice has one number.
[[nodiscard]] codec::Json make_ml_bom(const BomSubject& subject, const Provenance& provenance);

}  // namespace vedette::release
