#include "crypto/digest.h"

#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "crypto/key_values.h"

namespace vedette::crypto {
namespace {

// Fetching walks the providers under a lock, so it is done once. Never freed: static keys may still
// sign while the process ends.
const EVP_MD* fetch(const char* name) {
  EVP_MD* const md = EVP_MD_fetch(nullptr, name, nullptr);
  require(md != nullptr, "fetch a digest");
  return md;
}

// Leaves of a Merkle tree and entries of IMA's list are small and many: they keep one context per
// thread, since making one takes longer than such a digest.
void compute(const DigestContextHandle& context, const EVP_MD* md, ByteView bytes,
             std::span<std::uint8_t> result) {
  require(EVP_DigestInit_ex2(context.get(), md, nullptr) == 1 &&
              EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
              EVP_DigestFinal_ex(context.get(), result.data(), nullptr) == 1,
          "compute a digest");
}

}  // namespace

const EVP_MD* message_digest(Hash hash) {
  static const EVP_MD* const kSha256 = fetch("SHA2-256");
  static const EVP_MD* const kSha384 = fetch("SHA2-384");
  static const EVP_MD* const kSha512 = fetch("SHA2-512");
  switch (hash) {
    case Hash::sha256:
      return kSha256;
    case Hash::sha384:
      return kSha384;
    case Hash::sha512:
      return kSha512;
  }
  std::unreachable();
}

std::size_t digest_size(Hash hash) {
  switch (hash) {
    case Hash::sha256:
      return 32;
    case Hash::sha384:
      return 48;
    case Hash::sha512:
      return 64;
  }
  std::unreachable();
}

Sha256Digest sha256(ByteView bytes) {
  thread_local const DigestContextHandle kContext(EVP_MD_CTX_new());
  Sha256Digest result{};
  compute(kContext, message_digest(Hash::sha256), bytes, result);
  return result;
}

Bytes digest(Hash algorithm, ByteView bytes) {
  if (algorithm == Hash::sha256) return to_bytes(sha256(bytes));
  thread_local const DigestContextHandle context(EVP_MD_CTX_new());
  Bytes result(digest_size(algorithm));
  compute(context, message_digest(algorithm), bytes, result);
  return result;
}

Sha1Digest insecure_sha1(ByteView bytes) {
  static const EVP_MD* const kSha1 = fetch("SHA1");
  thread_local const DigestContextHandle kContext(EVP_MD_CTX_new());
  Sha1Digest result{};
  compute(kContext, kSha1, bytes, result);
  return result;
}

Bytes hmac(Hash algorithm, ByteView key, ByteView message) {
  // A null key pointer would mean "the key of the last call".
  static constexpr unsigned char kEmptyKey = 0;
  Bytes result(digest_size(algorithm));
  require(HMAC(message_digest(algorithm), key.empty() ? &kEmptyKey : key.data(),
               static_cast<int>(key.size()), message.data(), message.size(), result.data(),
               nullptr) != nullptr,
          "compute an HMAC");
  return result;
}

struct Sha256Stream::State {
  DigestContextHandle context{EVP_MD_CTX_new()};

  State() { start(); }
  void start() const {
    require(EVP_DigestInit_ex2(context.get(), message_digest(Hash::sha256), nullptr) == 1,
            "start SHA-256");
  }
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {}
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;
Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::update(ByteView bytes) {
  require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1,
          "continue SHA-256");
}

Sha256Digest Sha256Stream::finish() {
  Sha256Digest result{};
  require(EVP_DigestFinal_ex(state_->context.get(), result.data(), nullptr) == 1, "end SHA-256");
  state_->start();
  return result;
}

struct DigestStream::State {
  DigestContextHandle context{EVP_MD_CTX_new()};
  Hash algorithm;
};

DigestStream::DigestStream(Hash algorithm)
    : state_(std::make_unique<State>(State{.algorithm = algorithm})) {
  require(EVP_DigestInit_ex2(state_->context.get(), message_digest(algorithm), nullptr) == 1,
          "start a digest");
}

DigestStream::DigestStream(DigestStream&&) noexcept = default;
DigestStream& DigestStream::operator=(DigestStream&&) noexcept = default;
DigestStream::~DigestStream() = default;

void DigestStream::update(ByteView bytes) {
  require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1,
          "continue a digest");
}

Bytes DigestStream::finish() {
  Bytes result(digest_size(state_->algorithm));
  require(EVP_DigestFinal_ex(state_->context.get(), result.data(), nullptr) == 1, "end a digest");
  return result;
}

Bytes random_bytes(std::size_t count) {
  Bytes bytes(count);
  require(RAND_priv_bytes_ex(nullptr, bytes.data(), bytes.size(), 0) == 1, "draw random bytes");
  return bytes;
}

}  // namespace vedette::crypto
