// For the tests of this folder: a repository in memory, and a store and a network that misbehave.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "release/tuf/updater.h"
#include "testing/fake_clock.h"

namespace vedette::release::tuf {

inline constexpr const char* kLater = "2027-11-23T12:00:00Z";    // a year after FakeClock's start
inline constexpr const char* kEarlier = "2026-11-23T11:59:59Z";  // a second before it

struct Signer {
  crypto::PrivateKey key;
  std::string id;
};
[[nodiscard]] Signer new_signer();

// The metadata document: `content` signed by each of `signers`.
[[nodiscard]] Bytes document(const codec::Json& content, const std::vector<Signer>& signers);
[[nodiscard]] codec::Json keys_json(const std::vector<Signer>& signers);
[[nodiscard]] codec::Json ids_json(const std::vector<Signer>& signers);
[[nodiscard]] codec::Json target_json(std::string_view content);
// {"name","keyids","threshold","terminating","paths"}
[[nodiscard]] codec::Json delegated_role(const std::string& name, const Signer& signer,
                                         const std::string& path, bool terminating = false);
[[nodiscard]] codec::Json delegations(const std::vector<Signer>& signers, codec::Json::Array roles);

// Of one role: change it, then publish it. Publishing counts the version up, but for the first
// time.
struct ForgedRole {
  std::vector<Signer> signers{new_signer()};
  std::int64_t threshold = 1;
  std::int64_t version = 0;
  std::string expires = kLater;
  codec::Json targets = codec::Json::Object{};
  codec::Json delegations;  // none: null
};

class ForgedRepository {
 public:
  ForgedRepository() { publish({"root", "targets", "snapshot", "timestamp"}); }

  ForgedRole& operator[](const std::string& role) { return roles_[role]; }
  void publish(const std::vector<std::string>& roles);
  void add_target(const std::string& role, const std::string& name, std::string_view content);
  // All delegations of `delegator` at once: {role, path}, each role signed by its own key.
  void delegate(const std::string& delegator,
                const std::vector<std::pair<std::string, std::string>>& roles);

  [[nodiscard]] codec::Json content(const std::string& role);  // of what publish() would sign
  [[nodiscard]] std::string file(const std::string& role);     // of its present version

  std::map<std::string, Bytes> files;  // by name
  bool promise_hashes = false;         // in snapshot and timestamp
  bool consistent_snapshot = true;     // versions and digests are in the files' names

 private:
  [[nodiscard]] codec::Json root_content();
  [[nodiscard]] codec::Json meta_of(const std::string& role);

  std::map<std::string, ForgedRole> roles_;
};

class FakeFetcher final : public Fetcher {
 public:
  explicit FakeFetcher(const ForgedRepository& repository) : repository_(repository) {}
  Result<void> fetch(const std::string& url, std::chrono::seconds within,
                     const Sink& sink) override;

  std::vector<std::string> requests;  // the last part of each URL
  std::string endless;                // this file never ends
  std::string broken;                 // this file refuses NET-TIMEOUT
  std::uint64_t octets = 0;           // handed out

 private:
  const ForgedRepository& repository_;
};

class FakeStore final : public MetadataStore {
 public:
  Result<std::optional<Bytes>> read(std::string_view role, std::uint64_t max_octets) override;
  Result<void> write(std::string_view role, ByteView octets) override;
  Result<void> remove(std::string_view role) override;

  [[nodiscard]] std::int64_t version(const std::string& role) const;  // 0: nothing is stored

  std::map<std::string, Bytes, std::less<>> files;
  int changes_until_crash = -1;  // then each one refuses STORE-FAILED; below 0: never

 private:
  [[nodiscard]] Result<void> change();
};

}  // namespace vedette::release::tuf
