// ReleaseService: the registry of signed models, for publishers and devices.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/error.h"
#include "codec/json.h"
#include "crypto/key.h"
#include "platform/store/store.h"
#include "release/registry.h"
#include "server/chronicle.h"
#include "server/route.h"

namespace vedette::server {

class ReleaseService {
 public:
  // Refuses a release that its publisher has taken back, or has not listed yet.
  using CheckListed = std::function<Result<void>(const release::Release&)>;

  ReleaseService(
      platform::Store& store, release::BlobStore& blobs, Chronicle& chronicle, const Clock& clock,
      std::vector<crypto::PublicKey> publishers, std::vector<release::Tier> two_person_tiers = {},
      CheckListed check_listed = [](const release::Release&) { return Result<void>{}; })
      : store_(store),
        blobs_(blobs),
        chronicle_(chronicle),
        clock_(clock),
        publishers_(std::move(publishers)),
        two_person_tiers_(std::move(two_person_tiers)),
        check_listed_(std::move(check_listed)) {}

  // At each start, before anybody is answered: what was published when its tier did not yet take
  // two is given to nobody before another publisher approves it. Each of them stands in the log.
  [[nodiscard]] Result<void> hold_unapproved(const std::string& actor);

  // Operators. A release is verified before it is stored, and its file must be there already. Of a
  // tier that takes two, and of a model that ever had a release of one, it is given to nobody
  // before another publisher's approval is there.
  [[nodiscard]] Result<platform::HttpResponse> put_blob(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> publish(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> list(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> show(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> approve(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> block(const Call& call);

  // Attested devices. A release is given out, and its file, while it is listed.
  [[nodiscard]] Result<platform::HttpResponse> latest(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> get_blob(const Call& call);

 private:
  [[nodiscard]] Result<release::Release> named_by(const Call& call);
  [[nodiscard]] Result<bool> takes_two(platform::UnitOfWork& unit,
                                       const release::Release& release) const;
  struct Approver {
    crypto::Sha256Digest spki_sha256{};
    crypto::Sha256Digest statement_sha256{};  // of the statement that is approved
  };
  // Refuses REL-APPROVED where an approval is there that holds, and as verify_release_approval
  // does.
  [[nodiscard]] Result<Approver> judge_approval(const release::Release& found,
                                                const std::string& approval) const;
  // What list and show tell of a release: its summary, and all that became of it.
  [[nodiscard]] Result<codec::Json> told(platform::UnitOfWork& unit,
                                         const release::Release& release,
                                         std::span<const ledger::SuspectRelease> suspects) const;
  // Refuses REL-BLOB-MISSING, and REL-SIZE for one of another size.
  [[nodiscard]] Result<void> check_blob(const crypto::Sha256Digest& sha256, std::uint64_t size);
  // Octets of a file of the release that the query names.
  [[nodiscard]] Result<std::uint64_t> size_of_part(const Call& call,
                                                   const crypto::Sha256Digest& digest);
  [[nodiscard]] Result<void> add(platform::UnitOfWork& unit, const release::Release& release,
                                 const std::vector<release::ReleaseDelta>& deltas);

  platform::Store& store_;
  release::BlobStore& blobs_;
  Chronicle& chronicle_;
  const Clock& clock_;
  std::vector<crypto::PublicKey> publishers_;
  std::vector<release::Tier> two_person_tiers_;
  CheckListed check_listed_;
};

}  // namespace vedette::server
