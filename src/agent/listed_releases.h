// ListedReleases: which releases count now, as a repository of The Update Framework says.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/config.h"
#include "agent/contact.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/digest.h"
#include "platform/net/http.h"
#include "release/tuf/updater.h"

namespace vedette::agent {

// A release counts while the target `MODEL/NUMBER.json` is listed, and while that target is its
// release statement, octet by octet (docs/decisions/0018-tuf-beside-releases.md). Not thread-safe.
class ListedReleases {
 public:
  // Makes the store of verified metadata in this folder, which need not be there.
  using OpenStore = std::function<Result<std::unique_ptr<release::tuf::MetadataStore>>(
      const std::string& folder)>;

  // What one look at the repository may take, downloads of models apart.
  struct Limits {
    std::uint64_t octets = std::uint64_t{32} << 20U;
    std::chrono::seconds time{120};
  };

  // Follows nothing: every release counts that its publishers signed.
  ListedReleases() = default;
  // Follows the repository whose root is in the configuration's file, if it names one. Each root
  // that a configuration names has a store of its own in the state folder, which remembers what was
  // seen; the root of the configuration is where that store began. Refuses FILE-*, TUF-* for a file
  // that holds no root, and what `open` refuses.
  [[nodiscard]] static Result<ListedReleases> load(const AgentConfig& config,
                                                   const OpenStore& open);

  // One look, which every model is held to. Nothing else may use the list while it lasts.
  class Round;

 private:
  // What was let pass: (model, release) and its statement.
  using Passed = std::map<std::pair<std::string, std::uint64_t>, std::string>;

  std::unique_ptr<release::tuf::MetadataStore> store_;  // none: nothing is followed
  Passed passed_;
};

class ListedReleases::Round {
 public:
  // Brings the trusted metadata up to date: once, whatever becomes of it. All arguments outlive the
  // round.
  Round(ListedReleases& list, platform::HttpClient& client, const std::string& ear,
        const Clock& clock, const Limits& limits);
  Round(ListedReleases& list, platform::HttpClient& client, const std::string& ear,
        const Clock& clock)
      : Round(list, client, ear, clock, Limits{}) {}
  Round(const Round&) = delete;
  Round& operator=(const Round&) = delete;
  ~Round();

  // Those of `running` that count no longer: their target was removed, or is another statement now.
  // A repository that cannot be asked or believed takes nothing back. To be asked before check(),
  // since it forgets what was let pass and does not run.
  [[nodiscard]] std::vector<RunningModel> taken_back(const std::vector<RunningModel>& running);

  // Refuses REL-UNLISTED, REL-LISTED-OTHER, what the server refuses, what Updater does, TUF-STATUS,
  // and TUF-SIZE or TUF-SLOW for a repository that takes more than the limits.
  [[nodiscard]] Result<void> check(const ModelName& model, std::uint64_t release,
                                   std::string_view statement);

 private:
  struct Following;

  // No statement: any.
  [[nodiscard]] Result<void> ask(const ModelName& model, std::uint64_t release,
                                 std::optional<std::string_view> statement);

  ListedReleases& list_;
  std::unique_ptr<Following> following_;  // none: nothing is followed
};

}  // namespace vedette::agent
