// Who gets through the TLS handshake, and who does not.
#include <array>
#include <atomic>
#include <memory>

#include "crypto/openssl_handles.h"
#include "platform/net/beast/loopback_fixture.h"

namespace vedette::platform {
namespace {

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "" : result.error().code;
}

// A server of one authority, whose clients are of the same.
class Tls : public ::testing::Test {
 protected:
  Result<HttpResponse> ask(const HttpClientSettings& settings) {
    return connect(settings)->send(get("/"));
  }
  // What a client with this identity is told.
  Error refusal_of(const Identity& identity) {
    const auto answer = ask(tls_client(server_->port(), authority_.root(), identity));
    return answer ? Error{} : answer.error();
  }
  void restart(const HttpServerSettings& settings) {
    server_.reset();
    server_ = serve(settings, handler_);
  }

  Authority authority_{"ours"};
  Authority foreign_{"foreign"};
  Handler handler_{tell_id};
  std::unique_ptr<HttpServer> server_ =
      serve(tls_server(authority_.server(), authority_.root()), handler_);
};

TEST_F(Tls, ServerOfAnotherRootIsRefused) {
  const auto answer = ask(tls_client(server_->port(), foreign_.root(), authority_.client()));
  ASSERT_EQ(code_of(answer), "NET-TLS");
  EXPECT_NE(answer.error().cause.find("certificate verify failed"), std::string::npos)
      << describe(answer.error());
}

TEST_F(Tls, ServerWithAnotherNameIsRefused) {
  restart(tls_server(authority_.server({"other.test"}, {}), authority_.root()));
  auto settings = tls_client(server_->port(), authority_.root(), authority_.client());
  settings.host = "localhost";
  const auto answer = ask(settings);
  ASSERT_EQ(code_of(answer), "NET-TLS");
  EXPECT_NE(answer.error().cause.find("ostname mismatch"), std::string::npos)
      << describe(answer.error());
}

TEST_F(Tls, ServerWithAnotherAddressIsRefused) {
  restart(tls_server(authority_.server({"localhost"}, {"127.0.0.2"}), authority_.root()));
  const auto answer = ask(tls_client(server_->port(), authority_.root(), authority_.client()));
  ASSERT_EQ(code_of(answer), "NET-TLS");
  EXPECT_NE(answer.error().cause.find("IP address mismatch"), std::string::npos)
      << describe(answer.error());
}

TEST_F(Tls, ExpiredServerIsRefused) {
  restart(tls_server(authority_.server({"localhost"}, {"127.0.0.1"}, {-3600s, -60s}),
                     authority_.root()));
  const auto answer = ask(tls_client(server_->port(), authority_.root(), authority_.client()));
  ASSERT_EQ(code_of(answer), "NET-TLS");
  EXPECT_NE(answer.error().cause.find("expired"), std::string::npos) << describe(answer.error());
}

TEST_F(Tls, ExpiredClientIsRefused) {
  const auto error = refusal_of(authority_.client({-3600s, -60s}));
  EXPECT_EQ(error.code, "NET-TLS");
  EXPECT_NE(error.cause.find("expired"), std::string::npos) << describe(error);
}

TEST_F(Tls, ClientThatIsNotYetValidIsRefused) {
  EXPECT_EQ(refusal_of(authority_.client({600s, 3600s})).code, "NET-TLS");
}

TEST_F(Tls, ClientOfForeignAuthorityIsRefused) {
  const auto error = refusal_of(foreign_.client());
  EXPECT_EQ(error.code, "NET-TLS");
  EXPECT_NE(error.cause.find("unknown ca"), std::string::npos) << describe(error);
}

TEST_F(Tls, ClientWithoutItsIntermediateIsRefused) {
  auto identity = authority_.client_of_issuing_ca();
  identity.chain.resize(1, identity.chain.front());
  EXPECT_EQ(refusal_of(identity).code, "NET-TLS");
}

// Of a foreign root, so that nothing but the issuing CA itself can be what the path ends at.
TEST_F(Tls, PathMayEndAtAnIssuingCaThatIsNamedAndAtNoOther) {
  const auto identity = authority_.client_of_issuing_ca();
  const auto ca = authority_.issuing_ca();
  auto settings = tls_server(authority_.server(), foreign_.root());
  settings.tls->client_issuers = {ca.chain.front()};
  restart(settings);
  EXPECT_EQ(refusal_of(identity).code, "NET-TLS") << "its issuing CA is another one";
  EXPECT_EQ(refusal_of(ca).code, "NET-TLS") << "an anchor is no client";
  settings.tls->client_issuers.push_back(identity.chain.at(1));
  restart(settings);
  EXPECT_EQ(refusal_of(identity).code, "");
}

TEST_F(Tls, CaInTheClientsPlaceIsRefused) {
  EXPECT_EQ(refusal_of(authority_.issuing_ca()).code, "NET-TLS");
}

TEST_F(Tls, CertificateThatDoesNotSayItIsForClientsIsRefused) {
  EXPECT_EQ(refusal_of(authority_.without_usage(authority_.client())).code, "NET-TLS");
}

TEST_F(Tls, CertificateThatDoesNotSayItIsForServersIsRefused) {
  restart(tls_server(authority_.without_usage(authority_.server()), authority_.root()));
  const auto answer = ask(tls_client(server_->port(), authority_.root(), authority_.client()));
  ASSERT_EQ(code_of(answer), "NET-TLS");
  EXPECT_NE(answer.error().cause.find("purpose"), std::string::npos) << describe(answer.error());
}

TEST_F(Tls, ServerCertificateInTheClientsPlaceIsRefused) {
  EXPECT_EQ(refusal_of(authority_.server()).code, "NET-TLS");
}

TEST_F(Tls, ClientWithoutCertificateIsRefused) {
  const auto answer = ask(tls_client(server_->port(), authority_.root()));
  ASSERT_EQ(code_of(answer), "NET-TLS");
  EXPECT_NE(answer.error().cause.find("certificate required"), std::string::npos)
      << describe(answer.error());
}

TEST_F(Tls, BadCertificateIsRefusedWhereNoneIsRequired) {
  auto settings = tls_server(authority_.server(), authority_.root());
  settings.tls->require_client_certificate = false;
  restart(settings);
  EXPECT_EQ(refusal_of(foreign_.client()).code, "NET-TLS");
  EXPECT_EQ(refusal_of(authority_.client({-3600s, -60s})).code, "NET-TLS");
}

TEST_F(Tls, PlainTextOnTheTlsPortIsRefused) {
  const auto answer = ask(plain_client(server_->port()));
  EXPECT_FALSE(answer.has_value());
}

TEST_F(Tls, TlsOnAPlainPortIsRefused) {
  restart(plain_server());
  EXPECT_EQ(refusal_of(authority_.client()).code, "NET-TLS");
}

TEST_F(Tls, SettingsThatDoNotFitTogetherAreRefused) {
  auto http = make_beast_http();
  auto server = tls_server(authority_.server(), authority_.root());
  server.tls->client_roots.clear();
  EXPECT_EQ(code_of(http->serve(server, handler_)), "NET-TLS");

  server = tls_server(authority_.server(), authority_.root());
  server.tls->key = crypto::PrivateKey::generate_p256();
  EXPECT_EQ(code_of(http->serve(server, handler_)), "NET-TLS");

  auto client = tls_client(1, authority_.root(), authority_.client());
  client.key.reset();
  EXPECT_EQ(code_of(http->connect(client)), "NET-TLS");

  client = tls_client(1, authority_.root(), authority_.client());
  client.chain.clear();
  EXPECT_EQ(code_of(http->connect(client)), "NET-TLS");

  client = tls_client(1, authority_.root());
  client.roots.clear();
  EXPECT_EQ(code_of(http->connect(client)), "NET-TLS");
}

TEST_F(Tls, ARenewalThatDoesNotFitTogetherChangesNothing) {
  auto wrong = *tls_server(authority_.server(), authority_.root()).tls;
  wrong.key = crypto::PrivateKey::generate_p256();
  EXPECT_EQ(code_of(server_->renew(wrong)), "NET-TLS");
  EXPECT_EQ(refusal_of(authority_.client()).code, "");
  restart(plain_server());
  EXPECT_EQ(code_of(server_->renew(*tls_server(authority_.server(), authority_.root()).tls)),
            "NET-TLS");
}

TEST_F(Tls, ARenewalIsForNewConnectionsAndLetsLiveOnesGoOn) {
  const auto live = connect(tls_client(server_->port(), authority_.root(), authority_.client()));
  const auto id = must(live->send(get("/"))).body;
  ASSERT_TRUE(server_->renew(*tls_server(foreign_.server(), authority_.root()).tls));
  EXPECT_EQ(must(live->send(get("/"))).body, id) << "the same connection";
  EXPECT_EQ(refusal_of(authority_.client()).code, "NET-TLS")
      << "a new one meets the new certificate";
  EXPECT_EQ(code_of(ask(tls_client(server_->port(), foreign_.root(), authority_.client()))), "");
}

// By the clock that the settings name, not the operating system's.
TEST_F(Tls, TheServersCertificateIsJudgedByTheClockThatIsGiven) {
  class Fixed final : public Clock {
   public:
    explicit Fixed(TimePoint at) : at_(at) {}
    [[nodiscard]] TimePoint now() const override { return at_; }

   private:
    TimePoint at_;
  };
  const TimePoint now = SystemClock().now();
  auto settings = tls_client(server_->port(), authority_.root(), authority_.client());
  for (const auto& [off, expected] : {std::pair{std::chrono::hours(-50'000), "NET-TLS"},
                                      {std::chrono::hours(90'000), "NET-TLS"},
                                      {std::chrono::hours(0), ""}}) {
    const Fixed clock(now + off);
    settings.clock = &clock;
    EXPECT_EQ(code_of(ask(settings)), expected) << off.count();
  }
  settings.clock = nullptr;
  settings.insecure_any_time = true;
  restart(tls_server(authority_.server({"localhost"}, {"127.0.0.1"}, {-3600s, -60s}),
                     authority_.root()));
  settings.port = server_->port();
  EXPECT_EQ(code_of(ask(settings)), "");
  settings.roots = {foreign_.root()};
  EXPECT_EQ(code_of(ask(settings)), "NET-TLS");
}

// Whoever knows more than the roots tell looks at the whole chain, before anything is sent.
TEST_F(Tls, AServerThatItsCallerDoesNotTakeHearsNoRequest) {
  int heard = 0;
  Handler counting([&](const Connection&, const HttpRequest&) {
    ++heard;
    return text_response("heard");
  });
  const auto server =
      must(make_beast_http()->serve(tls_server(authority_.server(), authority_.root()), counting));
  auto settings = tls_client(server->port(), authority_.root(), authority_.client());
  std::vector<crypto::Certificate> seen;
  settings.judge_server = [&](std::span<const crypto::Certificate> chain) -> Result<void> {
    seen.assign(chain.begin(), chain.end());
    return refuse("NET-ISSUER", "not this one");
  };
  EXPECT_EQ(code_of(ask(settings)), "NET-ISSUER");
  EXPECT_EQ(heard, 0);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen.back().fingerprint(), authority_.root().fingerprint());
  settings.judge_server = [](std::span<const crypto::Certificate>) { return Result<void>{}; };
  EXPECT_EQ(code_of(ask(settings)), "");
  EXPECT_EQ(heard, 1);
}

TEST_F(Tls, PlainHttpBeyondLoopbackIsRefused) {
  auto server = plain_server();
  server.address = "0.0.0.0";
  EXPECT_EQ(code_of(make_beast_http()->serve(server, handler_)), "NET-LISTEN");
  auto client = plain_client(80);
  client.host = "192.0.2.1";
  EXPECT_EQ(code_of(make_beast_http()->connect(client)), "NET-TLS");
}

TEST_F(Tls, WithoutCertificateThereIsNoPeer) {
  Handler handler([](const Connection& connection, const HttpRequest&) {
    return text_response(connection.peer ? "somebody" : "nobody");
  });
  auto settings = tls_server(authority_.server(), authority_.root());
  settings.tls->require_client_certificate = false;
  const auto server = serve(settings, handler);
  const auto answer = ask(tls_client(server->port(), authority_.root()));
  EXPECT_EQ(as_text(must(answer).body), "nobody");
  const auto known = ask(tls_client(server->port(), authority_.root(), authority_.client()));
  EXPECT_EQ(as_text(must(known).body), "somebody");
}

TEST_F(Tls, HandlerLearnsThePeerAndTheBinding) {
  std::optional<crypto::Certificate> peer;
  Bytes binding;
  std::string address;
  std::optional<crypto::Sha256Digest> issuer_key;
  Handler handler([&](const Connection& connection, const HttpRequest&) {
    peer = connection.peer;
    issuer_key = connection.peer_issuer_key;
    binding = connection.channel_binding;
    address = connection.peer_address;
    return text_response("ok");
  });
  const auto server = serve(tls_server(authority_.server(), authority_.root()), handler);
  const auto identity = authority_.client_of_issuing_ca();
  const auto client = connect(tls_client(server->port(), authority_.root(), identity));
  const auto ours = must(client->channel_binding());
  ASSERT_EQ(as_text(must(client->send(get("/"))).body), "ok");
  ASSERT_TRUE(peer.has_value());
  EXPECT_EQ(peer->der(), identity.chain.front().der());
  EXPECT_EQ(issuer_key, identity.chain.back().spki_sha256());
  EXPECT_EQ(address, "127.0.0.1");
  EXPECT_EQ(ours.size(), 32U);
  EXPECT_EQ(binding, ours);

  const auto other = connect(tls_client(server->port(), authority_.root(), identity));
  EXPECT_NE(must(other->channel_binding()), ours);
}

TEST_F(Tls, ServerIsKnownByNameToo) {
  auto settings = tls_client(server_->port(), authority_.root(), authority_.client());
  settings.host = "localhost";
  EXPECT_EQ(must(ask(settings)).status, 200);
}

Bytes to_octets(const BIGNUM* number) {
  Bytes octets(static_cast<std::size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, octets.data());
  return octets;
}

// Stands for a TPM: it signs digests, and nobody else sees the key.
class DigestSigningKey final : public crypto::DigestSigner {
 public:
  Result<crypto::EcdsaSignature> sign_digest(const crypto::Sha256Digest& digest) override {
    ++signatures;
    if (broken) return refuse("TPM-COMMAND", "the hardware says no");
    const crypto::KeyContextHandle context(EVP_PKEY_CTX_new(crypto::native(key_), nullptr));
    std::array<unsigned char, 80> der{};
    std::size_t size = der.size();
    crypto::require(
        EVP_PKEY_sign_init(context.get()) == 1 &&
            EVP_PKEY_sign(context.get(), der.data(), &size, digest.data(), digest.size()) == 1,
        "test signature");
    const unsigned char* begin = der.data();
    const crypto::EcdsaSigHandle signature(d2i_ECDSA_SIG(nullptr, &begin, static_cast<long>(size)));
    return crypto::EcdsaSignature{to_octets(ECDSA_SIG_get0_r(signature.get())),
                                  to_octets(ECDSA_SIG_get0_s(signature.get()))};
  }

  [[nodiscard]] crypto::PublicKey public_key() const { return key_.public_key(); }

  std::atomic<int> signatures = 0;
  bool broken = false;

 private:
  crypto::PrivateKey key_ = crypto::PrivateKey::generate_p256();
};

TEST_F(Tls, HardwareThatRefusesToSignEndsTheHandshake) {
  const auto signer = std::make_shared<DigestSigningKey>();
  const auto identity =
      authority_.client_with(must(crypto::PrivateKey::delegated(signer->public_key(), signer)));
  signer->broken = true;
  EXPECT_EQ(refusal_of(identity).code, "NET-TLS");
}

TEST_F(Tls, DelegatedKeySpeaksForTheClient) {
  const auto signer = std::make_shared<DigestSigningKey>();
  const auto identity =
      authority_.client_with(must(crypto::PrivateKey::delegated(signer->public_key(), signer)));
  const auto answer = ask(tls_client(server_->port(), authority_.root(), identity));
  ASSERT_TRUE(answer.has_value()) << describe(answer.error());
  EXPECT_EQ(signer->signatures, 1);
}

}  // namespace
}  // namespace vedette::platform
