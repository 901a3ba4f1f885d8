// Access tokens against the real server: who gets one, and what they are worth to whom.
#include <cstdlib>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/jwk_set.h"
#include "crypto/jws.h"
#include "identity/access_token.h"
#include "policy/policy.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

using codec::Json;

constexpr const char* kAudience = "https://maps.example";

class Tokens : public ControlPlane {
 protected:
  using Adjust = std::function<void(server::ServerConfig&)>;

  explicit Tokens(const Adjust& adjust = {})
      : ControlPlane([&](server::ServerConfig& config) {
          config.token_audiences = {kAudience};
          if (adjust) adjust(config);
        }) {}

  Result<platform::HttpResponse> ask(platform::HttpClient& client, const std::string& ear,
                                     const std::string& body) {
    platform::HttpRequest request{
        .method = "POST", .target = "/v1/tokens", .headers = {}, .body = to_bytes(body)};
    if (!ear.empty()) request.headers.emplace_back("authorization", "Bearer " + ear);
    return client.send(request);
  }
  Result<platform::HttpResponse> ask(const std::string& ear) {
    return ask(*client_, ear, body(kAudience));
  }
  static std::string body(const std::string& audience) {
    return R"({"audience":")" + audience + "\"}";
  }
  std::string ear(std::chrono::seconds age = std::chrono::seconds(10)) {
    return verdict(drone_, "drone", age);
  }
  std::string token(const std::string& verdict) {
    return platform::read_json_answer(ask(verdict).value())->string("access_token").value();
  }
  platform::HttpResponse key_set() {
    return enrollment_client()->send(platform::get_request("/.well-known/jwks.json")).value();
  }
  Result<identity::VerifiedAccessToken> verify(const std::string& token,
                                               const crypto::Certificate& presented) {
    const auto keys = crypto::parse_jwk_set(as_text(key_set().body)).value();
    return identity::verify_access_token(
        token, keys,
        {.trust_domain = identity::TrustDomain::parse("test.vedette").value(),
         .audience = kAudience,
         .certificate = presented.fingerprint(),
         .now = clock_.now()});
  }

  Enrolled drone_ = enroll("drone");
  Client client_ = client(server_->ports().device, drone_.certificate, drone_.key);
};

TEST_F(Tokens, AreRefusedWithoutAVerdictThatStands) {
  EXPECT_EQ(code(ask("")), "AUTH-FORBIDDEN");
  EXPECT_EQ(code(ask(ear(std::chrono::minutes(31)))), "EAR-EXPIRED");
  const Enrolled other = enroll("other");
  EXPECT_EQ(code(ask(verdict(other, "other", std::chrono::seconds(1)))), "EAR-SUBJECT");
}

TEST_F(Tokens, AreRefusedToAnybodyButADevice) {
  const auto admin = operator_client();
  EXPECT_EQ(code(ask(*admin, "", body(kAudience))), "HTTP-NOT-FOUND");
  EXPECT_EQ(code(ask(*enrollment_client(), "", body(kAudience))), "HTTP-NOT-FOUND");
}

class TokensByDefault : public Tokens {
 protected:
  TokensByDefault()
      : Tokens([](server::ServerConfig& config) { config.token_audiences.clear(); }) {}
};

TEST_F(TokensByDefault, AreGivenForNoAudience) {
  EXPECT_EQ(code(ask(ear())), "AUTH-FORBIDDEN");
}

TEST_F(Tokens, AreRefusedForAnAudienceThatTheConfigurationDoesNotName) {
  EXPECT_EQ(code(ask(*client_, ear(), body("https://bank.example"))), "AUTH-FORBIDDEN");
  EXPECT_EQ(code(ask(*client_, ear(), body("https://maps.example/"))), "AUTH-FORBIDDEN");
  EXPECT_EQ(code(ask(*client_, ear(), "{}")), "AUTH-FORBIDDEN");
  EXPECT_EQ(code(ask(ear())), "");
}

// By a policy of one's own.
class TokensForAnybody : public Tokens {
 protected:
  TokensForAnybody()
      : Tokens([](server::ServerConfig& config) {
          config.policy = config.state_folder + "/any.policy";
          const std::string text = std::string(policy::default_policy_text()) +
                                   "rule any-audience\n  permit device to request_token\n"
                                   "  when context.attested\n  because \"they decide\";\n";
          if (!write_file_atomically(config.policy, as_bytes(text), 0644))
            throw std::runtime_error(config.policy);
        }) {}
};

