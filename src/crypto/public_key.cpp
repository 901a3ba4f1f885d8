#include <algorithm>
#include <array>

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "crypto/key_values.h"
#include "crypto/pem.h"

namespace vedette::crypto {
namespace {

using ParamBuilderHandle = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
using ParamsHandle = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;

constexpr std::size_t kMaxSpki = 2048;  // an RSA modulus of 8192 bits needs 1070
constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 8192;
constexpr int kMaxRsaExponentBits = 64;  // what OpenSSL verifies with beyond 3072 bits
constexpr std::uint8_t kUncompressedPoint = 4;

std::unexpected<Error> malformed(std::string cause) {
  return refuse("KEY-FORMAT", "this is not a public key that can be used", std::move(cause),
                "use ECDSA on P-256, P-384 or P-521, RSA, or Ed25519");
}

std::unexpected<Error> weak(std::string cause) {
  return refuse("KEY-WEAK", "the key is too weak to be trusted", std::move(cause),
                "use P-256, Ed25519, or RSA of at least 2048 bits");
}

Result<KeyType> curve_of(const EVP_PKEY* key) {
  char name[64] = {};
  if (EVP_PKEY_get_group_name(key, name, sizeof name, nullptr) != 1)
    return malformed("a curve without a name");
  int is_explicit = 0;
  if (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit) !=
          1 ||
      is_explicit != 0)
    return malformed("a curve given by its parameters");
  const std::string_view curve(name);
  if (curve == SN_X9_62_prime256v1) return KeyType::ec_p256;
  if (curve == SN_secp384r1) return KeyType::ec_p384;
  if (curve == SN_secp521r1) return KeyType::ec_p521;
  return weak("curve " + std::string(curve));
}

Result<void> check_point(EVP_PKEY* key) {
  const KeyContextHandle context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  require(context != nullptr, "make a key context");
  // All three curves have cofactor 1: a point on the curve is in the group.
  if (EVP_PKEY_public_check_quick(context.get()) != 1) return malformed("a point off the curve");
  return {};
}

BignumHandle number_of(const EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  require(EVP_PKEY_get_bn_param(key, name, &number) == 1, "read an RSA key");
  return BignumHandle(number);
}

// Whether the primes look like those of Infineon's RSALib (ROCA, CVE-2017-15361), which TPMs made
// their endorsement keys with: p = k * M + (65537^a mod M), so that modulo each small prime the
// modulus is a power of 65537, too. Of other keys one in some hundred million is so by chance.
bool has_roca_fingerprint(const BIGNUM* modulus) {
  constexpr std::array<BN_ULONG, 38> kPrimes{
      3,  5,  7,  11, 13, 17,  19,  23,  29,  31,  37,  41,  43,  47,  53,  59,  61,  67,  71,
      73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};
  constexpr BN_ULONG kGenerator = 65537;
  return std::ranges::all_of(kPrimes, [&](BN_ULONG prime) {
    const BN_ULONG rest = BN_mod_word(modulus, prime);
    BN_ULONG power = 1;
    do {
      if (power == rest) return true;
      power = power * (kGenerator % prime) % prime;
    } while (power != 1);
    return false;
  });
}

Result<void> check_rsa(const EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < kMinRsaBits) return weak("RSA of " + std::to_string(bits) + " bits");
  if (bits > kMaxRsaBits) return malformed("RSA of " + std::to_string(bits) + " bits");
  const BignumHandle modulus = number_of(key, OSSL_PKEY_PARAM_RSA_N);
  const BignumHandle exponent = number_of(key, OSSL_PKEY_PARAM_RSA_E);
  if (BN_is_odd(modulus.get()) == 0) return weak("an even RSA modulus");
  if (has_roca_fingerprint(modulus.get()))
    return weak("an RSA modulus that can be factored (CVE-2017-15361, ROCA)");
  if (BN_is_odd(exponent.get()) == 0) return weak("an even RSA exponent");
  if (BN_num_bits(exponent.get()) < 17) return weak("an RSA exponent below 65537");
  if (BN_num_bits(exponent.get()) > kMaxRsaExponentBits) return malformed("a huge RSA exponent");
  return {};
}

