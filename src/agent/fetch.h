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
#include "agent/model_files.h"
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
  bool by_two = false;            // another publisher approved it, as the device wants of it
  std::string way{};              // see text_of(ObtainedFile)
};

// The release that answers at present.
struct PresentRelease {
  std::uint64_t release = 0;
  crypto::Sha256Digest model_root{};
  std::optional<PresentFile> file{};
  std::optional<TimePoint> valid_until{};  // by its contract
};

// Looks for the newest release of `model`. Returns nothing when `present` is that release already.
// Order: all signatures (a second publisher's too, where the tier takes two or the model once did),
// whether it is listed, rollback floor, quarantine, contract against the device's limits, bytes
// (verified while they arrive, into memory that is then sealed), admission. Where they come from is
// for `files` to say, one for each model. Refuses SBX-QUARANTINED, AGT-CONTRACT-*, ADM-*, what
// verify_release and ModelFiles refuse, and REL-OTHER when the server answers with another model
// than was asked for.
[[nodiscard]] Result<std::optional<FetchedRelease>> fetch_newer(
    platform::HttpClient& client, const std::string& ear, const AgentConfig& config,
    std::span<const crypto::PublicKey> publishers, const ReleaseFloors& floors,
    Quarantine& quarantine, ModelFiles& files, ListedReleases::Round& listed,
    const ModelName& model, const std::optional<PresentRelease>& present, TimePoint now);

}  // namespace vedette::agent
