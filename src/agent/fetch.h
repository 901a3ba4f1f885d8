// Fetch: from a release's name to a model that answers, with no moment at which unverified bytes
// could run.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/config.h"
#include "agent/contract_mapping.h"
#include "agent/listed_releases.h"
#include "agent/partial_download.h"
#include "agent/quarantine.h"
#include "agent/release_floors.h"
#include "agent/serving.h"
#include "base/error.h"
#include "crypto/key.h"
#include "inference/model_memory.h"
#include "platform/net/http.h"

namespace vedette::agent {

// A release that may be started: verified, allowed here, admitted, and sealed.
struct FetchedRelease {
  ServedModel about;
  WorkerTerms terms;
  inference::SealedModel sealed;
  std::uint64_t never_below = 0;  // what the publisher still vouches for, should it be blocked
};

// The release that answers at present.
struct PresentRelease {
  std::uint64_t release = 0;
  crypto::Sha256Digest model_root{};
};

// Looks for the newest release of `model`. Returns nothing when `present` is that release already.
// Order: all signatures, whether it is listed, rollback floor, quarantine, contract against the
// device's limits, bytes (verified while they arrive, into memory that is then sealed), admission.
// A download that broke is kept in `partial`, one for each model, and goes on in the next call.
// Refuses SBX-QUARANTINED, AGT-CONTRACT-*, ADM-*, what verify_release and PartialDownload refuse,
// and REL-OTHER when the server answers with another model than was asked for.
[[nodiscard]] Result<std::optional<FetchedRelease>> fetch_newer(
    platform::HttpClient& client, const std::string& ear, const AgentConfig& config,
    std::span<const crypto::PublicKey> publishers, const ReleaseFloors& floors,
    Quarantine& quarantine, PartialDownload& partial, ListedReleases::Round& listed,
    const ModelName& model, const std::optional<PresentRelease>& present);

}  // namespace vedette::agent
