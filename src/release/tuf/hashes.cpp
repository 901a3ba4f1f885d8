#include "release/tuf/hashes.h"

namespace vedette::release::tuf {
namespace {

std::optional<crypto::Hash> known(std::string_view algorithm) {
  if (algorithm == "sha256") return crypto::Hash::sha256;
  if (algorithm == "sha384") return crypto::Hash::sha384;
  if (algorithm == "sha512") return crypto::Hash::sha512;
  return std::nullopt;
}

std::unexpected<Error> wrong_length(std::uint64_t length) {
  return refuse("TUF-LENGTH", "a file has another length than the signed metadata says",
                "it should have " + std::to_string(length) + " octets");
}

}  // namespace

Result<PromiseCheck> PromiseCheck::begin(std::optional<std::uint64_t> length,
                                         const Hashes& hashes) {
  PromiseCheck check;
  check.length_ = length;
  for (const auto& [algorithm, hex] : hashes)
    if (const auto hash = known(algorithm))
      check.expected_.push_back({.stream = crypto::DigestStream(*hash), .hex = hex});
  if (!hashes.empty() && check.expected_.empty())
    return refuse("TUF-HASH", "a file's hashes are of kinds that are not known here",
                  hashes.front().first.substr(0, 80));
  return check;
}

Result<void> PromiseCheck::update(ByteView piece) {
  if (length_ && piece.size() > *length_ - received_) return wrong_length(*length_);
  received_ += piece.size();
  for (Expected& expected : expected_)
    expected.stream.update(piece);
  return {};
}

Result<void> PromiseCheck::finish() {
  if (length_ && received_ != *length_) return wrong_length(*length_);
  for (Expected& expected : expected_)
    if (to_hex(expected.stream.finish()) != expected.hex)
      return refuse("TUF-HASH", "a file is another than the signed metadata says",
                    "it should have the digest " + expected.hex);
  return {};
}

Result<void> check_promise(ByteView content, std::optional<std::uint64_t> length,
                           const Hashes& hashes) {
  VEDETTE_TRY(PromiseCheck check, PromiseCheck::begin(length, hashes));
  VEDETTE_CHECK(check.update(content));
  return check.finish();
}

}  // namespace vedette::release::tuf
