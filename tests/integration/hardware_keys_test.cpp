// Keys in a token, in a TPM and in memory where they serve: TLS clients and the issuing CA.
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "crypto/issuance.h"
#include "platform/keys/tpm_keys.h"
#include "platform/net/beast/beast_http.h"
#include "platform/net/json_api.h"
#include "platform/tpm/esys/esys_tpm.h"
#include "server/rollover.h"
#include "server/state_folder.h"
#include "testing/software_token.h"
#include "testing/software_tpm.h"
#include "testing/temporary_folder.h"

#include "agent_keys.h"
#include "root_passphrase.h"
#include "server_keys.h"

namespace vedette {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(describe(result.error()));
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "" : result.error().code;
}

const identity::TrustDomain kDomain = *identity::TrustDomain::parse("test.vedette");

// Runs `work` in each of several threads and waits for all.
void in_threads(int count, const std::function<void(int)>& work) {
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(count));
  for (int t = 0; t < count; ++t)
    threads.emplace_back(work, t);
  for (std::thread& thread : threads)
    thread.join();
}

// Says which key the client proved to have.
class TellKey final : public platform::HttpHandler {
 public:
  platform::HttpResponse handle(const platform::Connection& connection,
                                const platform::HttpRequest& /*request*/) override {
    platform::HttpResponse response;
    response.content_type = "text/plain";
    response.body = to_bytes(to_hex(connection.peer->public_key()->spki_sha256()));
    return response;
  }
};

// A server of TLS 1.3 that wants a certificate of its authority, and clients with a key of ours.
class TlsClients {
 public:
  explicit TlsClients(crypto::PrivateKey key) : key_(std::move(key)) {
    const auto server_key = crypto::PrivateKey::generate_p256();
    platform::HttpServerSettings settings;
    settings.tls = platform::TlsServerSettings{
        .chain = {must(authority_.issue_server(must(identity::ServerId::parse("server")),
                                               {{}, {"127.0.0.1"}}, server_key.public_key(), now_,
                                               std::chrono::hours(1))),
                  authority_.issuing()},
        .key = server_key,
        .client_roots = {authority_.root()}};
    server_ = must(http_->serve(settings, handler_));
  }

  // A new connection, so a whole handshake: there is no resumption.
  Result<std::string> ask() {
    platform::HttpClientSettings settings;
    settings.host = "127.0.0.1";
    settings.port = server_->port();
    settings.roots = {authority_.root()};
    settings.chain = {leaf_, authority_.issuing()};
    settings.key = key_;
    VEDETTE_TRY(const auto client, http_->connect(settings));
    VEDETTE_TRY(const auto response, client->send(platform::get_request("/")));
    return std::string(as_text(response.body));
  }

  void expect_that_many_threads_prove_the_key() {
    const std::string expected = to_hex(key_.public_key().spki_sha256());
    std::atomic<int> proven = 0;
    in_threads(4, [&](int) {
      for (int i = 0; i < 5; ++i) {
        const auto answer = ask();
        ASSERT_TRUE(answer) << describe(answer.error());
        EXPECT_EQ(*answer, expected);
        ++proven;
      }
    });
    EXPECT_EQ(proven, 20);
  }

 private:
  TimePoint now_ = SystemClock().now();
  crypto::PrivateKey key_;
  identity::CertificateAuthority authority_ = must(identity::CertificateAuthority::open(
      kDomain, must(identity::CertificateAuthority::create(kDomain, now_)).material, now_));
  crypto::Certificate leaf_ = must(authority_.issue_device(
      must(DeviceId::parse("camera")), key_.public_key(), now_, std::chrono::hours(1)));
  std::unique_ptr<platform::HttpFactory> http_ = platform::make_beast_http();
  TellKey handler_;
  std::unique_ptr<platform::HttpServer> server_;
};

TEST(KeyProviders, InATokenThatLostItsKeyNobodyIsAuthenticated) {
  VEDETTE_SKIP_WITHOUT_SOFTWARE_TOKEN();
  testing::SoftwareToken token;
  token.generate({.label = "device"});
  platform::Pkcs11Keys keys;
  TlsClients clients(must(keys.private_key(token.uri("device"))));
  ASSERT_EQ(code_of(clients.ask()), "");
  token.destroy("device");
  token.close_all_sessions();
  EXPECT_EQ(code_of(clients.ask()), "NET-TLS");
}

