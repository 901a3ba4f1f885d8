// Renewal: prolongs what a repository has published, by its online keys and by nobody's hand.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "release/tuf/publication.h"
#include "release/tuf/served_files.h"

namespace vedette::release::tuf {

struct Validity {
  TimePoint expires;  // until then clients take what is published: the timestamp and the snapshot
  TimePoint due;      // when half of the life of one of them is over

  friend bool operator==(const Validity&, const Validity&) = default;
};

// Of what clients can fetch now. Takes no lock. Refuses TUF-NOTHING where nothing is published yet,
// TUF-VERSION where the timestamp names a snapshot that is not there, what metadata.h refuses for
// what does not read, and FILE-*.
[[nodiscard]] Result<Validity> validity_of(const ServedFiles& files, const Lifetimes& lifetimes);

// Publishes another timestamp, and another snapshot when half of its life is over. What is staged
// stays staged: it needs its author. Refuses what RepositoryFolder and next_publication() do; a
// crash at any point leaves a repository that clients follow, and the same can be done again.
[[nodiscard]] Result<void> renew(const std::string& folder, const OnlineKeys& keys,
                                 const Lifetimes& lifetimes, TimePoint now);

}  // namespace vedette::release::tuf
