#include <algorithm>
// A P-256 key in hardware behind an EVP_PKEY, so that TLS, requests and tokens use it like any
// other.
//
// OpenSSL 3 deprecates EC_KEY_METHOD in favour of providers, and keeps it working: a key with a
// foreign method is signed with through that method. A provider of our own may replace this file.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/err.h>

#include "crypto/key_values.h"

namespace vedette::crypto {
namespace {

using LegacyKeyHandle = std::unique_ptr<EC_KEY, FreeWith<EC_KEY_free>>;
using SignerHandle = std::shared_ptr<DigestSigner>;

constexpr std::size_t kFieldBytes = 32;

// OpenSSL copies and frees what hangs at an EC_KEY through these two.
int copy_signer(CRYPTO_EX_DATA* /*to*/, const CRYPTO_EX_DATA* /*from*/, void** slot, int /*index*/,
                long /*number*/, void* /*pointer*/) {
  if (*slot != nullptr) *slot = new SignerHandle(*static_cast<SignerHandle*>(*slot));
  return 1;
}

void free_signer(void* /*parent*/, void* signer, CRYPTO_EX_DATA* /*data*/, int /*index*/,
                 long /*number*/, void* /*pointer*/) {
  delete static_cast<SignerHandle*>(signer);
}

int signer_index() {
  static const int index = EC_KEY_get_ex_new_index(0, nullptr, nullptr, copy_signer, free_signer);
  return index;
}

ECDSA_SIG* fail(const char* why) {
  ERR_raise_data(ERR_LIB_USER, ERR_R_OPERATION_FAIL, "%s", why);
  return nullptr;
}

ECDSA_SIG* to_native(const EcdsaSignature& signature) {
  if (signature.r.size() > kFieldBytes || signature.s.size() > kFieldBytes)
    return fail("the hardware returned a signature of impossible length");
  BignumHandle r(BN_bin2bn(signature.r.data(), static_cast<int>(signature.r.size()), nullptr));
  BignumHandle s(BN_bin2bn(signature.s.data(), static_cast<int>(signature.s.size()), nullptr));
  EcdsaSigHandle result(ECDSA_SIG_new());
  if (r == nullptr || s == nullptr || result == nullptr ||
      ECDSA_SIG_set0(result.get(), r.get(), s.get()) != 1)
    return fail("out of memory");
  (void)r.release();
  (void)s.release();
  return result.release();
}

// noexcept: an exception must not unwind through OpenSSL's frames; it ends the program instead.
ECDSA_SIG* sign_in_hardware(const unsigned char* digest, int digest_length, const BIGNUM* /*kinv*/,
                            const BIGNUM* /*r*/, EC_KEY* key) noexcept {
  const auto* const signer = static_cast<SignerHandle*>(EC_KEY_get_ex_data(key, signer_index()));
  if (signer == nullptr) return fail("the key has lost its hardware");
  Sha256Digest copy{};
  if (digest_length != static_cast<int>(copy.size()))
    return fail("the hardware signs SHA-256 digests only");
  std::copy_n(digest, copy.size(), copy.begin());
  const auto signature = (*signer)->sign_digest(copy);
  if (!signature.has_value()) return fail(describe(signature.error()).c_str());
  return to_native(*signature);
}

// Lives as long as the process: keys that TLS contexts still hold refer to it.
const EC_KEY_METHOD* hardware_method() {
  static const EC_KEY_METHOD* const method = [] {
    EC_KEY_METHOD* const made = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    require(made != nullptr, "make an EC_KEY_METHOD");
    int (*sign)(int, const unsigned char*, int, unsigned char*, unsigned int*, const BIGNUM*,
                const BIGNUM*, EC_KEY*) = nullptr;
    int (*setup)(EC_KEY*, BN_CTX*, BIGNUM**, BIGNUM**) = nullptr;
    EC_KEY_METHOD_get_sign(made, &sign, &setup, nullptr);
    EC_KEY_METHOD_set_sign(made, sign, setup, sign_in_hardware);
    return made;
  }();
  return method;
}

LegacyKeyHandle copy_of_public(const PublicKey& key) {
  LegacyKeyHandle copy(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  const Bytes spki = key.spki_der();
  const unsigned char* const point = spki.data() + spki.size() - (1 + 2 * kFieldBytes);
  require(copy != nullptr && EC_KEY_oct2key(copy.get(), point, 1 + 2 * kFieldBytes, nullptr) == 1,
          "copy a public key");
  return copy;
}

KeyHandle with_signer(const PublicKey& public_key, SignerHandle signer) {
  LegacyKeyHandle legacy = copy_of_public(public_key);
  require(signer_index() >= 0 && EC_KEY_set_method(legacy.get(), hardware_method()) == 1,
          "set a key's method");
  auto held = std::make_unique<SignerHandle>(std::move(signer));
  require(EC_KEY_set_ex_data(legacy.get(), signer_index(), held.get()) == 1,
          "hang a signer at a key");
  (void)held.release();  // free_signer deletes it with the key
  KeyHandle key(EVP_PKEY_new());
  require(key != nullptr && EVP_PKEY_set1_EC_KEY(key.get(), legacy.get()) == 1, "wrap a key");
  return key;
}

}  // namespace

Result<PrivateKey> PrivateKey::delegated(const PublicKey& public_key,
                                         std::shared_ptr<DigestSigner> signer) {
  if (public_key.type() != KeyType::ec_p256)
    return refuse("KEY-FORMAT", "a key in hardware must be on P-256");
  if (signer == nullptr) return refuse("KEY-FORMAT", "a key in hardware needs its signer");
  KeyHandle key = with_signer(public_key, std::move(signer));
  return PrivateKey(std::make_shared<const Impl>(
      Impl{.key = std::move(key), .public_key = public_key, .exportable = false}));
}

}  // namespace vedette::crypto
