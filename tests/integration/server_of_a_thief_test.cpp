// Group 13 of the identity attacks, seen from a device: who plays its server with a stolen key.
#include <atomic>
#include <functional>

#include "agent/server_time.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "identity/renewal_info.h"
#include "identity/rollover.h"
#include "identity/signed_time.h"
#include "testing/fake_clock.h"

#include "rollover_fixture.h"

namespace vedette {
namespace {

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "" : result.error().code;
}

// Whoever stole the key of a retired authority, on the network's way, with a name that is right.
class ServerOfAThief : public RolloverMidFleet {
 protected:
  struct Handler final : platform::HttpHandler {
    platform::HttpResponse handle(const platform::Connection& /*connection*/,
                                  const platform::HttpRequest& /*request*/) override {
      ++heard;
      platform::HttpResponse response;
      response.body = to_bytes("{}");
      return response;
    }
    std::atomic<int> heard = 0;
  };

  // As `stolen` certifies, which `above` follow in the chain.
  void play(const identity::CertificateAuthority& stolen,
            const std::vector<crypto::Certificate>& above = {}) {
    const auto key = crypto::PrivateKey::generate_p256();
    const auto forged =
        stolen.issue_server(*identity::ServerId::parse("server"), {{}, {"127.0.0.1"}},
                            key.public_key(), clock_.now(), 2 * kOverlap);
    ASSERT_TRUE(forged.has_value()) << describe(forged.error());
    std::vector<crypto::Certificate> chain{*forged, stolen.issuing()};
    chain.insert(chain.end(), above.begin(), above.end());
    platform::HttpServerSettings settings;
    settings.tls = platform::TlsServerSettings{.chain = std::move(chain),
                                               .key = key,
                                               .client_roots = {},
                                               .require_client_certificate = false};
    played_ = http_->serve(settings, thief_).value();
  }
  // What the device hears there; knowing the time or not, it is the same.
  std::string asked(Traveller& device) {
    device.config.enrollment_port = played_->port();
    const agent::ServerLink link(device.config, device.trust, clock_, *http_);
    EXPECT_EQ(get(**link.insecure_of_any_time(), "/v1/time"), get(**link.to_enrollment(), "/x"));
    return get(**link.to_enrollment(), "/.well-known/est/nonce");
  }
  // Made now, by a stolen root's key.
  [[nodiscard]] identity::CertificateAuthority fresh_issuing(
      const crypto::Certificate& root, const crypto::PrivateKey& root_key) const {
    const auto key = crypto::PrivateKey::generate_p256();
    const auto issuing = identity::issue_issuing_certificate(domain_, key.public_key(), root,
                                                             root_key, clock_.now());
    return identity::CertificateAuthority::open(domain_, {root, *issuing, key}, clock_.now())
        .value();
  }

  // What is asked of whoever has the issuing CA's key: that CA is rolled over meanwhile.
  void expect_believed_until_retired(Traveller& device, const std::function<std::string()>& asked) {
    EXPECT_EQ(asked(), "") << "its key is the present one";
    roll_issuing(Duration{0});
    ASSERT_EQ(follow(device, false), "news");
    EXPECT_EQ(asked(), "CERT-UNTRUSTED");
  }