TEST_F(TokensForAnybody, AreRefusedWithoutAnAudience) {
  EXPECT_EQ(code(ask(*client_, ear(), "{}")), "JSON-MEMBER");
  EXPECT_EQ(code(ask(*client_, ear(), body(""))), "TOKEN-AUDIENCE");
  EXPECT_EQ(code(ask(*client_, ear(), body("two words"))), "TOKEN-AUDIENCE");
  EXPECT_EQ(code(ask(*client_, ear(), body(std::string(256, 'a')))), "TOKEN-AUDIENCE");
  EXPECT_EQ(code(ask(*client_, ear(), body(std::string(5000, 'a')))), "JSON-SIZE");
  EXPECT_EQ(code(ask(*client_, ear(), R"({"audience":"a","audience":"b"})")), "JSON-DUPLICATE");
  EXPECT_EQ(code(ask(*client_, ear(), body("https://anybody.example"))), "");
}

TEST_F(Tokens, OfAnotherOrAStaleKeyOfTheVerdictAreRefused) {
  const auto stranger = crypto::PrivateKey::generate_p256();
  const std::string id = to_hex(stranger.public_key().spki_sha256());
  EXPECT_EQ(code(ask(verdict(drone_, "drone", std::chrono::seconds(1), {stranger, id}))),
            "EAR-KEY");
  EXPECT_EQ(code(ask(verdict(drone_, "drone", std::chrono::seconds(1), {stranger, verifier().id}))),
            "JWS-SIGNATURE");
  EXPECT_EQ(code(ask(verdict(drone_, "drone", std::chrono::seconds(1), {verifier().key, ""}))),
            "EAR-KEY");
}

TEST_F(Tokens, OfAQuarantinedDeviceAreNotIssued) {
  const std::string before = ear();
  ASSERT_EQ(post(*operator_client(), "/v1/devices/drone/quarantine", R"({"reason":"r"})"), "");
  client_ = client(server_->ports().device, drone_.certificate, drone_.key);
  EXPECT_EQ(code(ask(before)), "AUTH-QUARANTINED");
  ASSERT_EQ(post(*operator_client(), "/v1/devices/drone/reinstate", R"({"reason":"r"})"), "");
  EXPECT_EQ(code(ask(before)), "AUTH-EPOCH") << "the verdict is from before";
}

TEST_F(Tokens, AreWorthNothingWithAnotherCertificateThanTheConnections) {
  const std::string issued = token(ear());
  const Enrolled thief = enroll("thief");
  EXPECT_EQ(verify(issued, thief.certificate).error().code, "TOKEN-BINDING");
  const auto renewed = enroll("drone", drone_.key.public_key());
  EXPECT_EQ(verify(issued, renewed).error().code, "TOKEN-BINDING") << "of the same key";
  EXPECT_TRUE(verify(issued, drone_.certificate).has_value());
}

TEST_F(Tokens, OpenNothingAtTheServerItself) {
  EXPECT_EQ(code(ask(token(ear()))), "JWS-TYPE");
}

TEST_F(Tokens, EndWithTheVerdictAndAfterFiveMinutes) {
  const auto life = [&](const std::string& verdict) {
    return platform::read_json_answer(ask(verdict).value())->integer("expires_in").value();
  };
  EXPECT_EQ(life(ear()), 300);
  const auto rest = life(ear(std::chrono::minutes(30) - std::chrono::seconds(20)));
  EXPECT_GT(rest, 0);
  EXPECT_LE(rest, 20);
}

TEST_F(Tokens, StandInTheLogWithTheirAudience) {
  (void)token(ear());
  const auto answer = platform::read_json_answer(
      *operator_client()->send(platform::get_request("/v1/log/entries?start=0&count=1000")));
  const std::string last = answer->find("entries")->if_array()->back().if_string()->c_str();
  const std::string entry(as_text(*codec::from_base64(last)));
  EXPECT_NE(entry.find(R"("kind":"token")"), std::string::npos) << entry;
  EXPECT_NE(entry.find(kAudience), std::string::npos) << entry;
}

TEST_F(Tokens, AreJudgedByTheKeysThatAnybodyMayFetch) {
  const auto set = key_set();
  EXPECT_EQ(set.content_type, "application/jwk-set+json");
  EXPECT_EQ(crypto::parse_jwk_set(as_text(set.body)).value().front().key_id, verifier().id);
  const auto verified = verify(token(ear()), drone_.certificate);
  ASSERT_TRUE(verified.has_value()) << describe(verified.error());
  EXPECT_EQ(verified->subject().str(), "spiffe://test.vedette/device/drone");
  EXPECT_EQ(verified->group().str(), "group");
}