TEST(KeyProviders, ATokenAuthenticatesManyThreads) {
  VEDETTE_SKIP_WITHOUT_SOFTWARE_TOKEN();
  testing::SoftwareToken token;
  token.generate({.label = "device"});
  platform::Pkcs11Keys keys;
  TlsClients(must(keys.private_key(token.uri("device")))).expect_that_many_threads_prove_the_key();
}

TEST(KeyProviders, ATpmAuthenticatesManyThreads) {
  VEDETTE_SKIP_WITHOUT_SOFTWARE_TPM();
  const auto device = must(testing::SoftwareTpm::start());
  const auto tpm = must(platform::open_esys_tpm({device->tcti(), device->state_folder()}));
  platform::TpmKeys keys(*tpm);
  EXPECT_EQ(code_of(keys.private_key("pkcs11:")), "KEY-PROVIDER");
  TlsClients(must(keys.private_key("tpm:"))).expect_that_many_threads_prove_the_key();
}

TEST(KeyProviders, MemoryAuthenticatesManyThreads) {
  platform::InsecureMemoryKeys keys;
  TlsClients(must(keys.private_key("memory:"))).expect_that_many_threads_prove_the_key();
}

struct RootPassphrase : ::testing::Test {
  ~RootPassphrase() override { ::unsetenv("VEDETTE_ROOT_PASSPHRASE"); }
  static std::string chosen(Result<SecretBytes> passphrase) {
    return std::string(as_text(must(std::move(passphrase)).expose()));
  }

  const cli::Console nobody{};
};

TEST_F(RootPassphrase, IsWantedWhereNobodySaidThatTheRootsKeyMayLieOpen) {
  EXPECT_EQ(code_of(choose_root_passphrase("", false, nobody)), "KEY-ROOT-OPEN");
  ::setenv("VEDETTE_ROOT_PASSPHRASE", "", 1);
  EXPECT_EQ(code_of(choose_root_passphrase("", false, nobody)), "CLI-PASSPHRASE");
  EXPECT_EQ(code_of(choose_root_passphrase("/none", true, nobody)), "KEY-SECRET-FILE");
}

TEST_F(RootPassphrase, ComesFromAFileOrTheEnvironment) {
  EXPECT_EQ(chosen(choose_root_passphrase("", true, nobody)), "");
  ::setenv("VEDETTE_ROOT_PASSPHRASE", "in the safe", 1);
  EXPECT_EQ(chosen(choose_root_passphrase("", false, nobody)), "in the safe");
  const TemporaryFolder folder;
  std::ofstream(folder / "root") << "of the file\n";
  ::chmod((folder / "root").c_str(), 0400);
  EXPECT_EQ(chosen(choose_root_passphrase(folder / "root", true, nobody)), "of the file");
}

TEST_F(RootPassphrase, OfTheOperatorsKeyIsAnotherOne) {
  EXPECT_EQ(code_of(choose_operator_passphrase("", false, nobody)), "KEY-OPERATOR-OPEN");
  EXPECT_EQ(chosen(choose_operator_passphrase("", true, nobody)), "");
  ::setenv("VEDETTE_ROOT_PASSPHRASE", "in the safe", 1);
  EXPECT_EQ(code_of(choose_operator_passphrase("", false, nobody)), "KEY-OPERATOR-OPEN");
  ::setenv("VEDETTE_OPERATOR_PASSPHRASE", "my own", 1);
  EXPECT_EQ(chosen(choose_operator_passphrase("", false, nobody)), "my own");
  ::unsetenv("VEDETTE_OPERATOR_PASSPHRASE");
}

TEST(AgentKeyProvider, OpensEachKindByItsNameAndNoOther) {
  VEDETTE_SKIP_WITHOUT_SOFTWARE_TPM();
  VEDETTE_SKIP_WITHOUT_SOFTWARE_TOKEN();
  const auto device = must(testing::SoftwareTpm::start());
  const auto tpm = must(platform::open_esys_tpm({device->tcti(), device->state_folder()}));
  AgentKeys keys(*tpm);
  for (const char* name : {"", "tpm", "tpm:/dev/tpmrm0", "memory:a", "file:/key"})
    EXPECT_EQ(code_of(keys.private_key(name)), "KEY-PROVIDER") << name;
  testing::SoftwareToken token;
  token.generate({.label = "device"});
  std::set<std::string> distinct;
  for (const std::string& name : {std::string("tpm:"), std::string("memory:"), token.uri("device")})
    distinct.insert(to_hex(must(keys.private_key(name)).public_key().spki_sha256()));
  EXPECT_EQ(distinct.size(), 3U);
}