Result<KeyType> classify(EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_EC: {
      VEDETTE_TRY(const KeyType type, curve_of(key));
      VEDETTE_CHECK(check_point(key));
      return type;
    }
    case EVP_PKEY_RSA:
      VEDETTE_CHECK(check_rsa(key));
      return KeyType::rsa;
    case EVP_PKEY_ED25519:
      return KeyType::ed25519;
    default:
      return malformed("an algorithm that is not accepted");
  }
}

// The point's first octet; spki_der promises one encoding per key, so that its digest can be an
// identity.
bool has_uncompressed_point(ByteView spki, KeyType type) {
  const std::size_t point = 1 + 2 * field_bytes(type);
  return spki.size() > point && spki[spki.size() - point] == kUncompressedPoint;
}

// A key of the curve, of which others take the parameters: making those anew, and encoding them,
// costs OpenSSL 3.0 three times what a verification does.
struct CurveTemplate {
  KeyHandle key;
  Bytes spki_head;  // SubjectPublicKeyInfo up to the point
};

const char* curve_name(KeyType type) {  // nullptr for keys that are on none
  switch (type) {
    case KeyType::ec_p256:
      return SN_X9_62_prime256v1;
    case KeyType::ec_p384:
      return SN_secp384r1;
    case KeyType::ec_p521:
      return SN_secp521r1;
    case KeyType::rsa:
    case KeyType::ed25519:
      break;
  }
  return nullptr;
}

CurveTemplate make_template(KeyType type) {
  KeyHandle key(EVP_EC_gen(curve_name(type)));
  require(key != nullptr, "make a key");
  Bytes head = der_of<i2d_PUBKEY>(key.get());
  head.resize(head.size() - 1 - 2 * field_bytes(type));
  return {std::move(key), std::move(head)};
}

const CurveTemplate& template_of(KeyType type) {
  static const CurveTemplate kP256 = make_template(KeyType::ec_p256);
  static const CurveTemplate kP384 = make_template(KeyType::ec_p384);
  static const CurveTemplate kP521 = make_template(KeyType::ec_p521);
  if (type == KeyType::ec_p256) return kP256;
  return type == KeyType::ec_p384 ? kP384 : kP521;
}

// The curve whose keys begin like this; their decoder is OpenSSL 3.0's slowest part, and not
// needed.
std::optional<KeyType> curve_by_head(ByteView spki) {
  for (const KeyType type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::ec_p521}) {
    const Bytes& head = template_of(type).spki_head;
    if (spki.size() == head.size() + 1 + 2 * field_bytes(type) &&
        equal(spki.first(head.size()), head))
      return type;
  }
  return std::nullopt;
}

Result<PublicKey> key_from_params(const char* algorithm, OSSL_PARAM* params) {
  const ErrorQueueScope errors;
  const KeyContextHandle context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  require(context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1, "make a key context");
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
    return malformed(drain_errors());
  return adopt_public_key(KeyHandle(key));
}

Result<void> verify_with(EVP_PKEY* key, const EVP_MD* md, int padding, int salt_length,
                         ByteView message, ByteView signature) {
  const ErrorQueueScope errors;
  const DigestContextHandle context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;  // owned by `context`
  require(context != nullptr &&
              EVP_DigestVerifyInit(context.get(), &key_context, md, nullptr, key) == 1,
          "start a verification");
  if (padding != 0)
    require(EVP_PKEY_CTX_set_rsa_padding(key_context, padding) == 1 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, salt_length) == 1,
            "choose RSASSA-PSS");
  if (EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                       message.size()) != 1)
    return refuse("SIG-INVALID", "the signature does not fit the message and the key",
                  drain_errors());
  return {};
}

}  // namespace

Hash own_hash(KeyType type) {
  switch (type) {
    case KeyType::ec_p384:
      return Hash::sha384;
    case KeyType::ec_p521:
      return Hash::sha512;
    case KeyType::ec_p256:
    case KeyType::rsa:
    case KeyType::ed25519:
      break;
  }
  return Hash::sha256;
}

