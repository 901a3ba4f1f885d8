// Updater: follows a TUF repository (The Update Framework 1.0.34, section 5).
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "release/tuf/trusted_set.h"

namespace vedette::release::tuf {

using Sink = std::function<Result<void>(ByteView)>;

// Gets files from a repository.
class Fetcher {
 public:
  Fetcher() = default;
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;
  virtual ~Fetcher() = default;

  // Hands the file's octets to `sink` as they arrive; a refusal of the sink, which bounds the
  // length, ends the transfer and is returned. Refuses TUF-NOT-FOUND when the repository has no
  // such file, TUF-SLOW when it is not whole `within` that time, and NET-*.
  [[nodiscard]] virtual Result<void> fetch(const std::string& url, std::chrono::seconds within,
                                           const Sink& sink) = 0;
};

// Where metadata that was verified outlasts us, by role, without versions.
class MetadataStore {
 public:
  MetadataStore() = default;
  MetadataStore(const MetadataStore&) = delete;
  MetadataStore& operator=(const MetadataStore&) = delete;
  virtual ~MetadataStore() = default;

  // The octets as they were written; none when there are none.
  [[nodiscard]] virtual Result<std::optional<Bytes>> read(std::string_view role,
                                                          std::uint64_t max_octets) = 0;
  // On stable storage when it returns; after a crash either the old octets are there or the new.
  [[nodiscard]] virtual Result<void> write(std::string_view role, ByteView octets) = 0;
  [[nodiscard]] virtual Result<void> remove(std::string_view role) = 0;
};

struct Repository {
  std::string metadata_url;
  std::string targets_url;
};

// Makes `root` the store's trust anchor (5.2). Refuses what TrustedSet::from_root does, and
// TUF-ANCHORED when the store has another root already: an anchor is not exchanged by the way.
[[nodiscard]] Result<void> trust_root(MetadataStore& store, ByteView root);

// Uses its arguments as long as it lives. Refuses, besides what TrustedSet, Fetcher and
// MetadataStore do: TUF-NO-ROOT (nothing is trusted yet) and TUF-SIZE (metadata or a target beyond
// its limit).
class Updater {
 public:
  Updater(Fetcher& fetcher, MetadataStore& store, const Clock& clock, Repository repository);

  // 5.1 to 5.6: the top-level roles. What is verified is stored at once, what is refused never.
  [[nodiscard]] Result<void> refresh();

  // 5.6.7: searches the delegations in pre-order; refreshes first if that was not done. A role that
  // cannot be had or verified ends the search. Refuses TUF-TARGET-NAME, TUF-NO-TARGET, and
  // TUF-DELEGATIONS when more than kMaxDelegations roles would have to be asked.
  [[nodiscard]] Result<TargetFile> find(const std::string& target_name);

  // 5.7: hands the target's octets to `sink`, which may believe them once this has succeeded.
  [[nodiscard]] Result<void> download(const TargetFile& target, const Sink& sink);

 private:
  [[nodiscard]] Result<void> update_roots(TrustedSet& trusted);
  [[nodiscard]] Result<void> update_timestamp(TrustedSet& trusted);
  [[nodiscard]] Result<void> update_snapshot(TrustedSet& trusted);
  [[nodiscard]] Result<const Targets*> load_targets(TrustedSet& trusted, std::string_view role,
                                                    std::string_view delegator);
  [[nodiscard]] Result<Bytes> fetch_metadata(const std::string& file, std::uint64_t max_octets);
  [[nodiscard]] Result<Bytes> fetch_listed(const TrustedSet& trusted, std::string_view role,
                                           const MetaFile& file, std::uint64_t max_octets);

  Fetcher& fetcher_;
  MetadataStore& store_;
  const Clock& clock_;
  const Repository repository_;
  std::optional<TrustedSet> trusted_;  // after a refresh that succeeded
};

}  // namespace vedette::release::tuf
