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
#include "agent/refused_releases.h"
#include "agent/release_floors.h"
#include "agent/serving.h"
#include "base/clock.h"
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
  std::uint64_t never_below = 0;     // what the publisher still vouches for, should it be blocked
  bool by_two = false;               // another publisher approved it, as the device wants of it
  std::string way{};                 // see text_of(ObtainedFile)
  crypto::Sha256Digest statement{};  // of its release statement
};

// What a release is held to on this device. Borrows.
struct ReleaseRules {
  const AgentConfig& config;
  std::span<const crypto::PublicKey> publishers;
  const ReleaseFloors& floors;
  Quarantine& quarantine;
  RefusedReleases& refused;
  const Clock& clock;
};

// The release that answers at present.
struct PresentRelease {
  std::uint64_t release = 0;
  crypto::Sha256Digest model_root{};
  std::optional<PresentFile> file{};
};

// Asks the server for its newest release of `model`: that there is none newer is the server's word
// alone. Returns nothing when `present` is that release already. Order: the signatures of model,
// statement and contract, whether it is listed, a second publisher's approval where the tier takes
// two or the model once did, rollback floor, quarantine, contract against the device's limits,
// place and time, whether it failed here not long ago, bytes (verified while they arrive, into
// memory that is then sealed), the contract's place and time again, admission. Where the bytes come
// from is for `files` to say, one for each model. Refuses what verify_release, Round::check,
// verify_release_approval and ModelFiles refuse, what the server does, NET-*, JSON-*, REL-OTHER (it
// answers with another model than was asked for), REL-APPROVAL (nobody approved it), REL-ROLLBACK,
// SBX-QUARANTINED, AGT-CONTRACT-* and ADM-*; what it refuses after the bytes were there it
// remembers in `rules.refused`, and refuses again without them.
[[nodiscard]] Result<std::optional<FetchedRelease>> fetch_newer(
    platform::HttpClient& client, const std::string& ear, const ReleaseRules& rules,
    ModelFiles& files, ListedReleases::Round& listed, const ModelName& model,
    const std::optional<PresentRelease>& present);

}  // namespace vedette::agent
