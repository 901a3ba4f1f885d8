#include "release/oms_shards.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <unordered_map>

namespace vedette::release {
namespace {

// Digits alone, and one text for each number: int() of the reference also takes signs, spaces,
// leading zeros and underscores, so that one shard would have many names.
std::optional<std::uint64_t> parse_offset(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > kMaxShardBytes ||
      (text.size() > 1 && text.front() == '0'))
    return std::nullopt;
  return value;
}

// What follows the last colon, which is taken off.
std::optional<std::uint64_t> take_last_offset(std::string_view& name) {
  const std::size_t colon = name.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto offset = parse_offset(name.substr(colon + 1));
  name = name.substr(0, colon);
  return offset;
}

Result<std::vector<Shard>> parse_shards(std::span<const Resource> resources) {
  std::vector<Shard> shards;
  shards.reserve(resources.size());
  for (const Resource& resource : resources) {
    const auto shard = parse_shard(resource.name);
    if (!shard)
      return refuse("OMS-NAME", "a resource's name is not that of a shard, 'path:start:end'",
                    resource.name.substr(0, 200));
    // The tools of others part the name at each colon: none could verify it.
    if (shard->file.find(':') != std::string_view::npos)
      return refuse("OMS-NAME", "a file with a colon in its name cannot be signed by shards",
                    std::string(shard->file.substr(0, 200)), "rename it, or sign whole files");
    shards.push_back(*shard);
  }
  return shards;
}

Result<void> check_file_names(std::span<const Shard> shards) {
  const auto single = [](const Shard& shard) { return shard.file == kSingleFileResource; };
  if (std::ranges::all_of(shards, single)) return {};
  for (const Shard& shard : shards)
    if (!is_safe_path(shard.file))
      return refuse("OMS-NAME", "a file's name does not stay inside the model's folder",
                    std::string(shard.file.substr(0, 200)));
  return {};
}

// Where it must begin for the octets before it to be covered, once.
std::uint64_t expected_begin(std::span<const Shard> sorted, std::size_t index) {
  const bool first = index == 0 || sorted[index - 1].file != sorted[index].file;
  return first ? 0 : sorted[index - 1].end;
}

bool has_right_length(std::span<const Shard> sorted, std::size_t index, std::uint64_t shard_size) {
  const std::uint64_t length = sorted[index].end - sorted[index].begin;
  const bool last = index + 1 == sorted.size() || sorted[index + 1].file != sorted[index].file;
  return last ? length <= shard_size : length == shard_size;
}

}  // namespace

std::string to_string(const Shard& shard) {
  return std::string(shard.file) + ":" + std::to_string(shard.begin) + ":" +
         std::to_string(shard.end);
}

std::optional<Shard> parse_shard(std::string_view name) {
  const auto end = take_last_offset(name);
  const auto begin = take_last_offset(name);
  if (!begin || !end || *begin >= *end) return std::nullopt;
  return Shard{.file = name, .begin = *begin, .end = *end};
}

std::string shard_algorithm(std::uint64_t shard_size) {
  return "sha256-sharded-" + std::to_string(shard_size);
}

std::uint64_t shard_count(std::uint64_t file_size, std::uint64_t shard_size) {
  return file_size / shard_size + (file_size % shard_size == 0 ? 0 : 1);
}

Result<void> check_shards(std::span<const Resource> resources, std::uint64_t shard_size) {
  if (shard_size < 1 || shard_size > kMaxShardBytes)
    return refuse("OMS-SHARD", "the size of a shard is out of range", std::to_string(shard_size));
  VEDETTE_TRY(std::vector<Shard> shards, parse_shards(resources));
  VEDETTE_CHECK(check_file_names(shards));
  std::ranges::sort(shards, [](const Shard& left, const Shard& right) {
    return left.file != right.file ? left.file < right.file : left.begin < right.begin;
  });
  for (std::size_t i = 0; i < shards.size(); ++i)
    if (shards[i].begin != expected_begin(shards, i) || !has_right_length(shards, i, shard_size))
      return refuse("OMS-SHARD", "the shards of a file do not cover it once, from its beginning on",
                    to_string(shards[i]).substr(0, 200) + ", in shards of " +
                        std::to_string(shard_size) + " octets");
  return {};
}

std::vector<ShardedFile> sharded_files(std::span<const Resource> resources) {
  std::vector<ShardedFile> files;
  std::unordered_map<std::string_view, std::size_t> places;
  for (const Resource& resource : resources) {
    const auto shard = parse_shard(resource.name);
    if (!shard) continue;
    const auto [place, added] = places.emplace(shard->file, files.size());
    if (added) files.push_back({.name = std::string(shard->file)});
    files[place->second].size = std::max(files[place->second].size, shard->end);
  }
  return files;
}

}  // namespace vedette::release
