#include "attestation/ima/measured_hash.h"

#include <algorithm>
#include <array>

#include "attestation/measurement/register_bank.h"
#include "codec/base64.h"
#include "codec/utf8.h"

namespace vedette::attestation {
namespace {

using codec::TpmAlgorithm;

constexpr std::array kHashes{TpmAlgorithm::sha1, TpmAlgorithm::sha256, TpmAlgorithm::sha384,
                             TpmAlgorithm::sha512};

std::unexpected<Error> no_digest(std::string_view text) {
  return refuse("ATT-IMA-POLICY", "this is no digest of a file that can be measured",
                shown(text.substr(0, 140)),
                "write sha1, sha256, sha384 or sha512 digests in hexadecimal");
}

}  // namespace

std::optional<TpmAlgorithm> hash_named(std::string_view name) {
  const auto* const found = std::ranges::find(kHashes, name, name_of_bank);
  if (found == kHashes.end()) return std::nullopt;
  return *found;
}

std::string to_string(const FileDigest& digest) {
  return std::string(name_of_bank(digest.algorithm)) + ":" + to_hex(digest.octets);
}

Result<FileDigest> parse_file_digest(std::string_view text) {
  const std::size_t colon = text.find(':');
  const bool named = colon != std::string_view::npos;
  auto octets = codec::from_hex(named ? text.substr(colon + 1) : text);
  if (!octets) return no_digest(text);
  for (const TpmAlgorithm hash : kHashes)
    if (codec::digest_size(hash) == octets->size() &&
        (!named || name_of_bank(hash) == text.substr(0, colon)))
      return FileDigest{.algorithm = hash, .octets = *std::move(octets)};
  return no_digest(text);
}

std::string shown(std::string_view path) {
  std::string text;
  while (!path.empty()) {
    const std::size_t length = codec::utf8_length(path);
    const std::string_view character = path.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0 || codec::has_control_character(character)) {
      for (const char octet : character) {
        text += "\\x";
        text += to_hex(as_bytes(std::string_view(&octet, 1)));
      }
    } else {
      text += character;
    }
    path.remove_prefix(character.size());
  }
  return text;
}

}  // namespace vedette::attestation
