// TCG_EfiSpecIdEvent: the header of a crypto-agile log (PFP, "Specification ID Version Event").
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "codec/tpm.h"

namespace vedette::attestation {

struct AnnouncedBank {
  codec::TpmAlgorithm bank = codec::TpmAlgorithm::null;
  std::size_t digest_octets = 0;
};

[[nodiscard]] bool is_spec_id_event03(ByteView data);
// Any version of it, of which a log has at most one, as its header.
[[nodiscard]] bool is_spec_id_event(ByteView data);

// Refuses ATT-LOG-SYNTAX.
[[nodiscard]] Result<std::vector<AnnouncedBank>> parse_spec_id_event03(ByteView data);

}  // namespace vedette::attestation