  Handler thief_;
  std::unique_ptr<platform::HttpServer> played_;
};

TEST_F(ServerOfAThief, WithARetiredIssuingAuthoritysKeyIsRefusedByDevices) {
  const auto drone = set_out("drone");
  const auto late = set_out("late");
  const identity::CertificateAuthority stolen = keys_->authority;
  roll_issuing(Duration{0});
  ASSERT_EQ(follow(*drone, false), "news");

  play(stolen);
  EXPECT_EQ(asked(*drone), "NET-ISSUER");
  EXPECT_EQ(thief_.heard, 0);
  EXPECT_EQ(get(*connect(*drone, false), "/.well-known/est/csrattrs"), "") << "the true one";
  EXPECT_EQ(asked(*late), "") << "who has not heard of the rollover cannot know";
}

// A root's thief makes an issuing CA that is younger than any bundle, and has the public
// cross-certificate by which the new root vouches for the old key.
TEST_F(ServerOfAThief, WithARetiredRootsKeyIsRefusedByDevices) {
  const auto drone = set_out("drone");
  const auto late = set_out("late");
  const crypto::PrivateKey stolen = root_key_;
  roll_root("b.key", Duration{0});
  ASSERT_EQ(follow(*drone, false), "news");

  play(fresh_issuing(first_root_, stolen), {keys_->trust.old_with_new.at(0)});
  EXPECT_EQ(asked(*drone), "NET-ISSUER");
  EXPECT_EQ(thief_.heard, 0);
  EXPECT_EQ(get(*connect(*drone, false), "/.well-known/est/csrattrs"), "") << "the true one";
  EXPECT_EQ(asked(*late), "") << "who has not heard of the rollover cannot know";
}

// While the overlap lasts the key is as good as the new one.
TEST_F(ServerOfAThief, WithAFormerRootsKeyIsRefusedFromTheOverlapsEndOn) {
  const auto drone = set_out("drone");
  const crypto::PrivateKey stolen = root_key_;
  roll_root("b.key");
  ASSERT_EQ(follow(*drone, false), "news");
  play(fresh_issuing(first_root_, stolen), {keys_->trust.old_with_new.at(0)});
  drone->config.enrollment_port = played_->port();

  FakeClock clock;
  clock.set(clock_.now());
  const agent::ServerLink link(drone->config, drone->trust, clock, *http_);
  EXPECT_EQ(get(**link.to_enrollment(), "/.well-known/est/nonce"), "");
  const auto of_before = link.to_enrollment().value();  // its roots have the former one still
  clock.advance(kOverlap);
  EXPECT_EQ(get(*of_before, "/.well-known/est/nonce"), "NET-ISSUER");
  EXPECT_EQ(get(**link.to_enrollment(), "/.well-known/est/nonce"), "NET-ISSUER");
  EXPECT_EQ(thief_.heard, 1);
}

// A device that does not know the time knows by its bundle alone that it is no earlier than that: a
// clock that is ahead must not keep it from asking.
TEST_F(ServerOfAThief, IsJudgedByNoClockWhereTheTimeIsAskedFor) {
  const auto drone = set_out("drone");
  const identity::CertificateAuthority former = keys_->authority;
  roll_issuing();
  ASSERT_EQ(follow(*drone, false), "news");
  play(former);
  drone->config.enrollment_port = played_->port();

  FakeClock ahead;
  ahead.set(keys_->trust.issuing.at(1).until.value());
  const agent::ServerLink link(drone->config, drone->trust, ahead, *http_);
  EXPECT_EQ(get(**link.to_enrollment(), "/v1/time"), "NET-ISSUER") << "the overlap has ended";
  EXPECT_EQ(get(**link.insecure_of_any_time(), "/v1/time"), "") << "as if it had not";
  EXPECT_EQ(get(**link.insecure_of_any_time(ahead.now() - Duration(1)), "/v1/time"), "");
  EXPECT_EQ(get(**link.insecure_of_any_time(ahead.now()), "/v1/time"), "NET-ISSUER")
      << "it has ended for certain";
  roll_issuing(Duration{0});
  ASSERT_EQ(follow(*drone, false), "news");
  drone->config.enrollment_port = played_->port();
  EXPECT_EQ(get(**link.insecure_of_any_time(), "/v1/time"), "NET-ISSUER") << "whatever time it is";
}

// It was taken for the server before the device heard of the rollover, and reports go on over the
// connection of then.
TEST_F(ServerOfAThief, LosesItsConnectionWhenADeviceHearsOfTheRollover) {
  const auto drone = set_out("drone");
  play(keys_->authority);
  const agent::ServerLink link(drone->config, drone->trust, clock_, *http_);
  drone->config.device_port = played_->port();
  const auto credentials =
      agent::make_credentials(drone->chain, drone->key, "test.vedette", clock_.now()).value();
  agent::KeptClient kept(link);
  platform::HttpClient* const taken = kept.for_device(credentials).value();
  ASSERT_EQ(get(*taken, "/v1/results"), "");
  ASSERT_EQ(kept.for_device(credentials).value(), taken) << "for as long as nothing changes";

  roll_issuing(Duration{0});
  ASSERT_EQ(follow(*drone, false), "news");
  drone->config.device_port = played_->port();
  EXPECT_EQ(get(*kept.for_device(credentials).value(), "/v1/results"), "NET-ISSUER");
  EXPECT_EQ(thief_.heard, 1);
}

// Signs what it is asked for by a verifier's certificate of its own.
class VerifierOfAThief : public platform::HttpClient {
 public:
  explicit VerifierOfAThief(const identity::CertificateAuthority& authority)
      : authority_(authority) {}

  Result<platform::HttpResponse> send(const platform::HttpRequest& request) override {
    const auto key = crypto::PrivateKey::generate_p256();
    const auto name = *identity::ServerId::parse("verifier");
    VEDETTE_TRY(const auto certificate,
                authority_.issue_server(name, {}, key.public_key(), SystemClock().now(),
                                        std::chrono::hours(1)));
    VEDETTE_TRY(codec::Json body,
                sign(request, identity::SpiffeId(authority_.trust_domain(), name).str(), key));
    body.set("signer", certificate.pem() + authority_.issuing().pem());
    platform::HttpResponse response;
    response.body = to_bytes(codec::to_json(body));
    return response;
  }
  Result<platform::HttpResponse> download(
      const platform::HttpRequest& request,
      const std::function<Result<void>(ByteView)>& /*sink*/) override {
    return send(request);
  }
  Result<Bytes> channel_binding() override { return Bytes{}; }
  bool connected() override { return true; }