Result<PublicKey> adopt_public_key(KeyHandle key) {
  VEDETTE_TRY(const KeyType type, classify(key.get()));
  Bytes spki = der_of<i2d_PUBKEY>(key.get());
  if (field_bytes(type) != 0 && !has_uncompressed_point(spki, type))
    return malformed("a compressed point");
  return PublicKey(std::make_shared<const PublicKey::Impl>(
      PublicKey::Impl{.key = std::move(key), .type = type, .spki = std::move(spki)}));
}

namespace {

// Of a curve's key the octets are at hand; OpenSSL would encode the key, and decode it again.
void set_point(X509_PUBKEY* field, const PublicKey& key, const char* curve) {
  const Bytes point = key.subject_public_key();
  auto* const copy = static_cast<unsigned char*>(OPENSSL_memdup(point.data(), point.size()));
  require(copy != nullptr && X509_PUBKEY_set0_param(field, OBJ_nid2obj(NID_X9_62_id_ecPublicKey),
                                                    V_ASN1_OBJECT, OBJ_nid2obj(OBJ_sn2nid(curve)),
                                                    copy, static_cast<int>(point.size())) == 1,
          "set a public key");
}

}  // namespace

void set_public_key(X509* certificate, const PublicKey& key) {
  if (const char* const curve = curve_name(key.type()))
    set_point(X509_get_X509_PUBKEY(certificate), key, curve);
  else
    require(X509_set_pubkey(certificate, native(key)) == 1, "set a public key");
}

void set_public_key(X509_REQ* request, const PublicKey& key) {
  if (const char* const curve = curve_name(key.type()))
    set_point(X509_REQ_get_X509_PUBKEY(request), key, curve);
  else
    require(X509_REQ_set_pubkey(request, native(key)) == 1, "set a public key");
}

Result<PublicKey> public_part(EVP_PKEY* key) {
  return PublicKey::from_spki_der(der_of<i2d_PUBKEY>(key));
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  VEDETTE_TRY(const auto block, read_first_pem(pem, "PUBLIC KEY", "KEY-FORMAT"));
  return from_spki_der(block.der.expose());
}

Result<PublicKey> PublicKey::from_spki_der(ByteView der) {
  if (der.empty() || der.size() > kMaxSpki) return malformed("its length is impossible");
  if (const auto type = curve_by_head(der)) {
    const ByteView point = der.last(1 + 2 * crypto::field_bytes(*type));
    if (point.front() != kUncompressedPoint) return malformed("no uncompressed point");
    return from_ec_point(*type, point.subspan(1, crypto::field_bytes(*type)),
                         point.last(crypto::field_bytes(*type)));
  }
  const ErrorQueueScope errors;
  const unsigned char* in = der.data();
  KeyHandle key(d2i_PUBKEY(nullptr, &in, static_cast<long>(der.size())));
  if (key == nullptr) return malformed(drain_errors());
  VEDETTE_TRY(auto result, adopt_public_key(std::move(key)));
  if (!equal(result.impl().spki, der)) return malformed("not minimal DER, or octets behind it");
  return result;
}

Result<PublicKey> PublicKey::from_ec_point(KeyType type, ByteView x, ByteView y) {
  const std::size_t width = crypto::field_bytes(type);
  if (width == 0 || x.size() != width || y.size() != width)
    return malformed("coordinates that do not fit the curve");
  Bytes point{kUncompressedPoint};
  append(point, x);
  append(point, y);
  const ErrorQueueScope errors;
  const CurveTemplate& curve = template_of(type);
  KeyHandle key(EVP_PKEY_new());
  require(key != nullptr && EVP_PKEY_copy_parameters(key.get(), curve.key.get()) == 1,
          "make a key");
  // Refuses coordinates beyond the field and points off the curve.
  if (EVP_PKEY_set1_encoded_public_key(key.get(), point.data(), point.size()) != 1)
    return malformed(drain_errors());
  Bytes spki = curve.spki_head;
  append(spki, point);
  return PublicKey(
      std::make_shared<const Impl>(Impl{.key = std::move(key), .type = type, .spki = spki}));
}

