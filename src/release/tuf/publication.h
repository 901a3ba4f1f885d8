// What a repository publishes next: its own clients' checks decide, before anybody sees it.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/key.h"
#include "release/tuf/trusted_set.h"

namespace vedette::release::tuf {

// What clients can fetch now. Nothing is there before the first publication.
struct Published {
  std::optional<Bytes> root;  // the last one
  std::optional<Bytes> timestamp;
  std::optional<Bytes> snapshot;  // the one that timestamp names
  std::map<std::string, Bytes, std::less<>>
      targets{};  // `targets` and delegated roles, as it lists
};

// What the offline keys have signed and nobody has seen.
struct Staged {
  std::optional<Bytes> root;  // of the next version
  std::map<std::string, Bytes, std::less<>> targets{};
};

// Sign snapshot and timestamp without a person.
struct OnlineKeys {
  std::vector<crypto::PrivateKey> snapshot;
  std::vector<crypto::PrivateKey> timestamp;
};

struct Lifetimes {
  std::chrono::seconds snapshot = std::chrono::hours(24 * 7);
  std::chrono::seconds timestamp = std::chrono::hours(24);
};

struct MetadataFile {
  std::string name;  // as in a URL, `7.root.json`
  Bytes octets;
};

// The files in the order in which they have to appear, the timestamp last: until it is there,
// clients see what was there before, but for a new root. Each is to be on stable storage before the
// next; after a crash the same is simply done again.
//
// A snapshot is made when something that it lists has changed, when the root wants it signed by
// others, or when half of its life is over or more than a whole one is left, as after a clock was
// ahead; a timestamp always. Versions only rise. All of it is
// given to a TrustedSet that knows what is published, as a client would have it, and refused when
// that refuses: TUF-*; but a delegated role that was published before may have expired since.
// Besides: TUF-CONSISTENT (the root wants files without versions in their
// names), TUF-ROLE (snapshot or timestamp is staged), TUF-VERSION (a staged role does not follow
// the published one), TUF-PATH (a role lists a target that its delegators do not let it speak of)
// and TUF-NOTHING (nothing was ever staged).
[[nodiscard]] Result<std::vector<MetadataFile>> next_publication(const Published& published,
                                                                 const Staged& staged,
                                                                 const OnlineKeys& keys,
                                                                 const Lifetimes& lifetimes,
                                                                 TimePoint now);

}  // namespace vedette::release::tuf
