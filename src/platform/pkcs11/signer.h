// TokenSigner: signatures by a key in a token, from many threads.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "crypto/key.h"
#include "platform/pkcs11/key_search.h"

namespace vedette::platform::pkcs11 {

// One session for each signature under way, from a pool of at most kSessions: a session does one
// thing at a time (PKCS#11 2.40, 2.5.3). A caller who finds none free waits, for at most ten
// seconds.
class TokenSigner final : public crypto::DigestSigner {
 public:
  static constexpr std::size_t kSessions = 8;

  // Opens the first session and lets the key sign once, so that private and public part are known
  // to belong together. Refuses what Token and find_key refuse, and PKCS11-SIGN.
  [[nodiscard]] static Result<std::shared_ptr<TokenSigner>> open(std::unique_ptr<Token> token,
                                                                 const KeyRules& rules,
                                                                 std::size_t sessions = kSessions);

  // Refuses PKCS11-SIGN, PKCS11-BUSY and PKCS11-FORK. A session that was lost, or logged out, is
  // opened anew, once; a token that comes back with another key is refused (PKCS11-KEY).
  [[nodiscard]] Result<crypto::EcdsaSignature> sign_digest(
      const crypto::Sha256Digest& digest) override;

  [[nodiscard]] const crypto::PublicKey& public_key() const { return public_key_; }

 private:
  struct Place {
    Session session;
    CK_OBJECT_HANDLE key;
  };
  class Turn;

  TokenSigner(std::unique_ptr<Token> token, const KeyRules& rules, crypto::PublicKey public_key,
              std::size_t sessions)
      : token_(std::move(token)),
        rules_(rules),
        public_key_(std::move(public_key)),
        sessions_(sessions) {}

  [[nodiscard]] Result<std::unique_ptr<Place>> open_place();

  std::unique_ptr<Token> token_;
  KeyRules rules_;
  crypto::PublicKey public_key_;
  std::size_t sessions_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::size_t in_use_ = 0;
  std::vector<std::unique_ptr<Place>> idle_;
};

}  // namespace vedette::platform::pkcs11
