// ECDSA signatures: one encoding each, and one of the two values of s.
#include "crypto/key_values.h"

namespace vedette::crypto {
namespace {

using GroupHandle = std::unique_ptr<EC_GROUP, FreeWith<EC_GROUP_free>>;

// Ecdsa-Sig-Value of P-521: two INTEGERs of 67 octets and their headers.
constexpr std::size_t kMaxDer = 141;

std::unexpected<Error> malformed(std::string cause) {
  return refuse("SIG-INVALID", "the signature is malformed", std::move(cause));
}

Result<EcdsaSigHandle> decode(ByteView der) {
  if (der.empty() || der.size() > kMaxDer) return malformed("its length is impossible");
  const ErrorQueueScope errors;
  const unsigned char* in = der.data();
  EcdsaSigHandle signature(d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size())));
  if (signature == nullptr) return malformed("not DER");
  // OpenSSL also reads BER and ignores what follows; DER is the encoding that comes back.
  if (!equal(der_of<i2d_ECDSA_SIG>(signature.get()), der)) return malformed("not minimal DER");
  for (const BIGNUM* value : {ECDSA_SIG_get0_r(signature.get()), ECDSA_SIG_get0_s(signature.get())})
    if (BN_is_negative(value) != 0 || BN_is_zero(value) != 0)
      return malformed("a value that is not positive");
  return signature;
}

Bytes encode(BignumHandle r, BignumHandle s) {
  const EcdsaSigHandle signature(ECDSA_SIG_new());
  require(signature != nullptr && r != nullptr && s != nullptr &&
              ECDSA_SIG_set0(signature.get(), r.get(), s.get()) == 1,
          "assemble a signature");
  (void)r.release();
  (void)s.release();
  return der_of<i2d_ECDSA_SIG>(signature.get());
}

const BIGNUM* group_order(int curve) {
  static const GroupHandle p256(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  static const GroupHandle p384(EC_GROUP_new_by_curve_name(NID_secp384r1));
  static const GroupHandle p521(EC_GROUP_new_by_curve_name(NID_secp521r1));
  const GroupHandle& group = curve == NID_secp521r1 ? p521 : curve == NID_secp384r1 ? p384 : p256;
  require(group != nullptr, "make an elliptic curve group");
  return EC_GROUP_get0_order(group.get());
}

const BIGNUM* group_order(KeyType type) {
  switch (type) {
    case KeyType::ec_p256:
      return group_order(NID_X9_62_prime256v1);
    case KeyType::ec_p384:
      return group_order(NID_secp384r1);
    case KeyType::ec_p521:
      return group_order(NID_secp521r1);
    case KeyType::rsa:
    case KeyType::ed25519:
      break;
  }
  return nullptr;
}

bool is_low(const BIGNUM* s, const BIGNUM* order) {
  const BignumHandle half(BN_dup(order));
  require(half != nullptr && BN_rshift1(half.get(), half.get()) == 1, "halve the group's order");
  return BN_cmp(s, half.get()) <= 0;
}

}  // namespace

std::size_t field_bytes(KeyType type) {
  switch (type) {
    case KeyType::ec_p256:
      return 32;
    case KeyType::ec_p384:
      return 48;
    case KeyType::ec_p521:
      return 66;
    case KeyType::rsa:
    case KeyType::ed25519:
      break;
  }
  return 0;
}

Result<Bytes> ecdsa_der_to_raw(ByteView der, std::size_t field_bytes) {
  VEDETTE_TRY(const EcdsaSigHandle signature, decode(der));
  Bytes raw(2 * field_bytes);
  const int width = static_cast<int>(field_bytes);
  if (BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), raw.data(), width) != width ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), raw.data() + field_bytes, width) != width)
    return malformed("a value wider than the curve's field");
  return raw;
}

Result<Bytes> ecdsa_raw_to_der(ByteView raw) {
  const std::size_t half = raw.size() / 2;
  if (half != 32 && half != 48 && half != 66) return malformed("its length is impossible");
  if (raw.size() % 2 != 0) return malformed("its length is odd");
  const int width = static_cast<int>(half);
  BignumHandle r(BN_bin2bn(raw.data(), width, nullptr));
  BignumHandle s(BN_bin2bn(raw.data() + half, width, nullptr));
  require(r != nullptr && s != nullptr, "read a number");
  if (BN_is_zero(r.get()) || BN_is_zero(s.get())) return malformed("a value that is zero");
  return encode(std::move(r), std::move(s));
}

Result<Bytes> with_low_s(KeyType type, ByteView der) {
  VEDETTE_TRY(const EcdsaSigHandle signature, decode(der));
  const BIGNUM* const s = ECDSA_SIG_get0_s(signature.get());
  const BIGNUM* const order = group_order(type);
  if (order == nullptr || BN_cmp(s, order) >= 0) return malformed("s is beyond the group's order");
  if (is_low(s, order)) return to_bytes(der);
  BignumHandle low(BN_new());
  require(low != nullptr && BN_sub(low.get(), order, s) == 1, "subtract");
  return encode(BignumHandle(BN_dup(ECDSA_SIG_get0_r(signature.get()))), std::move(low));
}

bool has_low_s(KeyType type, ByteView der) {
  const auto signature = decode(der);
  const BIGNUM* const order = group_order(type);
  return signature.has_value() && order != nullptr &&
         is_low(ECDSA_SIG_get0_s(signature->get()), order);
}

}  // namespace vedette::crypto
