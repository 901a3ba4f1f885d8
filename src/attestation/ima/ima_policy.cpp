#include "attestation/ima/ima_policy.h"

#include <algorithm>

#include "attestation/ima/ima_entry.h"

namespace vedette::attestation {
namespace {

std::unexpected<Error> unfit(std::string cause) {
  return refuse("ATT-IMA-POLICY", "this cannot be part of an IMA policy", std::move(cause));
}

Result<std::string> as_listed(std::string_view path) {
  if (path.empty()) return unfit("an empty path");
  if (path.size() > kMaxImaPath) return unfit("a path of more than 4096 octets");
  if (path.find('\0') != std::string_view::npos) return unfit("a path with a NUL in it");
  std::string listed(path);
  std::ranges::replace(listed, ' ', '_');
  return listed;
}

}  // namespace

Result<void> ImaPolicy::allow(DigestsByName& names, std::string_view name, FileDigest digest) {
  VEDETTE_TRY(std::string listed, as_listed(name));
  if (digest.octets.size() != codec::digest_size(digest.algorithm))
    return unfit("a digest that is not of its algorithm's length");
  if (names.size() >= kMaxPolicyPaths && !names.contains(listed))
    return unfit("more than a million paths");
  Digests& digests = names[std::move(listed)];
  if (std::ranges::find(digests, digest) != digests.end()) return {};
  if (digests.size() == kMaxDigestsPerPath) return unfit("more than 256 digests of " + shown(name));
  digests.push_back(std::move(digest));
  return {};
}

const ImaPolicy::Digests* ImaPolicy::find(const DigestsByName& names, std::string_view name) {
  const auto found = names.find(name);
  return found == names.end() ? nullptr : &found->second;
}

Result<void> ImaPolicy::allow_file(std::string_view path, FileDigest digest) {
  return allow(files_, path, std::move(digest));
}

Result<void> ImaPolicy::allow_buffer(std::string_view name, FileDigest digest) {
  return allow(buffers_, name, std::move(digest));
}

Result<void> ImaPolicy::exclude(std::string_view pattern) {
  VEDETTE_TRY(const std::string listed, as_listed(pattern));
  if (excluded_paths_.size() + wildcards_.size() >= kMaxExcludes)
    return unfit("more than 256 excluded paths and patterns");
  const std::size_t star = listed.find('*');
  if (star == std::string::npos) {
    excluded_paths_.insert(listed);
    return {};
  }
  if (listed.find('*', star + 1) != std::string::npos)
    return unfit("a pattern with more than one *: " + shown(pattern));
  wildcards_.push_back({.prefix = listed.substr(0, star), .suffix = listed.substr(star + 1)});
  return {};
}

Result<void> ImaPolicy::trust(ImaKey key) {
  if (const ImaKey* const known = this->key(key.id); known != nullptr) {
    if (known->key == key.key) return {};
    return unfit("two keys of one identifier");
  }
  if (keys_.size() >= kMaxImaKeys) return unfit("more than 64 keys");
  keys_.push_back(std::move(key));
  return {};
}

const ImaPolicy::Digests* ImaPolicy::file(std::string_view path) const {
  return find(files_, path);
}

const ImaPolicy::Digests* ImaPolicy::buffer(std::string_view name) const {
  return find(buffers_, name);
}

bool ImaPolicy::excludes(std::string_view path) const {
  return excluded_paths_.contains(path) ||
         std::ranges::any_of(wildcards_, [path](const Wildcard& wildcard) {
           return path.size() >= wildcard.prefix.size() + wildcard.suffix.size() &&
                  path.starts_with(wildcard.prefix) && path.ends_with(wildcard.suffix);
         });
}

const ImaKey* ImaPolicy::key(std::uint32_t id) const {
  const auto found = std::ranges::find(keys_, id, &ImaKey::id);
  return found == keys_.end() ? nullptr : &*found;
}

}  // namespace vedette::attestation
