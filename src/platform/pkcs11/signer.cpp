#include "platform/pkcs11/signer.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "platform/pkcs11/return_value.h"

namespace vedette::platform::pkcs11 {

namespace {

constexpr std::chrono::seconds kPatience{10};
constexpr std::size_t kFieldBytes = 32;

std::unexpected<Error> refuse_sign(std::string cause) {
  return refuse("PKCS11-SIGN", "the token did not sign", std::move(cause),
                "is it plugged in and logged in to?");
}

// The session, its login or its handles went away, not the key: worth another session.
bool is_lost(CK_RV value) {
  constexpr std::array<CK_RV, 8> kLost{CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED,
                                       CKR_USER_NOT_LOGGED_IN,     CKR_KEY_HANDLE_INVALID,
                                       CKR_OBJECT_HANDLE_INVALID,  CKR_DEVICE_REMOVED,
                                       CKR_TOKEN_NOT_PRESENT,      CKR_OPERATION_ACTIVE};
  return std::ranges::find(kLost, value) != kLost.end();
}

struct Answer {
  CK_RV value = CKR_OK;
  const char* function = "C_Sign";
  std::array<std::uint8_t, 2 * kFieldBytes> raw{};  // r || s (PKCS#11 2.40, 2.3.6)
  CK_ULONG size = 0;
};

Answer ask(const Session& session, CK_OBJECT_HANDLE key, crypto::Sha256Digest digest) {
  Answer answer;
  CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
  answer.value = session.functions().C_SignInit(session.handle(), &mechanism, key);
  answer.function = "C_SignInit";
  if (answer.value != CKR_OK) return answer;
  answer.function = "C_Sign";
  answer.size = answer.raw.size();
  answer.value = session.functions().C_Sign(session.handle(), digest.data(), digest.size(),
                                            answer.raw.data(), &answer.size);
  return answer;
}

Result<crypto::EcdsaSignature> read(const Answer& answer) {
  if (answer.value != CKR_OK) return refuse_sign(call_text(answer.function, answer.value));
  if (answer.size != answer.raw.size()) return refuse_sign("a signature of impossible length");
  const ByteView raw(answer.raw);
  const auto r = raw.first(kFieldBytes);
  const auto s = raw.last(kFieldBytes);
  return crypto::EcdsaSignature{.r = {r.begin(), r.end()}, .s = {s.begin(), s.end()}};
}

constexpr std::string_view kProbe = "vedette: does this private key belong to its public key?";

// Each answer, not the first alone: a token that was put back may hold the public object that
// anybody can copy, and another private key.
Result<void> check_made_by(const crypto::PublicKey& key, const crypto::Sha256Digest& digest,
                           const crypto::EcdsaSignature& signature) {
  Bytes raw = signature.r;
  append(raw, signature.s);
  const auto der = crypto::ecdsa_raw_to_der(raw);
  if (der && key.verify_digest(crypto::Hash::sha256, digest, *der)) return {};
  return refuse("PKCS11-KEY", "the key in the token cannot be used",
                "its public object belongs to another private key");
}

}  // namespace

// The right to one session, and the session.
class TokenSigner::Turn {
 public:
  explicit Turn(TokenSigner& signer) : signer_(signer) {
    std::unique_lock lock(signer_.mutex_);
    granted_ = signer_.freed_.wait_for(lock, kPatience,
                                       [&] { return signer_.in_use_ < signer_.sessions_; });
    if (!granted_) return;
    ++signer_.in_use_;
    if (signer_.idle_.empty()) return;
    place_ = std::move(signer_.idle_.back());
    signer_.idle_.pop_back();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (!granted_) return;
    const std::scoped_lock lock(signer_.mutex_);
    --signer_.in_use_;
    if (place_ != nullptr) signer_.idle_.push_back(std::move(place_));
    signer_.freed_.notify_one();
  }

  [[nodiscard]] bool granted() const { return granted_; }
  std::unique_ptr<Place>& place() { return place_; }

 private:
  TokenSigner& signer_;
  bool granted_ = false;
  std::unique_ptr<Place> place_;
};

Result<std::unique_ptr<TokenSigner::Place>> TokenSigner::open_place() {
  VEDETTE_TRY(Session session, token_->open_session());
  VEDETTE_TRY(const FoundKey found, find_key(session, token_->uri(), rules_));
  if (!(found.public_key == public_key_))
    return refuse("PKCS11-KEY", "the key in the token cannot be used",
                  "the token came back with another key of the same name");
  return std::make_unique<Place>(Place{std::move(session), found.handle});
}

Result<crypto::EcdsaSignature> TokenSigner::sign_digest(const crypto::Sha256Digest& digest) {
  VEDETTE_CHECK(token_->module().check_process());
  Turn turn(*this);
  if (!turn.granted())
    return refuse("PKCS11-BUSY", "the token has been busy for too long",
                  "no session of " + std::to_string(sessions_) + " came free in 10 s");
  const bool was_open = turn.place() != nullptr;
  if (!was_open) {
    VEDETTE_TRY(turn.place(), open_place());
  }
  Answer answer = ask(turn.place()->session, turn.place()->key, digest);
  if (was_open && is_lost(answer.value)) {
    turn.place().reset();
    VEDETTE_TRY(turn.place(), open_place());
    answer = ask(turn.place()->session, turn.place()->key, digest);
  }
  if (answer.value != CKR_OK) turn.place().reset();  // nobody knows what state it is in
  VEDETTE_TRY(crypto::EcdsaSignature signature, read(answer));
  VEDETTE_CHECK(check_made_by(public_key_, digest, signature));
  return signature;
}

Result<std::shared_ptr<TokenSigner>> TokenSigner::open(std::unique_ptr<Token> token,
                                                       const KeyRules& rules,
                                                       std::size_t sessions) {
  VEDETTE_TRY(Session session, token->open_session());
  VEDETTE_TRY(FoundKey found, find_key(session, token->uri(), rules));
  std::shared_ptr<TokenSigner> signer(
      new TokenSigner(std::move(token), rules, std::move(found.public_key), sessions));
  signer->idle_.push_back(std::make_unique<Place>(Place{std::move(session), found.handle}));
  VEDETTE_CHECK(signer->sign_digest(crypto::sha256(as_bytes(kProbe))));
  return signer;
}

}  // namespace vedette::platform::pkcs11