// A foreign implementation of JWK and JWS: Node's WebCrypto.
class TokensAbroad : public Tokens {
 protected:
  void SetUp() override {
    if (node("--version > " + at("version")) != 0) GTEST_SKIP() << "node is not installed";
  }
  static int node(const std::string& line) {
    // NOLINTNEXTLINE(cert-env33-c): a program to be run as people run it
    const int status = std::system(("node " + line + " 2>/dev/null").c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  static int judge(const std::string& line) {
    return node(std::string(VEDETTE_TOKEN_JUDGE) + " " + line);
  }
  [[nodiscard]] std::string at(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, std::string_view text) const {
    ASSERT_TRUE(write_file_atomically(at(name), as_bytes(text), 0600).has_value());
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    return std::string(as_text(read_file(at(name), 65536).value()));
  }
};

TEST_F(TokensAbroad, AreJudgedAlikeThere) {
  const std::string issued = token(ear());
  write("jwks", as_text(key_set().body));
  write("token", issued);
  EXPECT_EQ(judge("judge " + at("jwks") + " " + at("token") + " > " + at("payload")), 0);
  EXPECT_EQ(codec::parse_json(read("payload"))->string("aud").value(), kAudience);
  const std::size_t middle = issued.find('.') + 10;
  std::string bent = issued;
  bent[middle] = bent[middle] == 'A' ? 'B' : 'A';
  write("token", bent);
  EXPECT_EQ(judge("judge " + at("jwks") + " " + at("token")), 3);
}

TEST_F(TokensAbroad, OfAForeignSignerAreTakenUnderItsKeyAlone) {
  write("payload",
        crypto::verify_jws(token(ear()), identity::kAccessTokenType, verifier().key.public_key())
            .value());
  const identity::AccessTokenExpectation expected{
      .trust_domain = identity::TrustDomain::parse("test.vedette").value(),
      .audience = kAudience,
      .certificate = drone_.certificate.fingerprint(),
      .now = clock_.now()};
  // WebCrypto makes a high s half of the time, which is refused: one value, one signature.
  unsigned taken = 0;
  for (int i = 0; i < 40 && taken == 0; ++i) {
    ASSERT_EQ(judge("sign " + at("payload") + " " + at("jwks") + " " + at("token")), 0);
    const auto keys = crypto::parse_jwk_set(read("jwks")).value();
    const auto verified = identity::verify_access_token(read("token"), keys, expected);
    if (verified)
      ++taken;
    else
      EXPECT_EQ(verified.error().code, "JWS-SIGNATURE");
  }
  EXPECT_GT(taken, 0U);
  const auto ours = crypto::parse_jwk_set(as_text(key_set().body)).value();
  EXPECT_EQ(identity::verify_access_token(read("token"), ours, expected).error().code, "TOKEN-KEY");
}

// Made before the server started.
struct KeysOfBefore {
  using Signer = server::SigningKeys::Signer;

  static Signer make() {
    auto key = crypto::PrivateKey::generate_p256();
    std::string id = to_hex(key.public_key().spki_sha256());
    return {std::move(key), std::move(id)};
  }
  static void write(const server::ServerConfig& config, const Signer& signer,
                    std::chrono::seconds age) {
    const auto begins = to_unix_seconds(SystemClock().now() - age);
    ASSERT_TRUE(server::write_insecure_unencrypted_key(
        config.state_folder + "/signing/" + std::to_string(begins) + ".key", signer.key));
  }

  Signer stale_ = make();
  Signer former_ = make();
  Signer present_ = make();
};

class TokensAfterATurn : protected KeysOfBefore, public Tokens {
 protected:
  TokensAfterATurn()
      : Tokens([this](server::ServerConfig& config) {
          write(config, stale_, std::chrono::hours(9));
          write(config, former_, std::chrono::hours(5));
          write(config, present_, std::chrono::minutes(30));
        }) {}
};

TEST_F(TokensAfterATurn, VerdictsOfTheFormerKeyAreTakenAndOfAStaleOneRefused) {
  EXPECT_EQ(code(ask(verdict(drone_, "drone", std::chrono::seconds(1), stale_))), "EAR-KEY");
  EXPECT_EQ(code(ask(verdict(drone_, "drone", std::chrono::seconds(1), former_))), "");
  const auto keys = crypto::parse_jwk_set(as_text(key_set().body)).value();
  for (const crypto::Jwk& jwk : keys)
    EXPECT_NE(jwk.key_id, stale_.id) << "nobody is told of it any more";
  EXPECT_EQ(keys.front().key_id, former_.id);
  EXPECT_TRUE(keys.front().expires_at.has_value());
}

}  // namespace
}  // namespace vedette
