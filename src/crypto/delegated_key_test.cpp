// A key whose signatures another object makes, in every place where a key is used.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "crypto/authority_sample.h"
#include "crypto/jws.h"
#include "crypto/openssl_handles.h"

namespace vedette::crypto {
namespace {

using TlsContextHandle = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using TlsHandle = std::unique_ptr<SSL, FreeWith<SSL_free>>;

// Plays the hardware: signs a digest that it is given, without seeing the message.
class DigestSignerInMemory final : public DigestSigner {
 public:
  explicit DigestSignerInMemory(PrivateKey key) : key_(std::move(key)) {}

  Result<EcdsaSignature> sign_digest(const Sha256Digest& digest) override {
    ++count;
    if (broken) return refuse("TPM-COMMAND", "the TPM said no");
    const KeyContextHandle context(EVP_PKEY_CTX_new_from_pkey(nullptr, native(key_), nullptr));
    Bytes der(80);
    std::size_t size = der.size();
    EXPECT_EQ(EVP_PKEY_sign_init(context.get()), 1);
    EXPECT_EQ(EVP_PKEY_sign(context.get(), der.data(), &size, digest.data(), digest.size()), 1);
    const Bytes raw = ecdsa_der_to_raw(ByteView(der).first(size), 32).value();
    EcdsaSignature signature{.r = {raw.begin(), raw.begin() + 32},
                             .s = {raw.begin() + 32, raw.end()}};
    if (oversized) signature.r.resize(40, 1);
    return signature;
  }

  std::atomic<int> count = 0;
  std::atomic<bool> broken = false;
  std::atomic<bool> oversized = false;

 private:
  PrivateKey key_;
};

struct DelegatedKey : testing::Test {
  const PrivateKey inner = PrivateKey::generate_p256();
  const std::shared_ptr<DigestSignerInMemory> signer =
      std::make_shared<DigestSignerInMemory>(inner);
  const PrivateKey key = PrivateKey::delegated(inner.public_key(), signer).value();
};

TEST_F(DelegatedKey, CannotBeWrittenOut) {
  EXPECT_EQ(code_of(key.insecure_unencrypted_pem()), "KEY-NOT-EXPORTABLE");
  EXPECT_EQ(code_of(key.encrypted_pem(as_bytes("x"))), "KEY-NOT-EXPORTABLE");
}

TEST_F(DelegatedKey, RefusesOtherKeyTypesAndNoSigner) {
  const PublicKey other = PrivateKey::generate_ed25519().public_key();
  EXPECT_EQ(code_of(PrivateKey::delegated(other, signer)), "KEY-FORMAT");
  EXPECT_EQ(code_of(PrivateKey::delegated(inner.public_key(), nullptr)), "KEY-FORMAT");
}

TEST_F(DelegatedKey, SaysWhyTheHardwareRefused) {
  signer->broken = true;
  const auto refused = key.sign(as_bytes("message"));
  ASSERT_EQ(code_of(refused), "KEY-SIGN");
  EXPECT_NE(refused.error().cause.find("TPM-COMMAND"), std::string::npos) << refused.error().cause;
  EXPECT_EQ(code_of(make_certificate_request(key, "device-1", "")), "KEY-SIGN");
}

TEST_F(DelegatedKey, RefusesAnOversizedAnswer) {
  signer->oversized = true;
  EXPECT_EQ(code_of(key.sign(as_bytes("message"))), "KEY-SIGN");
}

TEST_F(DelegatedKey, SignsMessagesRequestsAndTokens) {
  const Bytes signature = key.sign(as_bytes("message")).value();
  EXPECT_TRUE(inner.public_key().verify(Hash::sha256, as_bytes("message"), signature).has_value());
  const auto request = make_certificate_request(key, "device-1", "spiffe://example.org/device/a");
  ASSERT_TRUE(request.has_value()) << describe(request.error());
  EXPECT_EQ(parse_certificate_request(*request)->public_key, inner.public_key());
  const std::string token = sign_jws({.type = "JWT", .key_id = ""}, "{}", key).value();
  EXPECT_EQ(verify_jws(token, "JWT", inner.public_key()).value(), "{}");
  EXPECT_EQ(signer->count, 3);
}

TEST_F(DelegatedKey, HoldsItsSignerAsLongAsAnyCopyAndNoLonger) {
  std::weak_ptr<DigestSigner> watched;
  {
    auto local = std::make_shared<DigestSignerInMemory>(inner);
    watched = local;
    auto first = std::make_unique<PrivateKey>(
        PrivateKey::delegated(inner.public_key(), std::move(local)).value());
    const PrivateKey second = *first;
    first.reset();
    EXPECT_FALSE(watched.expired());
    EXPECT_TRUE(second.sign(as_bytes("message")).has_value());
  }
  EXPECT_TRUE(watched.expired());
}

TEST_F(DelegatedKey, SignsFromManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 25;
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < kRounds; ++i) {
        const auto signature = key.sign(as_bytes("message"));
        if (signature.has_value() &&
            key.public_key().verify(Hash::sha256, as_bytes("message"), *signature).has_value())
          ++good;
      }
    });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(good, kThreads * kRounds);
}

