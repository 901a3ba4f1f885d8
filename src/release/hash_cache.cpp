#include "release/hash_cache.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <utility>

#include <unistd.h>

#include "base/fd.h"
#include "codec/json.h"
#include "release/digest_text.h"

namespace vedette::release {

namespace {

using codec::Json;

constexpr std::size_t kMaxBytes = std::size_t{64} << 20U;
constexpr unsigned kPrivateFile = 0600;
constexpr std::size_t kBlocks = 32;
constexpr std::size_t kBlockBytes = 4096;
// Hashing what is smaller costs no more than its sample.
constexpr std::uint64_t kLeastBytes = kBlocks * kBlockBytes;
constexpr std::chrono::seconds kSettled{2};

std::unexpected<Error> not_usable(const std::string& path, std::string cause) {
  return refuse("OMS-CACHE", "the cache of digests cannot be used", path + ": " + std::move(cause),
                "remove it; everything is hashed then");
}

std::chrono::nanoseconds since_epoch(const timespec& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::string text_of(const struct stat& state) {
  std::string text;
  for (const auto number :
       {std::int64_t(state.st_dev), std::int64_t(state.st_ino), std::int64_t(state.st_size),
        since_epoch(state.st_mtim).count(), since_epoch(state.st_ctim).count()})
    text += (text.empty() ? "" : ":") + std::to_string(number);
  return text;
}

// A later change cannot have the same time any more.
bool is_settled(const struct stat& state) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return since_epoch(state.st_ctim) + kSettled < now;
}

std::uint64_t place_of(std::uint64_t seed, std::uint64_t index, std::uint64_t size) {
  std::array<std::uint8_t, 2 * sizeof(std::uint64_t)> octets{};
  std::memcpy(octets.data(), &seed, sizeof seed);
  std::memcpy(octets.data() + sizeof seed, &index, sizeof index);
  const crypto::Sha256Digest digest = crypto::sha256(octets);
  std::uint64_t place = 0;
  std::memcpy(&place, digest.data(), sizeof place);
  return place % (size - kBlockBytes + 1);
}

std::optional<crypto::Sha256Digest> sample(int fd, std::uint64_t seed, std::uint64_t size) {
  crypto::Sha256Stream stream;
  Bytes block(kBlockBytes);
  for (std::uint64_t i = 0; i < kBlocks; ++i) {
    const auto place = static_cast<off_t>(place_of(seed, i, size));
    if (::pread(fd, block.data(), block.size(), place) != static_cast<ssize_t>(block.size()))
      return std::nullopt;
    stream.update(block);
  }
  return stream.finish();
}

std::uint64_t draw_seed() {
  std::uint64_t seed = 0;
  const Bytes drawn = crypto::random_bytes(sizeof seed);
  std::memcpy(&seed, drawn.data(), sizeof seed);
  return seed;
}

Result<crypto::Sha256Digest> digest_in(const Json& json, const char* member) {
  VEDETTE_TRY(const std::string text, json.string(member));
  const auto digest = parse_digest(text);
  if (!digest) return refuse("JSON-MEMBER", "not a digest", member);
  return *digest;
}

Result<std::uint64_t> seed_in(const Json& json) {
  VEDETTE_TRY(const std::string text, json.string("seed"));
  std::uint64_t seed = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (fault != std::errc{} || end != text.data() + text.size())
    return refuse("JSON-MEMBER", "not a seed", text.substr(0, 40));
  return seed;
}

bool is_ours_alone(const struct stat& state) {
  return S_ISREG(state.st_mode) && state.st_uid == ::geteuid() &&
         (state.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

}  // namespace

Result<HashCache> HashCache::load(const std::string& path) {
  HashCache cache(path);
  struct stat state{};
  if (::lstat(path.c_str(), &state) != 0)
    return errno == ENOENT ? Result<HashCache>(std::move(cache))
                           : not_usable(path, std::strerror(errno));
  if (!is_ours_alone(state)) return not_usable(path, "somebody else owns it or may write it");
  VEDETTE_TRY(const Bytes octets, read_file(path, kMaxBytes));
  const auto document = codec::parse_json(
      as_text(octets), {.max_bytes = kMaxBytes, .max_values = std::size_t{1} << 20U});
  if (!document) return not_usable(path, describe(document.error()));
  const auto files = document->object("files");
  if (!files) return not_usable(path, describe(files.error()));
  const auto read_all = [&]() -> Result<void> {
    for (const auto& [name, json] : *(*files)->if_object()) {
      Entry entry;
      VEDETTE_TRY(entry.state, json.string("state"));
      VEDETTE_TRY(entry.digest, digest_in(json, "sha256"));
      VEDETTE_TRY(entry.seed, seed_in(json));
      VEDETTE_TRY(entry.sample, digest_in(json, "sample"));
      cache.known_.emplace(name, std::move(entry));
    }
    return {};
  };
  if (const auto read = read_all(); !read) return not_usable(path, describe(read.error()));
  return cache;
}

std::optional<crypto::Sha256Digest> HashCache::find(const std::string& name, int fd,
                                                    const struct stat& state) {
  const auto found = known_.find(name);
  if (found == known_.end() || found->second.state != text_of(state)) return std::nullopt;
  const Entry& entry = found->second;
  const auto size = static_cast<std::uint64_t>(state.st_size);
  if (size < kLeastBytes || sample(fd, entry.seed, size) != entry.sample) return std::nullopt;
  const std::lock_guard lock(mutex_);
  current_[name] = entry;
  ++recalled_;
  return entry.digest;
}

void HashCache::keep(const std::string& name, int fd, const struct stat& state,
                     const crypto::Sha256Digest& digest) {
  const auto size = static_cast<std::uint64_t>(state.st_size);
  if (size < kLeastBytes || !is_settled(state)) return;
  Entry entry{.state = text_of(state), .digest = digest, .seed = draw_seed()};
  const auto taken = sample(fd, entry.seed, size);
  if (!taken) return;
  entry.sample = *taken;
  const std::lock_guard lock(mutex_);
  current_[name] = std::move(entry);
}

Result<void> HashCache::save() const {
  Json files = Json::Object{};
  for (const auto& [name, entry] : current_)
    files.set(name, Json::Object{{"state", entry.state},
                                 {"sha256", to_hex(entry.digest)},
                                 {"seed", std::to_string(entry.seed)},
                                 {"sample", to_hex(entry.sample)}});
  const Json document = Json::Object{{"files", std::move(files)}};
  return write_file_atomically(path_, as_bytes(codec::to_json(document)), kPrivateFile);
}

}  // namespace vedette::release