Result<PublicKey> PublicKey::from_rsa(ByteView modulus, std::uint32_t exponent) {
  if (modulus.size() > kMaxRsaBits / 8 + 1) return malformed("a modulus of impossible length");
  const BignumHandle n(BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr));
  const BignumHandle e(BN_new());
  const ParamBuilderHandle builder(OSSL_PARAM_BLD_new());
  require(n != nullptr && e != nullptr && builder != nullptr &&
              BN_set_word(e.get(), exponent) == 1 &&
              OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
              OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1,
          "describe a key");
  const ParamsHandle params(OSSL_PARAM_BLD_to_param(builder.get()));
  require(params != nullptr, "describe a key");
  return key_from_params("RSA", params.get());
}

KeyType PublicKey::type() const {
  return impl_->type;
}
Bytes PublicKey::spki_der() const {
  return impl_->spki;
}
std::string PublicKey::pem() const {
  return write_pem("PUBLIC KEY", impl_->spki);
}
Sha256Digest PublicKey::spki_sha256() const {
  return sha256(impl_->spki);
}

Bytes PublicKey::subject_public_key() const {
  if (const std::size_t width = crypto::field_bytes(impl_->type); width != 0)
    return to_bytes(ByteView(impl_->spki).last(1 + 2 * width));
  const unsigned char* in = impl_->spki.data();
  X509_PUBKEY* parsed = d2i_X509_PUBKEY(nullptr, &in, static_cast<long>(impl_->spki.size()));
  const std::unique_ptr<X509_PUBKEY, FreeWith<X509_PUBKEY_free>> owner(parsed);
  const unsigned char* bits = nullptr;
  int size = 0;
  require(parsed != nullptr && X509_PUBKEY_get0_param(nullptr, &bits, &size, nullptr, parsed) == 1,
          "read a key's own encoding");
  return {bits, bits + size};
}

bool operator==(const PublicKey& left, const PublicKey& right) {
  return left.impl_->spki == right.impl_->spki;
}

Result<void> PublicKey::verify(Hash hash, ByteView message, ByteView signature) const {
  if (const std::size_t width = crypto::field_bytes(type()); width != 0)
    VEDETTE_CHECK(ecdsa_der_to_raw(signature, width));
  const EVP_MD* const md = type() == KeyType::ed25519 ? nullptr : message_digest(hash);
  return verify_with(impl_->key.get(), md, 0, 0, message, signature);
}

Result<void> PublicKey::verify_digest(Hash hash, ByteView digest, ByteView signature) const {
  if (type() == KeyType::ed25519)
    return refuse("SIG-INVALID", "an Ed25519 signature is not over a digest");
  if (digest.size() != crypto::digest_size(hash))
    return refuse("SIG-INVALID", "the digest has another length than its algorithm's");
  if (const std::size_t width = crypto::field_bytes(type()); width != 0)
    VEDETTE_CHECK(ecdsa_der_to_raw(signature, width));
  const ErrorQueueScope errors;
  const KeyContextHandle context(EVP_PKEY_CTX_new_from_pkey(nullptr, impl_->key.get(), nullptr));
  require(context != nullptr && EVP_PKEY_verify_init(context.get()) == 1 &&
              (type() != KeyType::rsa ||
               EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1) &&
              EVP_PKEY_CTX_set_signature_md(context.get(), message_digest(hash)) == 1,
          "start a verification");
  if (EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(),
                      digest.size()) != 1)
    return refuse("SIG-INVALID", "the signature does not fit the digest and the key",
                  drain_errors());
  return {};
}

Result<void> PublicKey::verify_pss(Hash hash, ByteView message, ByteView signature) const {
  if (type() != KeyType::rsa) return refuse("SIG-INVALID", "RSASSA-PSS needs an RSA key");
  return verify_with(impl_->key.get(), message_digest(hash), RSA_PKCS1_PSS_PADDING,
                     RSA_PSS_SALTLEN_DIGEST, message, signature);
}

Result<void> verify_pss_any_salt(const PublicKey& key, Hash hash, ByteView message,
                                 ByteView signature) {
  if (key.type() != KeyType::rsa) return refuse("SIG-INVALID", "RSASSA-PSS needs an RSA key");
  return verify_with(native(key), message_digest(hash), RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_AUTO,
                     message, signature);
}

}  // namespace vedette::crypto
