// Manifest: the files of a model and their digests, as OpenSSF Model Signing v1.0 states them.
//
// An in-toto Statement v1 with predicate type https://model_signing/signature/v1.0; of its
// serializations `files` and `shards`, both with `sha256` alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "crypto/digest.h"

namespace vedette::release {

inline constexpr std::size_t kMaxResources = 100'000;
inline constexpr std::size_t kMaxManifestBytes = 16 << 20;
inline constexpr std::size_t kMaxResourceNameBytes = 4096;  // of a shard: its file's name
inline constexpr std::uint64_t kMaxShardBytes = (std::uint64_t{1} << 53U) - 1;  // exact in JSON

// The name of the one resource of a model that is a single file, not a folder.
inline constexpr std::string_view kSingleFileResource = ".";

struct Resource {
  // Path relative to the model's folder, `/` between its parts, UTF-8; of a shard
  // `path:start:end`, which is no file's name.
  std::string name;
  crypto::Sha256Digest sha256{};

  friend bool operator==(const Resource&, const Resource&) = default;
};

struct Manifest {
  std::string model_name;                 // base name of the signed file or folder; not an identity
  std::vector<Resource> resources;        // at least one, names unique
  std::vector<std::string> ignore_paths;  // what the signer left out: never to be loaded
  std::uint64_t shard_size = 0;           // octets; 0: the resources are whole files
  crypto::Sha256Digest root{};            // SHA-256 over the concatenated digests, in listed order

  // Null when the model has no such file. A single-file model has its file under `model_name`.
  // Always null when the model was signed by shards: then no file's own digest is known.
  [[nodiscard]] const Resource* find_file(std::string_view name) const;
};

// Whether `name` is a relative path that stays below its folder: no empty part, `.` or `..`, no
// leading `/`, no `\`, no control character (C0, DEL, C1), no more than 4096 octets, and UTF-8.
[[nodiscard]] bool is_safe_path(std::string_view name);

// Sorts the resources by code point (spec v1.0) and computes the root. Refuses OMS-NAME,
// OMS-DUPLICATE, OMS-EMPTY, OMS-SIZE beyond 100,000 resources, and OMS-SHARD when the shards of a
// file do not cover it exactly once.
[[nodiscard]] Result<Manifest> build_manifest(std::string model_name,
                                              std::vector<Resource> resources,
                                              std::vector<std::string> ignore_paths = {},
                                              std::uint64_t shard_size = 0);

// The statement as text to sign.
[[nodiscard]] std::string to_statement(const Manifest& manifest);

// Reads a statement strictly; the order of resources is the signer's and is kept. Besides the JSON
// codes refuses OMS-TYPE (another statement or predicate), OMS-SYNTAX (missing, unknown or
// misshapen members), OMS-METHOD (another method, other hashes), OMS-NAME, OMS-DUPLICATE,
// OMS-EMPTY, OMS-SIZE, OMS-SHARD (a file is not covered exactly once), and OMS-ROOT when the
// subject's digest is not that of the resources.
[[nodiscard]] Result<Manifest> parse_statement(std::string_view text);

}  // namespace vedette::release
