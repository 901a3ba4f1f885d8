#include "release/stream_verifier.h"

#include <string>

namespace vedette::release {

StreamVerifier::StreamVerifier(const crypto::Sha256Digest& expected_sha256,
                               std::uint64_t expected_size)
    : expected_sha256_(expected_sha256), expected_size_(expected_size) {}

Result<void> StreamVerifier::update(ByteView piece) {
  if (ended_ || piece.size() > expected_size_ - received_) {
    ended_ = true;
    return refuse("REL-SIZE", "more arrived than was promised",
                  "more than " + std::to_string(expected_size_) + " bytes");
  }
  received_ += piece.size();
  stream_.update(piece);
  return {};
}

Result<void> StreamVerifier::finish() {
  if (ended_ || received_ != expected_size_) {
    ended_ = true;
    return refuse("REL-SIZE", "the file is not as long as was promised",
                  std::to_string(received_) + " of " + std::to_string(expected_size_) + " bytes");
  }
  ended_ = true;
  const crypto::Sha256Digest actual = stream_.finish();
  if (actual != expected_sha256_)
    return refuse("REL-DIGEST", "the file is not the one that was signed",
                  "expected sha256 " + to_hex(expected_sha256_) + ", got " + to_hex(actual),
                  "somebody or something changed it after it was signed; publish it again");
  return {};
}

}  // namespace vedette::release