// A state folder whose issuing key lives elsewhere.
class HardwareAuthority : public ::testing::Test {
 protected:
  void make(const std::string& issuing_key) {
    std::ofstream(folder_ / "passphrase") << "correct horse\n";
    ::chmod((folder_ / "passphrase").c_str(), 0400);
    settings_.passphrase_file = folder_ / "passphrase";
    settings_.issuing_key = issuing_key;
    provider_ = std::make_unique<ServerKeyProvider>(state_, false);
    must(server::create_state(state_, kDomain, must(OperatorId::parse("admin")), now_, custody(),
                              SecretBytes(to_bytes(std::string_view("root"))),
                              SecretBytes(to_bytes(std::string_view("operator")))));
  }
  [[nodiscard]] server::KeyCustody custody() const {
    return must(server::KeyCustody::open(settings_, provider_.get()));
  }
  [[nodiscard]] Result<server::ServerKeys> load() const {
    return server::load_state(state_, kDomain, now_, custody());
  }
  // Fifty device certificates by five threads, each with a key and a name of its own.
  static std::vector<crypto::Certificate> issue_fifty(
      const identity::CertificateAuthority& authority, TimePoint now) {
    std::vector<std::optional<crypto::Certificate>> issued(50);
    in_threads(5, [&](int t) {
      for (std::size_t i = 0; i < 10; ++i) {
        const std::size_t number = static_cast<std::size_t>(t) * 10 + i;
        auto made = authority.issue_device(must(DeviceId::parse("d" + std::to_string(number))),
                                           crypto::PrivateKey::generate_p256().public_key(), now,
                                           std::chrono::hours(1));
        EXPECT_TRUE(made) << describe(made.error());
        if (made) issued.at(number) = *std::move(made);
      }
    });
    std::vector<crypto::Certificate> all;
    all.reserve(issued.size());
    for (auto& certificate : issued)
      if (certificate) all.push_back(*std::move(certificate));
    return all;
  }
  void expect_that_chains_verify(const identity::CertificateAuthority& authority,
                                 const std::vector<crypto::Certificate>& leaves) const {
    for (const crypto::Certificate& leaf : leaves) {
      const auto verified =
          verify_chain(leaf, std::span(&authority.issuing(), 1), std::span(&authority.root(), 1),
                       now_, crypto::Purpose::tls_client);
      EXPECT_TRUE(verified) << describe(verified.error());
    }
  }
  // What OpenSSL's own program says of them, in one call.
  [[nodiscard]] int openssl_verify(const std::vector<crypto::Certificate>& leaves) const {
    std::string command = "openssl verify -x509_strict -purpose sslclient -CAfile " + state_ +
                          "/ca/root.pem -untrusted " + state_ + "/ca/issuing.pem";
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      const std::string path = folder_ / ("leaf" + std::to_string(i) + ".pem");
      std::ofstream(path) << leaves.at(i).pem();
      command += " " + path;
    }
    return std::system((command + " >/dev/null 2>&1").c_str());  // NOLINT: fixed words of ours
  }

  TemporaryFolder folder_;
  std::string state_ = folder_ / "state";
  TimePoint now_ = SystemClock().now();
  server::KeySettings settings_;
  std::unique_ptr<ServerKeyProvider> provider_;
};

TEST_F(HardwareAuthority, RefusesNamesOfNoPlace) {
  ServerKeyProvider provider(state_, false);
  for (const char* name : {"", "tpm:", "tpm:relative", "file:/key", "memory:", "engine:x"})
    EXPECT_EQ(code_of(provider.private_key(name)), "KEY-PROVIDER") << name;
}

TEST_F(HardwareAuthority, RefusesATokenWithAnotherKey) {
  VEDETTE_SKIP_WITHOUT_SOFTWARE_TOKEN();
  testing::SoftwareToken token;
  token.generate({.label = "issuing"});
  make(token.uri("issuing"));
  token.destroy("issuing");
  EXPECT_EQ(code_of(load()), "PKCS11-KEY");
  token.generate({.label = "issuing"});
  EXPECT_EQ(code_of(load()), "CA-MATERIAL");
}

