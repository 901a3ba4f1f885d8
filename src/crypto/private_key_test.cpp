#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "crypto/authority_sample.h"
#include "crypto/key_values.h"
#include "crypto/pem.h"

namespace vedette::crypto {
namespace {

PrivateKey make_key(const char* group) {
  const KeyHandle key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", group));
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreeWith<PKCS8_PRIV_KEY_INFO_free>> info(
      EVP_PKEY2PKCS8(key.get()));
  return PrivateKey::from_pem(write_pem("PRIVATE KEY", der_of<i2d_PKCS8_PRIV_KEY_INFO>(info.get())))
      .value();
}

TEST(PrivateKey, DoesNotOpenWithoutItsPassphrase) {
  const PrivateKey key = PrivateKey::generate_p256();
  const std::string pem = key.encrypted_pem(as_bytes("open sesame")).value();
  EXPECT_EQ(code_of(PrivateKey::from_pem(pem)), "KEY-PASSPHRASE");
  EXPECT_EQ(code_of(PrivateKey::from_pem(pem, as_bytes("open barley"))), "KEY-PASSPHRASE");
  const auto opened = PrivateKey::from_pem(pem, as_bytes("open sesame"));
  ASSERT_TRUE(opened.has_value()) << describe(opened.error());
  EXPECT_EQ(opened->public_key(), key.public_key());
}

TEST(PrivateKey, RefusesAnEmptyPassphraseAndAPassphraseForAnOpenFile) {
  const PrivateKey key = PrivateKey::generate_p256();
  EXPECT_EQ(code_of(key.encrypted_pem({})), "KEY-PASSPHRASE");
  EXPECT_EQ(code_of(PrivateKey::from_pem(key.insecure_unencrypted_pem().value(), as_bytes("x"))),
            "KEY-PASSPHRASE");
}

TEST(PrivateKey, RefusesRsaForeignBlocksAndRubbish) {
  const KeyHandle rsa(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
  const BioHandle out(BIO_new(BIO_s_mem()));
  ASSERT_EQ(
      PEM_write_bio_PKCS8PrivateKey(out.get(), rsa.get(), nullptr, nullptr, 0, nullptr, nullptr),
      1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  EXPECT_EQ(code_of(PrivateKey::from_pem({text, static_cast<std::size_t>(size)})), "KEY-FORMAT");
  EXPECT_EQ(code_of(PrivateKey::from_pem(PrivateKey::generate_p256().public_key().pem())),
            "KEY-FORMAT");
  EXPECT_EQ(code_of(PrivateKey::from_pem("rubbish")), "KEY-FORMAT");
  EXPECT_EQ(code_of(PrivateKey::from_pem(write_pem("PRIVATE KEY", Bytes(40, 0x30)))), "KEY-FORMAT");
}

TEST(PrivateKey, RefusesAPublicPartOfAnotherKey) {
  const std::string pem = PrivateKey::generate_p256().insecure_unencrypted_pem().value();
  const auto block = read_first_pem(pem, "PRIVATE KEY", "X");
  Bytes der = to_bytes(block->der.expose());
  const Bytes other = PrivateKey::generate_p256().public_key().spki_der();
  std::copy(other.end() - 64, other.end(), der.end() - 64);
  EXPECT_EQ(code_of(PrivateKey::from_pem(write_pem("PRIVATE KEY", der))), "KEY-FORMAT");
}

TEST(PrivateKey, RefusesOctetsBehindIt) {
  const std::string pem = PrivateKey::generate_p256().insecure_unencrypted_pem().value();
  Bytes der = to_bytes(read_first_pem(pem, "PRIVATE KEY", "X")->der.expose());
  der.push_back(0);
  EXPECT_EQ(code_of(PrivateKey::from_pem(write_pem("PRIVATE KEY", der))), "KEY-FORMAT");
}

TEST(PrivateKey, SignsWithItsCurvesOwnHashAndLowS) {
  const Bytes message = to_bytes("message");
  for (const auto& [group, hash] :
       {std::pair{"P-256", Hash::sha256}, {"P-384", Hash::sha384}, {"P-521", Hash::sha512}}) {
    const PrivateKey key = make_key(group);
    for (int i = 0; i < 8; ++i) {  // half of all signatures come with a high s
      const Bytes signature = key.sign(message).value();
      EXPECT_TRUE(key.public_key().verify(hash, message, signature).has_value()) << group;
      EXPECT_TRUE(has_low_s(key.public_key().type(), signature)) << group;
    }
  }
}

TEST(PrivateKey, SignsWithEd25519) {
  const PrivateKey key = PrivateKey::generate_ed25519();
  const Bytes signature = key.sign(as_bytes("message")).value();
  EXPECT_EQ(signature.size(), 64U);
  EXPECT_TRUE(key.public_key().verify(Hash::sha256, as_bytes("message"), signature).has_value());
  EXPECT_EQ(code_of(key.public_key().verify(Hash::sha256, as_bytes("massage"), signature)),
            "SIG-INVALID");
  EXPECT_EQ(PrivateKey::from_pem(key.insecure_unencrypted_pem().value())->public_key(),
            key.public_key());
}

}  // namespace
}  // namespace vedette::crypto
