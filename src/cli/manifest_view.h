// A model's manifest for people and programs, and a bundle's before anybody has checked it.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "codec/json.h"
#include "release/oms_manifest.h"

namespace vedette::cli {

// `{"model_name","root","files":[{"name","sha256"}],"ignored":[…]}`; of one that was signed by
// shards `shards` instead of `files`, and `shard_size`.
[[nodiscard]] codec::Json manifest_json(const release::Manifest& manifest);
[[nodiscard]] std::string files_text(
    const release::Manifest& manifest);  // `1 file`, `12 shards of …`

// What a bundle says of itself. Nobody may act on it.
struct UnverifiedBundle {
  release::Manifest manifest;
  std::string publisher_hint;  // may be empty
};

// Refuses JSON-*, OMS-BUNDLE, BASE64-SYNTAX and the codes of parse_statement.
[[nodiscard]] Result<UnverifiedBundle> read_unverified_bundle(std::string_view bundle);
[[nodiscard]] std::string unverified_text(const UnverifiedBundle& bundle, bool colour);

}  // namespace vedette::cli
