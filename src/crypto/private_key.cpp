#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "crypto/key_values.h"
#include "crypto/pem.h"

namespace vedette::crypto {
namespace {

using Pkcs8Handle = std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreeWith<PKCS8_PRIV_KEY_INFO_free>>;
using EncryptedHandle = std::unique_ptr<X509_SIG, FreeWith<X509_SIG_free>>;
using AlgorithmHandle = std::unique_ptr<X509_ALGOR, FreeWith<X509_ALGOR_free>>;

constexpr const char* kPlainPem = "PRIVATE KEY";
constexpr const char* kEncryptedPem = "ENCRYPTED PRIVATE KEY";
// OWASP's figure for PBKDF2 with HMAC-SHA-256; OpenSSL's default of 2048 is of the year 2000.
constexpr int kPassphraseIterations = 600'000;

std::unexpected<Error> malformed(std::string cause) {
  return refuse("KEY-FORMAT", "this is not a private key that can be used", std::move(cause),
                "use a PKCS #8 key on P-256, P-384 or P-521, or Ed25519");
}

PrivateKey adopt_generated(KeyHandle key) {
  require(key != nullptr, "generate a key");
  auto public_key = public_part(key.get());
  require(public_key.has_value(), "read a generated key");
  return PrivateKey(std::make_shared<const PrivateKey::Impl>(PrivateKey::Impl{
      .key = std::move(key), .public_key = *std::move(public_key), .exportable = true}));
}

Result<Pkcs8Handle> decode_plain(ByteView der) {
  const unsigned char* in = der.data();
  Pkcs8Handle info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &in, static_cast<long>(der.size())));
  if (info == nullptr || in != der.data() + der.size()) return malformed(drain_errors());
  return info;
}

Result<Pkcs8Handle> decrypt(ByteView der, ByteView passphrase) {
  const unsigned char* in = der.data();
  const EncryptedHandle encrypted(d2i_X509_SIG(nullptr, &in, static_cast<long>(der.size())));
  if (encrypted == nullptr || in != der.data() + der.size()) return malformed(drain_errors());
  Pkcs8Handle info(PKCS8_decrypt(encrypted.get(), as_text(passphrase).data(),
                                 static_cast<int>(passphrase.size())));
  if (info == nullptr)
    return refuse("KEY-PASSPHRASE", "the private key does not open with this passphrase",
                  drain_errors());
  return info;
}

Result<Pkcs8Handle> decode(const PemBlock& block, ByteView passphrase) {
  if (block.name == kEncryptedPem) {
    if (passphrase.empty())
      return refuse("KEY-PASSPHRASE", "the private key is encrypted and no passphrase was given");
    return decrypt(block.der.expose(), passphrase);
  }
  if (block.name != kPlainPem) return malformed("a PEM block named " + block.name);
  // Who gives a passphrase believes that the file is protected.
  if (!passphrase.empty())
    return refuse("KEY-PASSPHRASE", "the private key is not encrypted but a passphrase was given");
  return decode_plain(block.der.expose());
}

Result<void> check_pair(EVP_PKEY* key) {
  const KeyContextHandle context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  require(context != nullptr, "make a key context");
  if (EVP_PKEY_pairwise_check(context.get()) != 1)
    return malformed("its public part does not belong to its private part");
  return {};
}

Result<EncryptedHandle> encrypt(EVP_PKEY* key, ByteView passphrase) {
  const Pkcs8Handle info(EVP_PKEY2PKCS8(key));
  AlgorithmHandle algorithm(PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), kPassphraseIterations, nullptr, 16,
                                              nullptr, NID_hmacWithSHA256));
  require(info != nullptr && algorithm != nullptr, "describe the encryption of a private key");
  EncryptedHandle encrypted(PKCS8_set0_pbe(as_text(passphrase).data(),
                                           static_cast<int>(passphrase.size()), info.get(),
                                           algorithm.get()));
  require(encrypted != nullptr, "encrypt a private key");
  (void)algorithm.release();  // now inside `encrypted`
  return encrypted;
}

Result<void> check_exportable(const PrivateKey::Impl& impl) {
  if (impl.exportable) return {};
  return refuse("KEY-NOT-EXPORTABLE",
                "the private key lives in hardware and cannot be written out");
}

}  // namespace

PrivateKey PrivateKey::generate_p256() {
  return adopt_generated(KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")));
}

PrivateKey PrivateKey::generate_ed25519() {
  return adopt_generated(KeyHandle(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")));
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem, ByteView passphrase) {
  const ErrorQueueScope errors;
  VEDETTE_TRY(const auto blocks, read_pem(pem, 1, "KEY-FORMAT"));
  VEDETTE_TRY(const Pkcs8Handle info, decode(blocks.front(), passphrase));
  KeyHandle key(EVP_PKCS82PKEY(info.get()));
  if (key == nullptr) return malformed(drain_errors());
  VEDETTE_TRY(auto public_key, public_part(key.get()));
  if (public_key.type() == KeyType::rsa) return malformed("RSA keys only verify here");
  VEDETTE_CHECK(check_pair(key.get()));
  return PrivateKey(std::make_shared<const Impl>(
      Impl{.key = std::move(key), .public_key = std::move(public_key), .exportable = true}));
}

PublicKey PrivateKey::public_key() const {
  return impl_->public_key;
}

Result<std::string> PrivateKey::insecure_unencrypted_pem() const {
  VEDETTE_CHECK(check_exportable(*impl_));
  const Pkcs8Handle info(EVP_PKEY2PKCS8(impl_->key.get()));
  require(info != nullptr, "write a private key");
  const SecretBytes der(der_of<i2d_PKCS8_PRIV_KEY_INFO>(info.get()));
  return write_pem(kPlainPem, der.expose());
}

Result<std::string> PrivateKey::encrypted_pem(ByteView passphrase) const {
  VEDETTE_CHECK(check_exportable(*impl_));
  if (passphrase.empty())
    return refuse("KEY-PASSPHRASE", "an empty passphrase does not protect a private key");
  VEDETTE_TRY(const EncryptedHandle encrypted, encrypt(impl_->key.get(), passphrase));
  return write_pem(kEncryptedPem, der_of<i2d_X509_SIG>(encrypted.get()));
}

Result<Bytes> PrivateKey::sign(ByteView message) const {
  const ErrorQueueScope errors;
  const KeyType type = impl_->public_key.type();
  const EVP_MD* const md = type == KeyType::ed25519 ? nullptr : message_digest(own_hash(type));
  const DigestContextHandle context(EVP_MD_CTX_new());
  std::size_t size = 0;
  require(context != nullptr &&
              EVP_DigestSignInit(context.get(), nullptr, md, nullptr, impl_->key.get()) == 1 &&
              EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) == 1,
          "start a signature");
  Bytes signature(size);
  if (EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1)
    return refuse("KEY-SIGN", "the private key could not sign", drain_errors());
  signature.resize(size);
  return type == KeyType::ed25519 ? signature : with_low_s(type, signature);
}

}  // namespace vedette::crypto
