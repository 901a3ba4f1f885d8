#include "release/tuf/metadata.h"

#include <algorithm>
#include <limits>
#include <set>

#include "codec/base64.h"
#include "release/tuf/canonical_json.h"
#include "release/tuf/fields.h"
#include "release/tuf/limits.h"
#include "release/tuf/targets_read.h"

namespace vedette::release::tuf {
namespace {

using codec::Json;

Result<std::vector<Signature>> read_signatures(const Json& json) {
  VEDETTE_TRY(const Json* array, required(json.array("signatures")));
  const Json::Array& elements = *array->if_array();
  if (elements.size() > kMaxSignatures) return malformed("too many signatures");
  std::vector<Signature> signatures;
  std::set<std::string> signers;
  for (const Json& element : elements) {
    VEDETTE_TRY(std::string key_id, required(element.string("keyid")));
    VEDETTE_TRY(const std::string hex, required(element.string("sig")));
    // 4.2.1: "multiple signatures with the same keyid are not allowed".
    if (!signers.insert(key_id).second) return malformed("two signatures of one key identifier");
    auto value = codec::from_hex(hex);
    signatures.push_back({std::move(key_id), value ? *std::move(value) : Bytes{}});
  }
  return signatures;
}

Result<void> check_kind(const Json& json, std::string_view type) {
  VEDETTE_TRY(const std::string found, required(json.string("_type")));
  if (found != type)
    return refuse("TUF-TYPE", "this is the metadata of another role",
                  found.substr(0, 80) + ", not " + std::string(type));
  VEDETTE_TRY(const std::string version, required(json.string("spec_version")));
  if (!version.starts_with("1."))
    return refuse("TUF-SPEC-VERSION", "the metadata follows another edition of TUF than 1",
                  version.substr(0, 80));
  return {};
}

template <class T>
Result<Metadata<T>> parse(ByteView octets, std::uint64_t max_octets,
                          Result<T> (*read)(const Json&)) {
  VEDETTE_TRY(const Json json,
              required(codec::parse_json(as_text(octets), {.max_bytes = max_octets,
                                                           .max_depth = kMaxJsonDepth,
                                                           .max_values = kMaxJsonValues})));
  VEDETTE_TRY(const Json* content, required(json.object("signed")));
  VEDETTE_CHECK(check_kind(*content, T::kType));
  Metadata<T> metadata;
  VEDETTE_TRY(metadata.signatures, read_signatures(json));
  VEDETTE_TRY(metadata.version, read_positive(*content, "version"));
  VEDETTE_TRY(const std::string expires, required(content->string("expires")));
  VEDETTE_TRY(metadata.expires, required(from_rfc3339(expires)));
  VEDETTE_TRY(metadata.content, read(*content));
  VEDETTE_TRY(metadata.signed_octets, canonical_json(*content));
  return metadata;
}

Result<Root> read_root(const Json& json) {
  Root root;
  if (json.find("consistent_snapshot") != nullptr) {
    VEDETTE_TRY(root.consistent_snapshot, required(json.boolean("consistent_snapshot")));
  }
  VEDETTE_TRY(root.keys, read_keys(json));
  VEDETTE_TRY(const Json* roles, required(json.object("roles")));
  for (const std::string_view name : {kRoot, kTimestamp, kSnapshot, kTargets}) {
    VEDETTE_TRY(const Json* role, required(roles->object(name)));
    VEDETTE_TRY(RoleKeys keys, read_role_keys(*role));
    root.roles.emplace(name, std::move(keys));
  }
  return root;
}

Result<MetaFile> read_meta_file(const Json& json) {
  MetaFile file;
  VEDETTE_TRY(file.version, read_positive(json, "version"));
  VEDETTE_TRY(file.length, read_length(json));
  VEDETTE_TRY(file.hashes, read_hashes(json, true));
  return file;
}

Result<Timestamp> read_timestamp(const Json& json) {
  VEDETTE_TRY(const Json* meta, required(json.object("meta")));
  VEDETTE_CHECK(required(meta->only({"snapshot.json"})));
  VEDETTE_TRY(const Json* file, required(meta->object("snapshot.json")));
  VEDETTE_TRY(MetaFile snapshot, read_meta_file(*file));
  return Timestamp{.snapshot = std::move(snapshot)};
}

Result<Snapshot> read_snapshot(const Json& json) {
  VEDETTE_TRY(const Json* meta, required(json.object("meta")));
  Snapshot snapshot;
  for (const auto& [name, value] : *meta->if_object()) {
    if (name.size() > kMaxNameOctets) return malformed("a file's name that is too long");
    VEDETTE_TRY(MetaFile file, read_meta_file(value));
    snapshot.files.emplace(name, std::move(file));
  }
  return snapshot;
}

}  // namespace

bool is_top_level(std::string_view role_name) {
  return role_name == kRoot || role_name == kTimestamp || role_name == kSnapshot ||
         role_name == kTargets;
}

Result<Metadata<Root>> parse_root(ByteView octets) {
  auto root = parse<Root>(octets, kMaxRootOctets, read_root);
  if (root && root->version == std::numeric_limits<std::int64_t>::max())
    return malformed("a root of a version that none can follow");
  return root;
}

Result<Metadata<Timestamp>> parse_timestamp(ByteView octets) {
  return parse<Timestamp>(octets, kMaxTimestampOctets, read_timestamp);
}

Result<Metadata<Snapshot>> parse_snapshot(ByteView octets) {
  return parse<Snapshot>(octets, kMaxSnapshotOctets, read_snapshot);
}

Result<Metadata<Targets>> parse_targets(ByteView octets) {
  return parse<Targets>(octets, kMaxTargetsOctets, read_targets);
}

}  // namespace vedette::release::tuf
