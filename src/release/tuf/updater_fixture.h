// A client, its repository and its store, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include "release/tuf/forged_repository.h"
#include "release/tuf/limits.h"
#include "release/tuf/updater.h"

namespace vedette::release::tuf {

class UpdaterFixture : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(trust_root(store_, repository_.files["1.root.json"])); }

  // Each by a client that has just started; "" when nothing is refused.
  std::string refresh() {
    fetcher_.requests.clear();
    Updater updater(fetcher_, store_, clock_, kUrls);
    return code(updater.refresh());
  }
  std::string find(const std::string& target) {
    fetcher_.requests.clear();
    Updater updater(fetcher_, store_, clock_, kUrls);
    return code(updater.find(target));
  }
  template <class T>
  static std::string code(const Result<T>& result) {
    return result ? "" : result.error().code;
  }
  // root, timestamp, snapshot, targets
  [[nodiscard]] std::vector<std::int64_t> stored() const {
    return {store_.version("root"), store_.version("timestamp"), store_.version("snapshot"),
            store_.version("targets")};
  }
  using Versions = std::vector<std::int64_t>;
  using Roles = std::vector<std::string>;

  inline static const Repository kUrls{.metadata_url = "http://127.0.0.1/metadata/",
                                       .targets_url = "http://127.0.0.1/targets"};
  FakeClock clock_;
  ForgedRepository repository_;
  FakeFetcher fetcher_{repository_};
  FakeStore store_;
};

}  // namespace vedette::release::tuf
