// RefusedReleases: releases that failed here after they had been fetched, and how long each is let
// be before it is fetched again.
#pragma once

#include <map>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/digest.h"

namespace vedette::agent {

// Of each model the one that failed last, by the digest of its release statement: another statement
// is another release, and tried at once. Lives as long as the agent: a start anew tries everything.
// Not thread-safe.
class RefusedReleases {
 public:
  // The first wait is `wait`; each failure of the same release doubles it, up to an hour.
  explicit RefusedReleases(Duration wait) : wait_(wait) {}

  // Refuses with what it failed with, while its wait lasts.
  [[nodiscard]] Result<void> check(const ModelName& model, const crypto::Sha256Digest& statement,
                                   TimePoint now) const;
  void add(const ModelName& model, const crypto::Sha256Digest& statement, const Error& cause,
           TimePoint now);

 private:
  struct Refused {
    crypto::Sha256Digest statement{};
    Error cause;
    Duration wait{};
    TimePoint until{};
  };

  Duration wait_;
  std::map<std::string, Refused> models_;
};

}  // namespace vedette::agent
