#include "server/offered_deltas.h"

#include <algorithm>

#include "release/digest_text.h"

namespace vedette::server {

namespace {

using crypto::Sha256Digest;
using release::ReleaseDelta;

std::unexpected<Error> no_list_of_bases(std::string_view text) {
  return refuse("HTTP-QUERY", "this is no list of files that are there",
                std::string(text.substr(0, 80)),
                "SHA-256 digests with commas between them, at most " + std::to_string(kMostBases));
}

bool starts_from(const ReleaseDelta& delta, const Sha256Digest& base) {
  return delta.base_sha256 == base;
}

}  // namespace

Result<std::vector<ReleaseDelta>> read_deltas(const codec::Json& body,
                                              std::span<const crypto::PublicKey> publishers,
                                              const release::FileIdentity& file) {
  std::vector<ReleaseDelta> deltas;
  if (body.find("deltas") == nullptr) return deltas;
  VEDETTE_TRY(const codec::Json* array, body.array("deltas"));
  const codec::Json::Array& texts = *array->if_array();
  if (texts.size() > release::kMostDeltas)
    return refuse("DELTA-MANY", "a release has too many deltas", std::to_string(texts.size()),
                  "at most " + std::to_string(release::kMostDeltas) +
                      ": of the releases that most devices have");
  for (const codec::Json& element : texts) {
    const std::string* text = element.if_string();
    if (text == nullptr) return refuse("JSON-MEMBER", "a delta's statement is no string");
    VEDETTE_TRY(const auto delta, release::verify_release_delta(*text, publishers, file));
    const Sha256Digest& base = delta->base.sha256;
    if (std::ranges::any_of(deltas, [&](const auto& other) { return starts_from(other, base); }))
      return refuse("DELTA-MANY", "a release has two deltas from one base", to_hex(base));
    deltas.push_back({.base_sha256 = base,
                      .delta_sha256 = delta->delta.sha256,
                      .delta_size = delta->delta.size,
                      .statement = *text});
  }
  return deltas;
}

Result<std::vector<Sha256Digest>> parse_having(const std::map<std::string, std::string>& query) {
  std::vector<Sha256Digest> having;
  const auto found = query.find("having");
  if (found == query.end()) return having;
  std::string_view rest = found->second;
  for (;;) {
    const std::size_t comma = rest.find(',');
    const auto digest = release::parse_digest(rest.substr(0, comma));
    if (!digest || having.size() == kMostBases) return no_list_of_bases(found->second);
    having.push_back(*digest);
    if (comma == std::string_view::npos) return having;
    rest.remove_prefix(comma + 1);
  }
}

codec::Json::Array offer(std::span<const ReleaseDelta> deltas,
                         std::span<const Sha256Digest> having) {
  codec::Json::Array offered;
  for (const ReleaseDelta& delta : deltas)
    if (std::ranges::any_of(having, [&](const auto& base) { return starts_from(delta, base); }))
      offered.emplace_back(delta.statement);
  return offered;
}

}  // namespace vedette::server
