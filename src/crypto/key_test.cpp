#include "crypto/key.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "crypto/authority_sample.h"
#include "crypto/key_values.h"

namespace vedette::crypto {
namespace {

Bytes hex(std::string_view text) {
  return codec::from_hex(text).value();
}

KeyHandle make_native(const char* type, const char* group) {
  return KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, type, group));
}

KeyHandle make_native_rsa(std::size_t bits) {
  return KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
}

Bytes spki_of(const KeyHandle& key) {
  return der_of<i2d_PUBKEY>(key.get());
}

// Ecdsa-Sig-Value of two small INTEGERs.
Bytes tiny_signature(std::uint8_t r, std::uint8_t s) {
  return {0x30, 6, 2, 1, r, 2, 1, s};
}

TEST(PublicKey, RefusesOctetsBehindTheKey) {
  Bytes spki = PrivateKey::generate_p256().public_key().spki_der();
  spki.push_back(0);
  EXPECT_EQ(code_of(PublicKey::from_spki_der(spki)), "KEY-FORMAT");
  EXPECT_EQ(code_of(PublicKey::from_spki_der({})), "KEY-FORMAT");
  EXPECT_EQ(code_of(PublicKey::from_spki_der(Bytes(5000, 0x30))), "KEY-FORMAT");
}

TEST(PublicKey, RefusesAPointOffTheCurve) {
  Bytes spki = PrivateKey::generate_p256().public_key().spki_der();
  spki.back() ^= 1;
  EXPECT_EQ(code_of(PublicKey::from_spki_der(spki)), "KEY-FORMAT");
  EXPECT_EQ(code_of(PublicKey::from_ec_point(KeyType::ec_p256, Bytes(32, 1), Bytes(32, 1))),
            "KEY-FORMAT");
  EXPECT_EQ(code_of(PublicKey::from_ec_point(KeyType::ec_p256, Bytes(32), Bytes(32))),
            "KEY-FORMAT");
  EXPECT_EQ(code_of(PublicKey::from_ec_point(KeyType::ec_p256, Bytes(32, 0xff), Bytes(32, 0xff))),
            "KEY-FORMAT")
      << "coordinates beyond the field";
}

TEST(PublicKey, RefusesCoordinatesOfAnotherWidthAndOtherKeyTypes) {
  EXPECT_EQ(code_of(PublicKey::from_ec_point(KeyType::ec_p256, Bytes(31, 1), Bytes(32, 1))),
            "KEY-FORMAT");
  EXPECT_EQ(code_of(PublicKey::from_ec_point(KeyType::rsa, Bytes(32, 1), Bytes(32, 1))),
            "KEY-FORMAT");
}

TEST(PublicKey, RefusesACompressedPoint) {
  const KeyHandle key = make_native("EC", "P-256");
  ASSERT_EQ(EVP_PKEY_set_utf8_string_param(key.get(), "point-format", "compressed"), 1);
  const Bytes spki = spki_of(key);
  ASSERT_LT(spki.size(), 70U);
  EXPECT_EQ(code_of(PublicKey::from_spki_der(spki)), "KEY-FORMAT");
}

TEST(PublicKey, RefusesACurveGivenByItsParameters) {
  const KeyHandle key = make_native("EC", "P-256");
  ASSERT_EQ(EVP_PKEY_set_utf8_string_param(key.get(), "encoding", "explicit"), 1);
  EXPECT_EQ(code_of(PublicKey::from_spki_der(spki_of(key))), "KEY-FORMAT");
}

