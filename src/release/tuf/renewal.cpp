#include "release/tuf/renewal.h"

#include <algorithm>

#include "release/tuf/repository_folder.h"

namespace vedette::release::tuf {

Result<Validity> validity_of(const ServedFiles& files, const Lifetimes& lifetimes) {
  VEDETTE_TRY(const auto octets, files.metadata("timestamp.json"));
  if (!octets)
    return refuse("TUF-NOTHING", "the TUF repository has published nothing yet", {},
                  "'vedette tuf publish' does it first");
  VEDETTE_TRY(const auto timestamp, parse_timestamp(*octets));
  const std::string name = std::to_string(timestamp.content.snapshot.version) + ".snapshot.json";
  VEDETTE_TRY(const auto named, files.metadata(name));
  if (!named)
    return refuse("TUF-VERSION", "the timestamp names a snapshot that is not there", name);
  VEDETTE_TRY(const auto snapshot, parse_snapshot(*named));
  return Validity{.expires = std::min(timestamp.expires, snapshot.expires),
                  .due = std::min(timestamp.expires - lifetimes.timestamp / 2,
                                  snapshot.expires - lifetimes.snapshot / 2)};
}

Result<void> renew(const std::string& folder, const OnlineKeys& keys, const Lifetimes& lifetimes,
                   TimePoint now) {
  VEDETTE_TRY(RepositoryFolder repository, RepositoryFolder::open(folder));
  VEDETTE_TRY(const Published published, repository.published());
  VEDETTE_TRY(const auto files, next_publication(published, {}, keys, lifetimes, now));
  return repository.put(files);
}

}  // namespace vedette::release::tuf
