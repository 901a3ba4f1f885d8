// TufScene: a TUF repository in a folder of its own, with all of its keys at hand.
#pragma once

#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "crypto/digest.h"
#include "release/tuf/repository_folder.h"
#include "release/tuf/role_edit.h"
#include "testing/temporary_folder.h"

namespace vedette::testing {

// One root key, one of targets, one of a publisher's role `voice` for `voice/*` and `gauge/*`, and
// the online one. A target is listed and published by one call; what cannot be done throws.
class TufScene {
 public:
  using Keys = std::vector<crypto::PrivateKey>;

  explicit TufScene(const Clock& clock, release::tuf::Lifetimes lives = {})
      : clock_(clock), lives_(lives) {
    auto folder = must(release::tuf::RepositoryFolder::create(path()));
    must(folder.begin("root", must(release::tuf::new_root({{"root", holder(root)},
                                                           {"targets", holder(targets)},
                                                           {"snapshot", holder(online)},
                                                           {"timestamp", holder(online)}},
                                                          in_days(365)))));
    auto top = release::tuf::new_targets(in_days(180));
    must(release::tuf::set_delegation(top, {"voice", holder(publisher), {"voice/*", "gauge/*"}}));
    must(folder.begin("targets", top));
    must(folder.begin("voice", release::tuf::new_targets(in_days(90))));
    sign(folder, "root", {root});
    sign(folder, "targets", {targets});
    sign(folder, "voice", {publisher});
    publish(folder);
  }

  [[nodiscard]] std::string path() const { return folder_ / "repository"; }
  [[nodiscard]] std::string file(const std::string& name) const {
    return path() + "/metadata/" + name;
  }
  [[nodiscard]] Bytes metadata(const std::string& name) const {
    return must(read_file(file(name), std::size_t{1} << 20U));
  }
  void overwrite(const std::string& name, ByteView octets) const {
    must(write_file_atomically(file(name), octets, 0644));
  }

  void list(const std::string& name, std::string_view content) {
    auto folder = open();
    must(folder.put_target(name, as_bytes(content)));
    edit(folder, "voice", {publisher}, [&](release::tuf::Document& role) {
      return release::tuf::set_target(role, name, content.size(),
                                      crypto::sha256(as_bytes(content)));
    });
    publish(folder);
  }
  void take_back(const std::string& name) {
    auto folder = open();
    edit(folder, "voice", {publisher},
         [&](release::tuf::Document& role) { return release::tuf::remove_target(role, name); });
    publish(folder);
  }
  // The next root has another online key, which signs from now on.
  void rotate_online_key() {
    auto folder = open();
    online = crypto::PrivateKey::generate_p256();
    edit(folder, "root", {root}, [&](release::tuf::Document& document) -> Result<void> {
      VEDETTE_CHECK(release::tuf::set_holders(document, "snapshot", holder(online)));
      return release::tuf::set_holders(document, "timestamp", holder(online));
    });
    publish(folder);
  }
  // Leaves a version of `voice` unpublished, as its author would while it lacks a signature.
  void stage_unsigned(const std::string& name) {
    const auto folder = open();
    must(folder.edit("voice", in_days(90), [&](release::tuf::Document& role) {
      return release::tuf::set_target(role, name, 1, {});
    }));
  }

  [[nodiscard]] TimePoint in_days(int days) const {
    return clock_.now() + std::chrono::hours(24 * days);
  }

  crypto::PrivateKey root = crypto::PrivateKey::generate_p256();
  crypto::PrivateKey targets = crypto::PrivateKey::generate_p256();
  crypto::PrivateKey publisher = crypto::PrivateKey::generate_p256();
  crypto::PrivateKey online = crypto::PrivateKey::generate_p256();

 private:
  template <class T>
  static T must(Result<T> result) {
    if (!result) throw std::runtime_error(describe(result.error()));
    if constexpr (!std::is_void_v<T>) return *std::move(result);
  }
  // A server that renews has the folder for moments: an author would try again.
  [[nodiscard]] release::tuf::RepositoryFolder open() const {
    for (int tries = 0;; ++tries) {
      auto folder = release::tuf::RepositoryFolder::open(path());
      if (folder || folder.error().code != "TUF-LOCKED" || tries == 500)
        return must(std::move(folder));
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  static release::tuf::RoleHolders holder(const crypto::PrivateKey& key) {
    return {.keys = {key.public_key()}, .threshold = 1};
  }
  static void sign(const release::tuf::RepositoryFolder& folder, const std::string& role,
                   const Keys& keys) {
    const std::string path = folder.staged_path(role);
    auto document = must(release::tuf::read_document(must(read_file(path, std::size_t{1} << 20U))));
    for (const crypto::PrivateKey& key : keys)
      must(release::tuf::sign_document(document, key));
    must(write_file_atomically(path, release::tuf::write_document(document), 0600));
  }
  void edit(const release::tuf::RepositoryFolder& folder, const std::string& role, const Keys& keys,
            const release::tuf::RepositoryFolder::Edit& edit) const {
    must(folder.edit(role, in_days(90), edit));
    sign(folder, role, keys);
  }
  void publish(release::tuf::RepositoryFolder& folder) const {
    const auto published = must(folder.published());
    const auto staged = must(folder.staged(published));
    must(folder.publish(must(release::tuf::next_publication(published, staged, {{online}, {online}},
                                                            lives_, clock_.now()))));
  }

  const Clock& clock_;
  release::tuf::Lifetimes lives_;
  TemporaryFolder folder_;
};

}  // namespace vedette::testing