TEST_F(HardwareAuthority, InATokenIssuesFiftyCertificatesThatVerify) {
  VEDETTE_SKIP_WITHOUT_SOFTWARE_TOKEN();
  testing::SoftwareToken token;
  token.generate({.label = "issuing"});
  make(token.uri("issuing"));
  EXPECT_FALSE(std::filesystem::exists(state_ + "/ca/issuing.key"));
  const auto keys = must(load());
  const auto leaves = issue_fifty(keys.authority, now_);
  ASSERT_EQ(leaves.size(), 50U);
  std::set<std::string> serials;
  for (const auto& leaf : leaves)
    serials.insert(leaf.serial_hex());
  EXPECT_EQ(serials.size(), 50U);
  expect_that_chains_verify(keys.authority, leaves);
  EXPECT_EQ(openssl_verify(leaves), 0);
  const auto foreign = must(identity::CertificateAuthority::create(kDomain, now_));
  EXPECT_NE(openssl_verify({foreign.material.issuing}), 0);  // it can say no
}

// Both keys live in the token: the former one signs revocation lists while it is named.
TEST_F(HardwareAuthority, FormerKeysInATokenAreFoundByTheirNames) {
  VEDETTE_SKIP_WITHOUT_SOFTWARE_TOKEN();
  testing::SoftwareToken token;
  token.generate({.label = "first", .id = "\x01"});
  token.generate({.label = "second", .id = "\x02"});
  make(token.uri("first"));
  const auto first = must(provider_->private_key(token.uri("first"))).public_key();
  const Bytes pem = must(read_file(state_ + "/offline/root.key", 1U << 16U));
  const auto root_key = must(crypto::PrivateKey::from_pem(as_text(pem), as_bytes("root")));
  must(
      server::rollover_issuing({state_, kDomain, custody(), root_key, now_, std::chrono::hours(48)},
                               must(provider_->private_key(token.uri("second")))));
  settings_.issuing_key = token.uri("second");
  EXPECT_FALSE(load().has_value()) << "devices are taken by the former one still";
  settings_.former_issuing_keys = {token.uri("second")};
  EXPECT_FALSE(load().has_value()) << "another key";
  settings_.former_issuing_keys = {token.uri("first")};
  const auto keys = must(load());
  ASSERT_EQ(keys.former.size(), 1U);
  EXPECT_EQ(keys.former.front().issuing().spki_sha256(), first.spki_sha256());
  const auto leaf = must(keys.former.front().issue_device(
      must(DeviceId::parse("d")), crypto::PrivateKey::generate_p256().public_key(), now_,
      std::chrono::hours(1)));
  EXPECT_TRUE(crypto::is_issued_by(leaf, keys.former.front().issuing())) << "by that key";
}

TEST_F(HardwareAuthority, CertifiesAnOperatorsKeyInATokenAndWritesNoKey) {
  VEDETTE_SKIP_WITHOUT_SOFTWARE_TOKEN();
  testing::SoftwareToken token;
  token.generate({.label = "issuing", .id = "\x01"});
  token.generate({.label = "smartcard", .id = "\x02"});
  make(token.uri("issuing"));
  const auto keys = must(load());
  const auto key = must(provider_->private_key(token.uri("smartcard")));
  must(server::add_operator(state_, keys.authority, must(OperatorId::parse("second")), now_,
                            server::OperatorToken{token.uri("smartcard"), key.public_key()}));
  const std::string own = state_ + "/operators/second/";
  EXPECT_FALSE(std::filesystem::exists(own + "operator.key"));
  const auto certificate = must(
      crypto::Certificate::from_pem(as_text(must(read_file(own + "operator.pem", 1U << 16U)))));
  EXPECT_EQ(must(certificate.public_key()), key.public_key());
  const Bytes profile = must(read_file(own + "operator.toml", 1U << 16U));
  EXPECT_NE(as_text(profile).find("key = \"" + token.uri("smartcard") + "\"\n"),
            std::string_view::npos);
}

TEST_F(HardwareAuthority, InATpmIssuesAfterARestart) {
  VEDETTE_SKIP_WITHOUT_SOFTWARE_TPM();
  const auto tpm = must(testing::SoftwareTpm::start());
  const std::string tcti = tpm->tcti();
  make("insecure-software-tpm:" + tcti.substr(tcti.find('/')));
  EXPECT_FALSE(std::filesystem::exists(state_ + "/ca/issuing.key"));
  const auto keys = must(load());
  const auto leaf = must(keys.authority.issue_device(
      must(DeviceId::parse("camera")), crypto::PrivateKey::generate_p256().public_key(), now_,
      std::chrono::hours(1)));
  expect_that_chains_verify(keys.authority, {leaf});
  EXPECT_EQ(openssl_verify({leaf}), 0);
}

}  // namespace
}  // namespace vedette