 private:
  virtual Result<codec::Json> sign(const platform::HttpRequest& request, const std::string& issuer,
                                   const crypto::PrivateKey& key) = 0;

  const identity::CertificateAuthority& authority_;
};

class TimeTeller final : public VerifierOfAThief {
 public:
  using VerifierOfAThief::VerifierOfAThief;

 private:
  Result<codec::Json> sign(const platform::HttpRequest& request, const std::string& issuer,
                           const crypto::PrivateKey& key) override {
    const std::string_view question = "/v1/time?nonce=";
    const auto nonce = codec::from_base64url(request.target.substr(question.size()));
    VEDETTE_TRY(const std::string time,
                identity::issue_signed_time(issuer, *nonce, SystemClock().now(), key));
    return codec::Json(codec::Json::Object{{"time", time}});
  }
};

// Would have one device renew as late as can be.
class RenewalTeller final : public VerifierOfAThief {
 public:
  RenewalTeller(const identity::CertificateAuthority& authority, const agent::Credentials& device)
      : VerifierOfAThief(authority), device_(device) {}

 private:
  Result<codec::Json> sign(const platform::HttpRequest& /*request*/, const std::string& issuer,
                           const crypto::PrivateKey& key) override {
    const TimePoint latest = identity::latest_renewal(identity::life_of(device_.leaf()));
    VEDETTE_TRY(const std::string info,
                identity::issue_renewal_info(
                    {.issuer = issuer,
                     .device = device_.leaf().uri_names().front(),
                     .certificate = device_.leaf().fingerprint(),
                     .window = {.start = latest - std::chrono::seconds(1), .end = latest},
                     .ask_again = identity::kLatestQuestion,
                     .issued_at = SystemClock().now()},
                    key));
    return codec::Json(codec::Json::Object{{"renewal_info", info}});
  }

  const agent::Credentials& device_;
};

// The device knows no time, but that this certificate's has passed.
TEST_F(ServerOfAThief, WhoseCertificateHasEndedTellsNoTime) {
  const auto drone = set_out("drone");
  play(keys_->authority);
  drone->config.enrollment_port = played_->port();
  const agent::ServerLink link(drone->config, drone->trust, clock_, *http_);
  const TimePoint end = clock_.now() + 2 * kOverlap;
  EXPECT_EQ(get(**link.insecure_of_any_time(end - std::chrono::hours(1)), "/v1/time"), "");
  EXPECT_EQ(get(**link.insecure_of_any_time(end + std::chrono::hours(1)), "/v1/time"),
            "NET-EXPIRED");
}

// By whatever channel it came: the word's own signer is held to the bundle.
TEST_F(ServerOfAThief, ItsSignedTimeIsNotBelieved) {
  const auto drone = set_out("drone");
  const identity::CertificateAuthority stolen = keys_->authority;
  TimeTeller thief(stolen);
  const agent::SystemBootTime boot;
  const auto asked = [&] {
    return code_of(agent::ask_time(thief, boot, drone->trust, clock_.now(), domain_));
  };
  expect_believed_until_retired(*drone, asked);
}

// Nor what it says about renewals: the retired authority's certificate came with the device's own,
// and leads to a root that is trusted still.
TEST_F(ServerOfAThief, ItsWordOnRenewalsIsNotBelieved) {
  const auto drone = set_out("drone");
  const identity::CertificateAuthority stolen = keys_->authority;
  const auto credentials =
      agent::make_credentials(drone->chain, drone->key, "test.vedette", clock_.now()).value();
  RenewalTeller thief(stolen, credentials);
  const auto asked = [&] {
    return code_of(agent::renewal_advice(thief, credentials, drone->trust, clock_.now()));
  };
  expect_believed_until_retired(*drone, asked);
}

// Nobody tells the device anything at the overlap's end: its own clock does.
TEST_F(ServerOfAThief, LosesItsConnectionWhenTheOverlapEnds) {
  const auto drone = set_out("drone");
  const identity::CertificateAuthority former = keys_->authority;
  roll_issuing();
  ASSERT_EQ(follow(*drone, false), "news");
  play(former);
  drone->config.device_port = played_->port();
  FakeClock clock;
  clock.set(clock_.now());
  const agent::ServerLink link(drone->config, drone->trust, clock, *http_);
  const auto credentials =
      agent::make_credentials(drone->chain, drone->key, "test.vedette", clock_.now()).value();
  agent::KeptClient kept(link);
  platform::HttpClient* const taken = kept.for_device(credentials).value();
  ASSERT_EQ(get(*taken, "/v1/results"), "") << "a former authority's server, within the overlap";
  clock.advance(kOverlap - std::chrono::minutes(1));
  ASSERT_EQ(kept.for_device(credentials).value(), taken);
  clock.advance(std::chrono::minutes(1));
  EXPECT_EQ(get(*kept.for_device(credentials).value(), "/v1/results"), "NET-ISSUER");
  EXPECT_EQ(thief_.heard, 1);
}

}  // namespace
}  // namespace vedette
