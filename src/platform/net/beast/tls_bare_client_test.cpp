// What the server's TLS does not do, whatever a client offers.
#include <memory>

#include <openssl/ssl.h>

#include "crypto/openssl_handles.h"
#include "platform/net/beast/loopback_fixture.h"

namespace vedette::platform {
namespace {

// A client that OpenSSL alone makes, to offer what ours never would.
struct FreeTls {
  void operator()(SSL* tls) const { SSL_free(tls); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

class BareTls {
 public:
  BareTls(std::uint16_t port, int version, const std::string& alpn, SSL_SESSION* session = nullptr,
          const Identity* who = nullptr)
      : fd_(dial(port)), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT);
    SSL_CTX_set_alpn_protos(context_.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                            static_cast<unsigned>(alpn.size()));
    tls_.reset(SSL_new(context_.get()));
    SSL_set_fd(tls_.get(), fd_.get());
    if (session != nullptr) SSL_set_session(tls_.get(), session);
    if (who != nullptr) {
      SSL_use_certificate(tls_.get(), crypto::native(who->chain.front()));
      SSL_use_PrivateKey(tls_.get(), crypto::native(who->key));
    }
    connected_ = SSL_connect(tls_.get()) == 1;
  }

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] SSL* tls() const { return tls_.get(); }

  std::string ask(std::string_view request) {
    SSL_write(tls_.get(), request.data(), static_cast<int>(request.size()));
    std::string answer(4096, '\0');
    const int size = SSL_read(tls_.get(), answer.data(), static_cast<int>(answer.size()));
    answer.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return answer;
  }

 private:
  UniqueFd fd_;
  std::unique_ptr<SSL_CTX, FreeTls> context_;
  std::unique_ptr<SSL, FreeTls> tls_;
  bool connected_ = false;
};

const std::string kHttp11("\x08http/1.1", 9);

// A server that asks for a certificate, but does not insist on one.
class BareClient : public ::testing::Test {
 protected:
  void restart(const HttpServerSettings& settings) {
    server_.reset();
    server_ = serve(settings, handler_);
  }
  void SetUp() override {
    auto settings = tls_server(authority_.server(), authority_.root());
    settings.tls->require_client_certificate = false;
    restart(settings);
  }

  Authority authority_{"ours"};
  Handler handler_{tell_id};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(BareClient, OlderTlsIsRefused) {
  EXPECT_FALSE(BareTls(server_->port(), TLS1_2_VERSION, kHttp11).connected());
  EXPECT_TRUE(BareTls(server_->port(), TLS1_3_VERSION, kHttp11).connected());
}

TEST_F(BareClient, OtherProtocolsAreRefused) {
  EXPECT_FALSE(BareTls(server_->port(), TLS1_3_VERSION, std::string("\x02h2", 3)).connected());
  const BareTls both(server_->port(), TLS1_3_VERSION, std::string("\x02h2", 3) + kHttp11);
  EXPECT_TRUE(both.connected());
}

TEST_F(BareClient, NothingCanBeResumed) {
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  BareTls first(server_->port(), TLS1_3_VERSION, kHttp11);
  ASSERT_NE(first.ask(request), "");
  SSL_SESSION* session = SSL_get0_session(first.tls());
  EXPECT_EQ(SSL_SESSION_has_ticket(session), 0);
  EXPECT_EQ(SSL_SESSION_is_resumable(session), 0);
  BareTls second(server_->port(), TLS1_3_VERSION, kHttp11, session);
  ASSERT_NE(second.ask(request), "");
  EXPECT_EQ(SSL_session_reused(second.tls()), 0);
}

// Group 2 of the identity attacks: OpenSSL would resume the session, and never ask for the dates.
TEST_F(BareClient, ASessionIsNotResumedOnceTheCertificateHasExpired) {
  restart(tls_server(authority_.server(), authority_.root()));
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const Identity brief = authority_.client({.to = 3s});
  BareTls first(server_->port(), TLS1_3_VERSION, kHttp11, nullptr, &brief);
  ASSERT_NE(first.ask(request), "") << "it holds yet";
  SSL_SESSION* session = SSL_get0_session(first.tls());
  std::this_thread::sleep_for(4s);
  for (SSL_SESSION* offered : {session, static_cast<SSL_SESSION*>(nullptr)}) {
    BareTls second(server_->port(), TLS1_3_VERSION, kHttp11, offered, &brief);
    EXPECT_EQ(second.ask(request), "") << "not with the session, nor without it";
    EXPECT_EQ(SSL_session_reused(second.tls()), 0);
  }
}

}  // namespace
}  // namespace vedette::platform
