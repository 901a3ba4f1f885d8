#include "agent/listed_releases.h"

#include <algorithm>

#include "agent/server_files.h"
#include "base/fd.h"
#include "release/tuf/limits.h"
#include "release/tuf/listed_release.h"

namespace vedette::agent {

namespace {

namespace tuf = release::tuf;

// Paths on the server's device listener.
const tuf::Repository kRepository{.metadata_url = "/v1/tuf/metadata",
                                  .targets_url = "/v1/tuf/targets"};

// Of a configuration that names another root there is nothing to remember.
std::string store_of(const std::string& state_folder, ByteView root) {
  constexpr std::size_t kShortDigest = 16;
  return state_folder + "/tuf-" + to_hex(crypto::sha256(root)).substr(0, kShortDigest);
}

bool says_that_it_counts_no_longer(const Error& error) {
  return error.code == "REL-UNLISTED" || error.code == "REL-LISTED-OTHER";
}

}  // namespace

Result<ListedReleases> ListedReleases::load(const AgentConfig& config, const OpenStore& open) {
  ListedReleases list;
  if (config.tuf_root.empty()) return list;
  VEDETTE_TRY(const Bytes root, read_file(config.tuf_root, tuf::kMaxRootOctets));
  VEDETTE_CHECK(tuf::TrustedSet::from_root(root, TimePoint{}));
  VEDETTE_TRY(list.store_, open(store_of(config.state_folder, root)));
  VEDETTE_TRY(const auto known, list.store_->read(tuf::kRoot, tuf::kMaxRootOctets));
  if (!known) VEDETTE_CHECK(tuf::trust_root(*list.store_, root));
  return list;
}

struct ListedReleases::Round::Following {
  Following(tuf::MetadataStore& store, platform::HttpClient& client, const std::string& ear,
            const Clock& clock, const Limits& limits)
      : files(client, ear, limits.octets, limits.time),
        updater(files, store, clock, kRepository),
        refreshed(updater.refresh()) {}

  ServerFiles files;
  tuf::Updater updater;
  const Result<void> refreshed;
};

ListedReleases::Round::Round(ListedReleases& list, platform::HttpClient& client,
                             const std::string& ear, const Clock& clock, const Limits& limits)
    : list_(list) {
  if (list.store_)
    following_ = std::make_unique<Following>(*list.store_, client, ear, clock, limits);
}

ListedReleases::Round::~Round() = default;

std::vector<RunningModel> ListedReleases::Round::taken_back(
    const std::vector<RunningModel>& running) {
  std::vector<RunningModel> taken_back;
  if (!following_) return taken_back;
  Passed still;
  for (const RunningModel& model : running) {
    const std::pair name{model.model.str(), model.release};
    std::optional<std::string> statement;
    if (const auto passed = list_.passed_.find(name); passed != list_.passed_.end()) {
      statement = passed->second;
      still.insert(*passed);
    }
    const auto counts = ask(model.model, model.release, statement);
    if (!counts && says_that_it_counts_no_longer(counts.error())) taken_back.push_back(model);
  }
  list_.passed_ = std::move(still);
  return taken_back;
}

Result<void> ListedReleases::Round::check(const ModelName& model, std::uint64_t release,
                                          std::string_view statement) {
  if (!following_) return {};
  VEDETTE_CHECK(ask(model, release, statement));
  list_.passed_.insert_or_assign({model.str(), release}, std::string(statement));
  return {};
}

// The statement itself is not fetched a second time: its length and digest are what the target's
// role has signed (5.7.2).
Result<void> ListedReleases::Round::ask(const ModelName& model, std::uint64_t release,
                                        std::optional<std::string_view> statement) {
  VEDETTE_CHECK(following_->refreshed);
  return tuf::check_listed(following_->updater, model, release, statement);
}

}  // namespace vedette::agent