// Two ends of TLS 1.3 in one thread, over a pair of memory pipes.
struct TlsPair {
  TlsContextHandle client_context{SSL_CTX_new(TLS_client_method())};
  TlsContextHandle server_context{SSL_CTX_new(TLS_server_method())};
  TlsHandle client;
  TlsHandle server;

  static void use(SSL_CTX* context, const Certificate& certificate, const PrivateKey& key) {
    ASSERT_EQ(SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION), 1);
    ASSERT_EQ(SSL_CTX_set1_sigalgs_list(context, "ecdsa_secp256r1_sha256"), 1);
    ASSERT_EQ(SSL_CTX_use_certificate(context, native(certificate)), 1);
    ASSERT_EQ(SSL_CTX_use_PrivateKey(context, native(key)), 1);
  }

  bool handshake() {
    client.reset(SSL_new(client_context.get()));
    server.reset(SSL_new(server_context.get()));
    BIO* at_client = nullptr;
    BIO* at_server = nullptr;
    EXPECT_EQ(BIO_new_bio_pair(&at_client, 0, &at_server, 0), 1);
    SSL_set_bio(client.get(), at_client, at_client);
    SSL_set_bio(server.get(), at_server, at_server);
    for (int i = 0; i < 10; ++i) {
      const int connected = SSL_connect(client.get());
      const int accepted = SSL_accept(server.get());
      if (connected == 1 && accepted == 1) return true;
    }
    return false;
  }
};

TEST_F(DelegatedKey, ServesATls13Client) {
  const AuthoritySample authority;
  const PrivateKey server_key = PrivateKey::generate_p256();
  CertificateProfile server = AuthoritySample::profile(CertificateKind::server, "server");
  server.dns_names = {"localhost"};
  TlsPair pair;
  TlsPair::use(pair.client_context.get(),
               authority.issue(AuthoritySample::client_profile(), key.public_key()).value(), key);
  TlsPair::use(pair.server_context.get(), authority.issue(server, server_key.public_key()).value(),
               server_key);
  SSL_CTX_set_verify(pair.server_context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     [](int, X509_STORE_CTX*) { return 1; });
  ASSERT_TRUE(pair.handshake()) << drain_errors();
  EXPECT_EQ(signer->count, 1);
  const CertificateHandle peer(SSL_get1_peer_certificate(pair.server.get()));
  ASSERT_NE(peer, nullptr);
  EXPECT_EQ(certificate_from_native(peer.get())->public_key().value(), inner.public_key());
  EXPECT_STREQ(SSL_get_version(pair.client.get()), "TLSv1.3");

  signer->broken = true;
  EXPECT_FALSE(pair.handshake());
  (void)drain_errors();
}

}  // namespace
}  // namespace vedette::crypto
