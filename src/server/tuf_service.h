// TufService: serves a repository of The Update Framework to devices, and prolongs it.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "codec/json.h"
#include "release/registry.h"
#include "release/tuf/listed_release.h"
#include "release/tuf/renewal.h"
#include "server/config.h"
#include "server/route.h"

namespace vedette::server {

// What lies in the folder is its author's (`vedette tuf`); this holds the online key alone, so all
// that it can say is that what the author signed still stands. Thread-safe.
class TufService {
 public:
  // Opens the online key, if there is one. Refuses what KeyCustody::open_key does.
  [[nodiscard]] static Result<release::tuf::OnlineKeys> open_keys(const TufSettings& settings,
                                                                  const KeyCustody& custody);

  // Without a repository there is nothing at any path; without keys somebody else renews.
  TufService(const Clock& clock, const TufSettings& settings, release::tuf::OnlineKeys keys)
      : clock_(clock),
        folder_(settings.repository),
        lifetimes_{settings.snapshot_lifetime, settings.timestamp_lifetime},
        keys_(std::move(keys)),
        files_(settings.repository),
        listing_(settings.repository) {}

  // The files as they lie there. Refuse HTTP-NOT-FOUND and FILE-*.
  [[nodiscard]] Result<platform::HttpResponse> metadata(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> target(const Call& call);

  // Publishes a timestamp, and perhaps a snapshot, when half of a life is over or more than a whole
  // one is left. To be called now and then, by one thread: looks at the folder once a minute, each
  // time after a refusal, and when the clock was set back. Refuses what release/tuf/renewal.h does;
  // then it is to be tried again. TUF-EXPIRED, with or without keys, once clients refuse it.
  [[nodiscard]] Result<void> tend();

  // Whether the repository lists the release, with this statement. Refuses REL-UNLISTED,
  // REL-LISTED-OTHER, and what does not verify: TUF-*, FILE-*. Without a repository, and before
  // one has published anything, every release passes.
  [[nodiscard]] Result<void> check_listed(const release::Release& release);

  // {"renews","expires"?,"expires_first"?,"renewal_due"?,"refused"?}, or null without a repository.
  [[nodiscard]] codec::Json status() const;

 private:
  [[nodiscard]] Result<release::tuf::Validity> renew_if_due(TimePoint now) const;
  [[nodiscard]] Result<void> check_serves() const;

  const Clock& clock_;
  const std::string folder_;
  const release::tuf::Lifetimes lifetimes_;
  const release::tuf::OnlineKeys keys_;
  const release::tuf::ServedFiles files_;
  release::tuf::OwnListing listing_;
  TimePoint last_look_;  // both of the thread that tends
  TimePoint next_look_;
  mutable std::mutex mutex_;
  std::optional<Error> refusal_;  // guarded: of the last renewal
};

}  // namespace vedette::server