TEST(PublicKey, RefusesOtherCurvesAndAlgorithms) {
  EXPECT_EQ(code_of(PublicKey::from_spki_der(spki_of(make_native("EC", "P-224")))), "KEY-WEAK");
  EXPECT_EQ(code_of(PublicKey::from_spki_der(spki_of(make_native("EC", "secp256k1")))), "KEY-WEAK");
  EXPECT_EQ(code_of(PublicKey::from_spki_der(
                spki_of(KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"))))),
            "KEY-FORMAT");
}

TEST(PublicKey, RefusesWeakRsa) {
  EXPECT_EQ(code_of(PublicKey::from_spki_der(spki_of(make_native_rsa(1024)))), "KEY-WEAK");
  Bytes modulus(256, 0xFF);
  EXPECT_EQ(code_of(PublicKey::from_rsa(modulus, 3)), "KEY-WEAK");
  EXPECT_EQ(code_of(PublicKey::from_rsa(modulus, 65535)), "KEY-WEAK");
  EXPECT_EQ(code_of(PublicKey::from_rsa(modulus, 65538)), "KEY-WEAK");
  EXPECT_TRUE(PublicKey::from_rsa(modulus, 65537).has_value());
  modulus.back() = 0xFE;
  EXPECT_EQ(code_of(PublicKey::from_rsa(modulus, 65537)), "KEY-WEAK");
  EXPECT_EQ(code_of(PublicKey::from_rsa(Bytes(255, 0xFF), 65537)), "KEY-WEAK");
  EXPECT_EQ(code_of(PublicKey::from_rsa(Bytes(1025, 0xFF), 65537)), "KEY-FORMAT");
  EXPECT_EQ(code_of(PublicKey::from_rsa(Bytes(4096, 0xFF), 65537)), "KEY-FORMAT");
  EXPECT_EQ(code_of(PublicKey::from_rsa({}, 65537)), "KEY-WEAK");
}

// A modulus as RSALib makes them: modulo the product of the first primes a power of 65537. The
// power decides, so that of its neighbours none is one.
Bytes roca_modulus(unsigned long offset) {
  const std::unique_ptr<BN_CTX, FreeWith<BN_CTX_free>> context(BN_CTX_new());
  const BignumHandle product(BN_new()), number(BN_new()), factor(BN_new()), power(BN_new());
  BN_one(product.get());
  for (const unsigned prime :
       {3U,   5U,   7U,   11U,  13U,  17U,  19U,  23U,  29U,  31U,  37U,  41U,  43U,
        47U,  53U,  59U,  61U,  67U,  71U,  73U,  79U,  83U,  89U,  97U,  101U, 103U,
        107U, 109U, 113U, 127U, 131U, 137U, 139U, 149U, 151U, 157U, 163U, 167U})
    BN_mul_word(product.get(), prime);
  BN_set_word(number.get(), 65537);
  BN_set_word(power.get(), 123'457);
  BN_mod_exp(number.get(), number.get(), power.get(), product.get(), context.get());
  BN_set_bit(factor.get(), 2047 - BN_num_bits(product.get()) + 1);
  BN_mul(factor.get(), factor.get(), product.get(), context.get());
  BN_add(number.get(), number.get(), factor.get());
  if (BN_is_odd(number.get()) == 0) BN_add(number.get(), number.get(), product.get());
  BN_add_word(number.get(), offset);
  Bytes octets(static_cast<std::size_t>(BN_num_bytes(number.get())));
  BN_bn2bin(number.get(), octets.data());
  return octets;
}

// Group 6 of the identity attacks.
TEST(PublicKey, RefusesAnRsaModulusThatCanBeFactored) {
  ASSERT_EQ(roca_modulus(0).size(), 256U);
  const auto refused = PublicKey::from_rsa(roca_modulus(0), 65537);
  EXPECT_EQ(code_of(refused), "KEY-WEAK");
  EXPECT_NE(refused.error().cause.find("ROCA"), std::string::npos);
  for (const unsigned long offset : {2UL, 4UL, 6UL, 100UL})
    EXPECT_TRUE(PublicKey::from_rsa(roca_modulus(offset), 65537).has_value()) << offset;
}

TEST(PublicKey, RefusesPemOfAnotherKind) {
  const PrivateKey key = PrivateKey::generate_p256();
  EXPECT_EQ(code_of(PublicKey::from_pem(key.insecure_unencrypted_pem().value())), "KEY-FORMAT");
  EXPECT_EQ(code_of(PublicKey::from_pem("")), "KEY-FORMAT");
  EXPECT_EQ(code_of(PublicKey::from_pem("-----BEGIN PUBLIC KEY-----\n!!\n")), "KEY-FORMAT");
}

TEST(PublicKey, SurvivesItsEncodings) {
  const PublicKey key = PrivateKey::generate_p256().public_key();
  EXPECT_EQ(PublicKey::from_pem(key.pem()).value(), key);
  const auto again = PublicKey::from_spki_der(key.spki_der());
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(*again, key);
  EXPECT_EQ(again->spki_sha256(), key.spki_sha256());
  EXPECT_FALSE(PrivateKey::generate_p256().public_key() == key);
  const Bytes spki = key.spki_der();
  const ByteView point = ByteView(spki).last(64);
  EXPECT_EQ(PublicKey::from_ec_point(KeyType::ec_p256, point.first(32), point.last(32)).value(),
            key);
}

// from_spki_der refuses every encoding but OpenSSL's own.
TEST(PublicKey, OfAPointHasTheOneEncoding) {
  for (const auto& [type, curve] : {std::pair(KeyType::ec_p256, "P-256"),
                                    {KeyType::ec_p384, "P-384"},
                                    {KeyType::ec_p521, "P-521"}}) {
    const PublicKey key = adopt_public_key(make_native("EC", curve)).value();
    const Bytes octets = key.subject_public_key();
    const ByteView point = ByteView(octets).subspan(1);
    const auto half = point.size() / 2;
    const auto made = PublicKey::from_ec_point(type, point.first(half), point.last(half));
    ASSERT_TRUE(made.has_value()) << curve;
    EXPECT_EQ(*made, key) << curve;
    EXPECT_EQ(PublicKey::from_spki_der(made->spki_der()).value().type(), type);
  }
}

TEST(Verify, RefusesAnotherMessageKeyHashOrSignature) {
  const PrivateKey key = PrivateKey::generate_p256();
  const Bytes signature = key.sign(as_bytes("message")).value();
  const PublicKey shown = key.public_key();
  ASSERT_TRUE(shown.verify(Hash::sha256, as_bytes("message"), signature).has_value());
  EXPECT_EQ(code_of(shown.verify(Hash::sha256, as_bytes("massage"), signature)), "SIG-INVALID");
  EXPECT_EQ(code_of(shown.verify(Hash::sha384, as_bytes("message"), signature)), "SIG-INVALID");
  EXPECT_EQ(code_of(PrivateKey::generate_p256().public_key().verify(
                Hash::sha256, as_bytes("message"), signature)),
            "SIG-INVALID");
  for (std::size_t i = 0; i < signature.size(); ++i) {
    Bytes damaged = signature;
    damaged[i] ^= 0x10;
    EXPECT_EQ(code_of(shown.verify(Hash::sha256, as_bytes("message"), damaged)), "SIG-INVALID");
  }
}

TEST(Verify, RefusesSignaturesThatAreNotMinimalDer) {
  const PrivateKey key = PrivateKey::generate_p256();
  const Bytes signature = key.sign(as_bytes("message")).value();
  Bytes longer = signature;
  longer.push_back(0);
  // The same numbers behind a length in two octets.
  Bytes long_form{0x30, 0x81, signature[1]};
  long_form.insert(long_form.end(), signature.begin() + 2, signature.end());
  for (const Bytes& bad : {longer, long_form, Bytes(), Bytes(200, 0x30)})
    EXPECT_EQ(code_of(key.public_key().verify(Hash::sha256, as_bytes("message"), bad)),
              "SIG-INVALID");
}

TEST(Verify, KnowsRsaInBothSchemesAndKeepsThemApart) {
  const KeyHandle native_key = make_native_rsa(2048);
  const PublicKey key = PublicKey::from_spki_der(spki_of(native_key)).value();
  EXPECT_EQ(key.type(), KeyType::rsa);
  const DigestContextHandle context(EVP_MD_CTX_new());
  ASSERT_EQ(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, native_key.get()), 1);
  Bytes signature(256);
  std::size_t size = signature.size();
  const Bytes message = to_bytes("message");
  ASSERT_EQ(EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()),
            1);
  EXPECT_TRUE(key.verify(Hash::sha256, message, signature).has_value());
  EXPECT_EQ(code_of(key.verify_pss(Hash::sha256, message, signature)), "SIG-INVALID");
  EXPECT_EQ(code_of(key.verify(Hash::sha256, message, Bytes())), "SIG-INVALID");
  EXPECT_EQ(code_of(PrivateKey::generate_p256().public_key().verify_pss(Hash::sha256, message,
                                                                        signature)),
            "SIG-INVALID");
}

TEST(VerifyDigest, RefusesAnotherDigestKeyHashOrLength) {
  const PrivateKey key = PrivateKey::generate_p256();
  const Bytes signature = key.sign(as_bytes("message")).value();
  const Bytes digest = crypto::digest(Hash::sha256, as_bytes("message"));
  EXPECT_TRUE(key.public_key().verify_digest(Hash::sha256, digest, signature).has_value());
  Bytes other = digest;
  other[0] ^= 1;
  EXPECT_EQ(code_of(key.public_key().verify_digest(Hash::sha256, other, signature)), "SIG-INVALID");
  EXPECT_EQ(code_of(PrivateKey::generate_p256().public_key().verify_digest(Hash::sha256, digest,
                                                                           signature)),
            "SIG-INVALID");
  EXPECT_EQ(code_of(key.public_key().verify_digest(Hash::sha384, digest, signature)),
            "SIG-INVALID");
  other.pop_back();
  EXPECT_EQ(code_of(key.public_key().verify_digest(Hash::sha256, other, signature)), "SIG-INVALID");
  Bytes longer = signature;
  longer.push_back(0);
  EXPECT_EQ(code_of(key.public_key().verify_digest(Hash::sha256, digest, longer)), "SIG-INVALID");
  EXPECT_EQ(code_of(key.public_key().verify_digest(Hash::sha256, digest, {})), "SIG-INVALID");
}

TEST(VerifyDigest, RefusesKeysThatSignNoDigests) {
  const PrivateKey key = PrivateKey::generate_ed25519();
  const Bytes signature = key.sign(as_bytes("message")).value();
  const Bytes digest = crypto::digest(Hash::sha256, as_bytes("message"));
  EXPECT_EQ(code_of(key.public_key().verify_digest(Hash::sha256, digest, signature)),
            "SIG-INVALID");
}

TEST(PublicKey, GivesTheOctetsOfItsBitString) {
  const PublicKey key = PrivateKey::generate_p256().public_key();
  const Bytes spki = key.spki_der();
  EXPECT_EQ(to_hex(key.subject_public_key()), to_hex(ByteView(spki).last(65)));
  EXPECT_EQ(PrivateKey::generate_ed25519().public_key().subject_public_key().size(), 32U);
}

TEST(EcdsaSignature, RefusesWhatIsNoPairOfPositiveNumbers) {
  EXPECT_EQ(code_of(ecdsa_der_to_raw(tiny_signature(0, 1), 32)), "SIG-INVALID");
  EXPECT_EQ(code_of(ecdsa_der_to_raw(tiny_signature(1, 0), 32)), "SIG-INVALID");
  EXPECT_EQ(code_of(ecdsa_der_to_raw(tiny_signature(1, 0x80), 32)), "SIG-INVALID");  // negative
  EXPECT_EQ(code_of(ecdsa_der_to_raw(hex("3007020200010201"), 32)), "SIG-INVALID");
  EXPECT_EQ(code_of(ecdsa_der_to_raw(hex("300702020001020101"), 32)), "SIG-INVALID");  // padded
  EXPECT_EQ(code_of(ecdsa_raw_to_der(Bytes(64))), "SIG-INVALID");
  EXPECT_EQ(code_of(ecdsa_raw_to_der(Bytes(63, 1))), "SIG-INVALID");
  EXPECT_EQ(code_of(ecdsa_raw_to_der(Bytes(65, 1))), "SIG-INVALID");
  EXPECT_EQ(code_of(ecdsa_raw_to_der({})), "SIG-INVALID");
}

TEST(EcdsaSignature, RefusesNumbersWiderThanTheField) {
  const Bytes der = ecdsa_raw_to_der(Bytes(96, 0x7F)).value();
  EXPECT_EQ(code_of(ecdsa_der_to_raw(der, 32)), "SIG-INVALID");
  EXPECT_EQ(ecdsa_der_to_raw(der, 48).value(), Bytes(96, 0x7F));
}

TEST(EcdsaSignature, KeepsLeadingZerosOnTheWay) {
  Bytes raw(64);
  raw[31] = 5;
  raw[63] = 7;
  EXPECT_EQ(ecdsa_raw_to_der(raw).value(), tiny_signature(5, 7));
  EXPECT_EQ(ecdsa_der_to_raw(tiny_signature(5, 7), 32).value(), raw);
}

TEST(EcdsaSignature, HighSIsTurnedLow) {
  // n - 1 of P-256 (SEC 2, 2.4.2) becomes 1.
  Bytes raw(32, 0);
  raw[31] = 9;
  append(raw, hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"));
  const Bytes high = ecdsa_raw_to_der(raw).value();
  EXPECT_FALSE(has_low_s(KeyType::ec_p256, high));
  EXPECT_EQ(with_low_s(KeyType::ec_p256, high).value(), tiny_signature(9, 1));
  EXPECT_TRUE(has_low_s(KeyType::ec_p256, tiny_signature(9, 1)));
  raw.back() = 0x51;  // n itself
  EXPECT_EQ(code_of(with_low_s(KeyType::ec_p256, ecdsa_raw_to_der(raw).value())), "SIG-INVALID");
}

}  // namespace
}  // namespace vedette::crypto
