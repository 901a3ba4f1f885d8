#include "release/tuf/forged_repository.h"

#include <algorithm>

#include "codec/base64.h"
#include "release/tuf/canonical_json.h"

namespace vedette::release::tuf {
namespace {

using codec::Json;

constexpr std::size_t kRawKey = 32;

Json key_json(const crypto::PublicKey& key) {
  const Bytes spki = key.spki_der();
  const std::string raw = to_hex(ByteView(spki).last(kRawKey));
  return Json::Object{
      {"keytype", "ed25519"}, {"keyval", Json::Object{{"public", raw}}}, {"scheme", "ed25519"}};
}

bool is_targets(const std::string& role) {
  return role == kTargets || !is_top_level(role);
}

}  // namespace

Signer new_signer() {
  const auto key = crypto::PrivateKey::generate_ed25519();
  const std::string canonical = canonical_json(key_json(key.public_key())).value();
  return {.key = key, .id = to_hex(crypto::sha256(as_bytes(canonical)))};
}

Bytes document(const Json& content, const std::vector<Signer>& signers) {
  const std::string canonical = canonical_json(content).value();
  Json::Array signatures;
  for (const Signer& signer : signers)
    signatures.emplace_back(Json::Object{
        {"keyid", signer.id}, {"sig", to_hex(signer.key.sign(as_bytes(canonical)).value())}});
  return to_bytes(
      codec::to_pretty_json(Json::Object{{"signatures", signatures}, {"signed", content}}));
}

Json keys_json(const std::vector<Signer>& signers) {
  Json keys = Json::Object{};
  for (const Signer& signer : signers)
    keys.set(signer.id, key_json(signer.key.public_key()));
  return keys;
}

Json ids_json(const std::vector<Signer>& signers) {
  Json::Array ids;
  for (const Signer& signer : signers)
    ids.emplace_back(signer.id);
  return ids;
}

Json target_json(std::string_view content) {
  return Json::Object{
      {"length", static_cast<std::int64_t>(content.size())},
      {"hashes", Json::Object{{"sha256", to_hex(crypto::sha256(as_bytes(content)))}}}};
}

Json delegated_role(const std::string& name, const Signer& signer, const std::string& path,
                    bool terminating) {
  return Json::Object{{"name", name},
                      {"keyids", ids_json({signer})},
                      {"threshold", 1},
                      {"terminating", terminating},
                      {"paths", Json::Array{path}}};
}

Json delegations(const std::vector<Signer>& signers, Json::Array roles) {
  return Json::Object{{"keys", keys_json(signers)}, {"roles", std::move(roles)}};
}

Json ForgedRepository::root_content() {
  Json keys = Json::Object{};
  Json roles = Json::Object{};
  for (const std::string name : {"root", "timestamp", "snapshot", "targets"}) {
    const ForgedRole& role = roles_[name];
    for (const Signer& signer : role.signers)
      keys.set(signer.id, key_json(signer.key.public_key()));
    roles.set(name,
              Json::Object{{"keyids", ids_json(role.signers)}, {"threshold", role.threshold}});
  }
  return Json::Object{
      {"consistent_snapshot", consistent_snapshot}, {"keys", keys}, {"roles", roles}};
}

Json ForgedRepository::meta_of(const std::string& role) {
  Json meta = Json::Object{{"version", roles_[role].version}};
  if (promise_hashes) {
    const Bytes& octets = files[file(role)];
    meta.set("length", static_cast<std::int64_t>(octets.size()));
    meta.set("hashes",
             Json::Object{{"sha512", to_hex(crypto::digest(crypto::Hash::sha512, octets))}});
  }
  return meta;
}

Json ForgedRepository::content(const std::string& role) {
  Json content = Json::Object{};
  if (role == kRoot) content = root_content();
  if (role == kTimestamp) content.set("meta", Json::Object{{"snapshot.json", meta_of("snapshot")}});
  if (role == kSnapshot) {
    Json meta = Json::Object{};
    for (const auto& [name, state] : roles_)
      if (is_targets(name) && state.version > 0) meta.set(name + ".json", meta_of(name));
    content.set("meta", meta);
  }
  const ForgedRole& state = roles_[role];
  if (is_targets(role)) {
    content.set("targets", state.targets);
    if (!state.delegations.is_null()) content.set("delegations", state.delegations);
  }
  content.set("_type", is_targets(role) ? "targets" : role);
  content.set("spec_version", "1.0.34").set("version", state.version);
  content.set("expires", state.expires);
  return content;
}

std::string ForgedRepository::file(const std::string& role) {
  const bool is_versioned = role == kRoot || (consistent_snapshot && role != kTimestamp);
  return (is_versioned ? std::to_string(roles_[role].version) + "." : "") + role + ".json";
}

void ForgedRepository::publish(const std::vector<std::string>& roles) {
  for (const std::string& role : roles) {
    ++roles_[role].version;
    files[file(role)] = document(content(role), roles_[role].signers);
  }
}

void ForgedRepository::add_target(const std::string& role, const std::string& name,
                                  std::string_view content) {
  roles_[role].targets.set(name, target_json(content));
  const std::size_t slash = name.rfind('/');
  const std::string base = slash == std::string::npos ? name : name.substr(slash + 1);
  const std::string prefix =
      consistent_snapshot ? to_hex(crypto::sha256(as_bytes(content))) + "." : "";
  files[prefix + base] = to_bytes(content);
}

void ForgedRepository::delegate(const std::string& delegator,
                                const std::vector<std::pair<std::string, std::string>>& roles) {
  std::vector<Signer> signers;
  Json::Array list;
  for (const auto& [name, path] : roles) {
    signers.push_back(roles_[name].signers.front());
    list.push_back(delegated_role(name, signers.back(), path));
  }
  roles_[delegator].delegations = delegations(signers, std::move(list));
}

Result<void> FakeFetcher::fetch(const std::string& url, std::chrono::seconds /*within*/,
                                const Sink& sink) {
  const std::string name = url.substr(url.rfind('/') + 1);
  requests.push_back(name);
  if (name == broken) return refuse("NET-TIMEOUT", "the server did not answer in time");
  const auto file = repository_.files.find(name);
  if (name != endless && file == repository_.files.end())
    return refuse("TUF-NOT-FOUND", "the repository has no such file", name);
  const Bytes piece(4096, ' ');
  do {
    const ByteView next = name == endless ? ByteView(piece) : ByteView(file->second);
    octets += next.size();
    VEDETTE_CHECK(sink(next));
  } while (name == endless);
  return {};
}

Result<std::optional<Bytes>> FakeStore::read(std::string_view role, std::uint64_t max_octets) {
  const auto file = files.find(role);
  if (file == files.end()) return std::nullopt;
  if (file->second.size() > max_octets) return refuse("FILE-SIZE", "a file is too large");
  return file->second;
}

Result<void> FakeStore::change() {
  if (changes_until_crash == 0) return refuse("STORE-FAILED", "the power is gone");
  if (changes_until_crash > 0) --changes_until_crash;
  return {};
}

Result<void> FakeStore::write(std::string_view role, ByteView octets) {
  VEDETTE_CHECK(change());
  files[std::string(role)] = to_bytes(octets);
  return {};
}

Result<void> FakeStore::remove(std::string_view role) {
  VEDETTE_CHECK(change());
  files.erase(std::string(role));
  return {};
}

std::int64_t FakeStore::version(const std::string& role) const {
  const auto file = files.find(role);
  if (file == files.end()) return 0;
  const auto json = codec::parse_json(as_text(file->second));
  return json.value().object("signed").value()->integer("version").value();
}

}  // namespace vedette::release::tuf
