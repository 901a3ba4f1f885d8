#include "release/oms_manifest.h"

#include <algorithm>

#include "codec/utf8.h"
#include "release/manifest_check.h"
#include "release/oms_shards.h"

namespace vedette::release {
namespace {

constexpr std::size_t kMaxModelNameBytes = 255;
constexpr std::size_t kMaxIgnorePaths = 1000;

bool is_safe_part(std::string_view part) {
  return !part.empty() && part != "." && part != "..";
}

// The name is a label, yet a single-file model has its file under it. A folder signed as `.` has
// none.
bool is_model_name(std::string_view name) {
  return name.empty() || (name.size() <= kMaxModelNameBytes && is_safe_path(name) &&
                          name.find('/') == std::string_view::npos);
}

Result<void> check_file_names(const std::vector<Resource>& resources) {
  for (const Resource& resource : resources)
    if (!is_safe_path(resource.name) &&
        (resource.name != kSingleFileResource || resources.size() != 1))
      return refuse("OMS-NAME", "a file's name does not stay inside the model's folder",
                    resource.name.substr(0, 200));
  return {};
}

Result<void> check_unique(const std::vector<Resource>& resources) {
  std::vector<std::string_view> names;
  names.reserve(resources.size());
  for (const Resource& resource : resources)
    names.emplace_back(resource.name);
  std::ranges::sort(names);
  const auto twin = std::ranges::adjacent_find(names);
  if (twin == names.end()) return {};
  return refuse("OMS-DUPLICATE", "a file is listed twice", std::string(twin->substr(0, 200)));
}

}  // namespace

const Resource* Manifest::find_file(std::string_view name) const {
  if (shard_size != 0) return nullptr;
  const bool single = resources.size() == 1 && resources.front().name == kSingleFileResource;
  if (single) return !name.empty() && name == model_name ? &resources.front() : nullptr;
  const auto found = std::ranges::find(resources, name, &Resource::name);
  return found == resources.end() ? nullptr : &*found;
}

bool is_safe_path(std::string_view name) {
  if (name.empty() || name.size() > kMaxResourceNameBytes || !codec::is_utf8(name) ||
      codec::has_control_character(name) || name.find('\\') != std::string_view::npos)
    return false;
  while (true) {
    const std::size_t slash = name.find('/');
    if (!is_safe_part(name.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

crypto::Sha256Digest root_of(std::span<const Resource> resources) {
  crypto::Sha256Stream stream;
  for (const Resource& resource : resources)
    stream.update(resource.sha256);
  return stream.finish();
}

Result<void> check_manifest(const Manifest& manifest) {
  if (!is_model_name(manifest.model_name))
    return refuse("OMS-NAME", "the model's name is not a file name",
                  manifest.model_name.substr(0, 200));
  if (manifest.resources.empty())
    return refuse("OMS-EMPTY", "a model without a single file cannot be signed");
  if (manifest.resources.size() > kMaxResources || manifest.ignore_paths.size() > kMaxIgnorePaths)
    return refuse("OMS-SIZE", "the model has too many files",
                  std::to_string(manifest.resources.size()) + " files and " +
                      std::to_string(manifest.ignore_paths.size()) + " ignored paths");
  if (manifest.shard_size == 0) VEDETTE_CHECK(check_file_names(manifest.resources));
  for (const std::string& path : manifest.ignore_paths)
    if (!is_safe_path(path))
      return refuse("OMS-NAME", "an ignored path does not stay inside the model's folder",
                    path.substr(0, 200));
  VEDETTE_CHECK(check_unique(manifest.resources));
  if (manifest.shard_size == 0) return {};
  return check_shards(manifest.resources, manifest.shard_size);
}

Result<Manifest> build_manifest(std::string model_name, std::vector<Resource> resources,
                                std::vector<std::string> ignore_paths, std::uint64_t shard_size) {
  Manifest manifest{.model_name = std::move(model_name),
                    .resources = std::move(resources),
                    .ignore_paths = std::move(ignore_paths),
                    .shard_size = shard_size};
  VEDETTE_CHECK(check_manifest(manifest));
  // Octets of UTF-8 sort as code points do.
  std::ranges::sort(manifest.resources, {}, &Resource::name);
  manifest.root = root_of(manifest.resources);
  return manifest;
}

}  // namespace vedette::release
