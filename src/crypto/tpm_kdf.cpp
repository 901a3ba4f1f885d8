#include "crypto/tpm_kdf.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "crypto/key_values.h"

namespace vedette::crypto {
namespace {

using KdfHandle = std::unique_ptr<EVP_KDF, FreeWith<EVP_KDF_free>>;
using KdfContextHandle = std::unique_ptr<EVP_KDF_CTX, FreeWith<EVP_KDF_CTX_free>>;

// OpenSSL takes parameters as non-const pointers and only reads them.
OSSL_PARAM octets_param(const char* name, ByteView octets) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(octets.data()),
                                           octets.size());
}
OSSL_PARAM text_param(const char* name, const char* text) {
  return OSSL_PARAM_construct_utf8_string(name, const_cast<char*>(text), 0);
}

SecretBytes derive(const char* algorithm, const OSSL_PARAM* params, std::size_t octets) {
  const KdfHandle kdf(EVP_KDF_fetch(nullptr, algorithm, nullptr));
  const KdfContextHandle context(EVP_KDF_CTX_new(kdf.get()));
  Bytes key(octets);
  require(context != nullptr && EVP_KDF_derive(context.get(), key.data(), key.size(), params) == 1,
          "derive a key");
  return SecretBytes(std::move(key));
}

const char* digest_name(Hash hash) {
  return EVP_MD_get0_name(message_digest(hash));
}

}  // namespace

SecretBytes kdfa(Hash hash, ByteView key, std::string_view label, ByteView context,
                 std::size_t octets) {
  const OSSL_PARAM params[] = {text_param(OSSL_KDF_PARAM_MODE, "counter"),
                               text_param(OSSL_KDF_PARAM_MAC, "HMAC"),
                               text_param(OSSL_KDF_PARAM_DIGEST, digest_name(hash)),
                               octets_param(OSSL_KDF_PARAM_KEY, key),
                               octets_param(OSSL_KDF_PARAM_SALT, as_bytes(label)),
                               octets_param(OSSL_KDF_PARAM_INFO, context),
                               OSSL_PARAM_construct_end()};
  return derive("KBKDF", params, octets);
}

SecretBytes kdfe(Hash hash, ByteView shared_x, std::string_view label, ByteView party_u,
                 ByteView party_v, std::size_t octets) {
  Bytes info = to_bytes(label);
  info.push_back(0);
  append(info, party_u);
  append(info, party_v);
  const OSSL_PARAM params[] = {text_param(OSSL_KDF_PARAM_DIGEST, digest_name(hash)),
                               octets_param(OSSL_KDF_PARAM_KEY, shared_x),
                               octets_param(OSSL_KDF_PARAM_INFO, info), OSSL_PARAM_construct_end()};
  return derive("SSKDF", params, octets);
}

}  // namespace vedette::crypto
