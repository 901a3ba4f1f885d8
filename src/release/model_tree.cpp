#include "release/model_tree.h"

#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "release/hash_pool.h"
#include "release/model_folder.h"
#include "release/model_shards.h"

namespace vedette::release {
namespace {

using PathSet = std::set<std::string, std::less<>>;

constexpr std::string_view kGitPaths[] = {".git", ".gitattributes", ".github", ".gitignore"};

PathSet always_ignored(const HashOptions& options) {
  PathSet paths(options.ignore.begin(), options.ignore.end());
  paths.insert(std::begin(kGitPaths), std::end(kGitPaths));
  return paths;
}

// What the manifest says was left out: of a single file, nothing.
std::vector<std::string> left_out(const ModelFolder& folder, const PathSet& ignored) {
  if (folder.is_single_file()) return {};
  return {ignored.begin(), ignored.end()};
}

std::uint64_t total_size(const std::vector<FoundFile>& files) {
  std::uint64_t total = 0;
  for (const FoundFile& file : files)
    total += file.size;
  return total;
}

// The last part of the path, also for `.` and `folder/`.
std::string base_name(const std::string& path) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::canonical(path, error);
  return error ? std::string() : whole.filename().string();
}

Result<void> check_nothing_unlisted(const Manifest& manifest, const std::vector<FoundFile>& found) {
  std::set<std::string_view> listed;
  for (const Resource& resource : manifest.resources)
    listed.insert(resource.name);
  for (const FoundFile& file : found)
    if (!listed.contains(file.name))
      return refuse("OMS-UNLISTED", "the model has a file that was not signed", file.name,
                    "remove it, or sign the model again");
  return {};
}

Result<void> check_resource(Hasher& hasher, const Resource& resource) {
  VEDETTE_TRY(const crypto::Sha256Digest actual, hasher.hash(resource.name));
  if (actual == resource.sha256) return {};
  return refuse(
      "OMS-DIGEST", "a file of the model is not the one that was signed",
      resource.name + ": signed " + to_hex(resource.sha256) + ", found " + to_hex(actual));
}

}  // namespace

Result<Manifest> hash_model(const std::string& path, const HashOptions& options, HashCache* cache) {
  VEDETTE_TRY(const ModelFolder folder, ModelFolder::open(path));
  const PathSet ignored = always_ignored(options);
  VEDETTE_TRY(const std::vector<FoundFile> files, folder.list(ignored));
  std::vector<Resource> resources(files.size());
  VEDETTE_CHECK(HashPool(folder, options, total_size(files))
                    .run(files.size(), [&](Hasher& hasher, std::size_t i) -> Result<void> {
                      resources[i].name = files[i].name;
                      VEDETTE_TRY(resources[i].sha256, hasher.hash(files[i].name, cache));
                      return {};
                    }));
  return build_manifest(base_name(path), std::move(resources), left_out(folder, ignored));
}

Result<Manifest> hash_model_by_shards(const std::string& path, std::uint64_t shard_size,
                                      const HashOptions& options) {
  if (shard_size < 1 || shard_size > kMaxShardBytes)
    return refuse("OMS-SHARD", "the size of a shard is out of range", std::to_string(shard_size));
  VEDETTE_TRY(const ModelFolder folder, ModelFolder::open(path));
  const PathSet ignored = always_ignored(options);
  VEDETTE_TRY(const std::vector<FoundFile> files, folder.list(ignored));
  VEDETTE_TRY(std::vector<Resource> resources, hash_all_shards(folder, files, shard_size, options));
  return build_manifest(base_name(path), std::move(resources), left_out(folder, ignored),
                        shard_size);
}

Result<VerifiedManifest> verify_model(const std::string& path, std::string_view bundle,
                                      std::span<const crypto::PublicKey> publishers,
                                      const HashOptions& options) {
  VEDETTE_TRY(VerifiedManifest verified, verify_bundle(bundle, publishers));
  VEDETTE_CHECK(compare_model(path, verified->manifest, options));
  return verified;
}

Result<void> compare_model(const std::string& path, const Manifest& manifest,
                           const HashOptions& options) {
  VEDETTE_TRY(const ModelFolder folder, ModelFolder::open(path));
  PathSet ignored = always_ignored(options);
  ignored.insert(manifest.ignore_paths.begin(), manifest.ignore_paths.end());
  VEDETTE_TRY(const std::vector<FoundFile> found, folder.list(ignored));
  if (manifest.shard_size != 0) return compare_all_shards(folder, found, manifest, options);
  VEDETTE_CHECK(check_nothing_unlisted(manifest, found));
  VEDETTE_CHECK(HashPool(folder, options, total_size(found))
                    .run(manifest.resources.size(), [&](Hasher& hasher, std::size_t i) {
                      return check_resource(hasher, manifest.resources[i]);
                    }));
  return {};
}

}  // namespace vedette::release
