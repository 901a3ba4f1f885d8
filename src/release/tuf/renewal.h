// Renewal: prolongs what a repository has published, by its online keys and by nobody's hand.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "release/tuf/publication.h"
#include "release/tuf/served_files.h"

namespace vedette::release::tuf {

struct Validity {
  TimePoint expires;  // until then clients take what is published
  std::string first;  // the role that ends it: root, timestamp, snapshot or targets
  TimePoint due;      // when half of the life of timestamp or snapshot is over
  // When the younger of both was made, if it was given the life that is its due. An earlier time
  // means that a clock was set back, or that somebody gave it a longer one.
  TimePoint made;

  friend bool operator==(const Validity&, const Validity&) = default;
};

// Of what clients can fetch now; a delegated role ends by itself, and nothing with it. Takes no
// lock. Refuses TUF-NOTHING where nothing is published yet, TUF-VERSION where metadata names what
// is not there, TUF-NOT-IN-SNAPSHOT, what metadata.h refuses for what does not read, and FILE-*.
[[nodiscard]] Result<Validity> validity_of(const ServedFiles& files, const Lifetimes& lifetimes);

[[nodiscard]] bool is_renewal_due(const Validity& validity, TimePoint now);

// Refuses TUF-EXPIRED once clients refuse what is published, and says whose work it is.
[[nodiscard]] Result<void> check_current(const Validity& validity, TimePoint now);

// Publishes another timestamp, and another snapshot when half of its life is over or more than a
// whole one is left. What is staged stays staged: it needs its author. Refuses what
// RepositoryFolder and next_publication() do; a crash at any point leaves a repository that clients
// follow, and the same can be done again.
[[nodiscard]] Result<void> renew(const std::string& folder, const OnlineKeys& keys,
                                 const Lifetimes& lifetimes, TimePoint now);

}  // namespace vedette::release::tuf
