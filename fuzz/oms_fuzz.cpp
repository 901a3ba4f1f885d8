// A statement that is read can be written and read again with the same root, and every name in it
// stays inside its folder; the shards of a file add up to its size; no bundle verifies that we did
// not sign.
#include <cstdlib>

#include "release/oms_bundle.h"
#include "release/oms_shards.h"

namespace {

using namespace vedette;

bool stays_inside(std::string_view name) {
  return release::is_safe_path(name) || name == release::kSingleFileResource;
}

bool covers_each_file_once(const release::Manifest& manifest) {
  std::uint64_t octets = 0;
  for (const release::Resource& resource : manifest.resources) {
    const auto shard = release::parse_shard(resource.name);
    if (!shard || !stays_inside(shard->file) || release::to_string(*shard) != resource.name)
      return false;
    octets += shard->end - shard->begin;
  }
  std::uint64_t shards = 0;
  for (const release::ShardedFile& file : release::sharded_files(manifest.resources)) {
    octets -= file.size;
    shards += release::shard_count(file.size, manifest.shard_size);
  }
  return octets == 0 && shards == manifest.resources.size();
}

bool is_sound(const release::Manifest& manifest) {
  if (manifest.shard_size != 0) return covers_each_file_once(manifest);
  for (const release::Resource& resource : manifest.resources)
    if (!stays_inside(resource.name)) return false;
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto trusted = crypto::PrivateKey::generate_p256().public_key();
  const std::string_view text = as_text(ByteView(data, size));
  if (release::verify_bundle(text, std::span(&trusted, 1)).has_value()) std::abort();
  const auto manifest = release::parse_statement(text);
  if (!manifest.has_value()) return 0;
  if (!is_sound(*manifest)) std::abort();
  const auto again = release::parse_statement(release::to_statement(*manifest));
  if (!again.has_value() || again->root != manifest->root) std::abort();
  return 0;
}
