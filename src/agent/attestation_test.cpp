#include "agent/attestation.h"

#include <deque>

#include <gtest/gtest.h>

#include "attestation/quote.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "identity/authority.h"
#include "testing/fake_clock.h"
#include "testing/register_tpm.h"

namespace vedette::agent {
namespace {

using codec::Json;

// Asks with `question`, and answers evidence in turn with the refusals that it was given; then with
// a verdict. Its connection may change between the two.
class Verifier final : public platform::HttpClient {
 public:
  Result<platform::HttpResponse> send(const platform::HttpRequest& request) override {
    platform::HttpResponse response;
    if (request.target == "/v1/attestation/challenge") {
      response.body = to_bytes(codec::to_json(question));
      return response;
    }
    evidence.push_back(codec::parse_json(as_text(request.body)).value());
    if (refusals.empty()) {
      response.body = to_bytes(
          std::string_view(R"({"ear":"token","expires_in":60,"attest_again_in":30,"epoch":1})"));
      return response;
    }
    response.status = 403;
    response.body = to_bytes(R"({"error":{"code":")" + refusals.front() +
                             R"(","message":"no","cause":"","hint":""}})");
    refusals.pop_front();
    return response;
  }
  Result<platform::HttpResponse> download(
      const platform::HttpRequest& /*request*/,
      const std::function<Result<void>(ByteView)>& /*sink*/) override {
    return refuse("NET-UNREACHABLE", "nothing to download");
  }
  Result<Bytes> channel_binding() override { return channel; }
  bool connected() override { return true; }

  Json question = Json::Object{{"nonce", codec::to_base64(Bytes(32, 1))},
                               {"bank", "sha256"},
                               {"registers", Json::Array{Json(13)}}};
  Bytes channel = Bytes(attestation::kChannelBindingOctets, 7);
  std::deque<std::string> refusals;
  std::vector<Json> evidence;
};

class AttestTest : public ::testing::Test {
 protected:
  AttestTest() {
    const auto domain = identity::TrustDomain::parse("test.vedette").value();
    auto made = identity::CertificateAuthority::create(domain, clock_.now()).value();
    const auto authority =
        identity::CertificateAuthority::open(domain, std::move(made.material), clock_.now())
            .value();
    const auto key = crypto::PrivateKey::generate_p256();
    const auto device = DeviceId::parse("drone").value();
    auto leaf =
        authority.issue_device(device, key.public_key(), clock_.now(), std::chrono::hours(1));
    credentials_ = Credentials{device, {leaf.value()}, key};
    logs_.runtime_register = 13;
    logs_.read = [this](const LogWish& wish) -> Result<DeviceLogs> {
      quoted_before_reading_.push_back(tpm_.quoted.size());
      wishes_.push_back(wish);
      return DeviceLogs{
          .event_log = std::nullopt, .ima = std::nullopt, .runtime = DeviceLogs::Slice{}};
    };
  }

  std::string attest() {
    const auto verdict = agent::attest(server_, tpm_, *credentials_, clock_, logs_);
    return verdict ? "" : verdict.error().code;
  }
  void ask_for_logs() {
    server_.question.set("runtime_register", 13);
    server_.question.set("logs",
                         Json::Object{{"event_log", false}, {"ima_from", 4}, {"runtime_from", 2}});
  }

  FakeClock clock_;
  testing::RegisterTpm tpm_;
  Verifier server_;
  std::optional<Credentials> credentials_;
  EvidenceSource logs_;
  std::vector<LogWish> wishes_;
  std::vector<std::size_t> quoted_before_reading_;
};

TEST_F(AttestTest, RefusesAServerThatLooksAtAnotherRegister) {
  server_.question.set("runtime_register", 14);
  EXPECT_EQ(attest(), "AGT-RUNTIME-REGISTER");
  EXPECT_TRUE(server_.evidence.empty());
  EXPECT_TRUE(tpm_.quoted.empty());
}

TEST_F(AttestTest, RefusesAServerThatAsksForABankThatProvesNothing) {
  for (const char* bank : {"sha1", "sha512", "", "SHA256"}) {
    server_.question.set("bank", bank);
    EXPECT_EQ(attest(), "AGT-PCR-BANK") << bank;
  }
  EXPECT_TRUE(tpm_.quoted.empty());
  EXPECT_TRUE(server_.evidence.empty());
}

TEST_F(AttestTest, QuotesTheBankThatTheServerAsksFor) {
  for (const auto& [name, bank] : {std::pair{"sha256", codec::TpmAlgorithm::sha256},
                                   {"sha384", codec::TpmAlgorithm::sha384}}) {
    server_.question.set("bank", name);
    EXPECT_EQ(attest(), "");
    EXPECT_EQ(tpm_.selected.back(), (codec::TpmPcrSelection{bank, {13}}));
  }
}

TEST_F(AttestTest, RefusesAConnectionThatHasNoBinding) {
  server_.channel.clear();
  EXPECT_EQ(attest(), "NET-TLS");
  EXPECT_TRUE(server_.evidence.empty());
}

TEST_F(AttestTest, RefusesAWishThatMakesNoSense) {
  server_.question.set("logs",
                       Json::Object{{"event_log", true}, {"ima_from", -1}, {"runtime_from", 0}});
  EXPECT_EQ(attest(), "ATT-WISH");
  server_.question.set("logs", Json::Object{{"event_log", true}});
  EXPECT_EQ(attest(), "ATT-WISH");
  EXPECT_TRUE(tpm_.quoted.empty());
}

TEST_F(AttestTest, SendsNothingWhenALogCannotBeRead) {
  ask_for_logs();
  logs_.read = [](const LogWish& /*wish*/) -> Result<DeviceLogs> {
    return refuse("FILE-READ", "a file could not be read");
  };
  EXPECT_EQ(attest(), "FILE-READ");
  EXPECT_TRUE(server_.evidence.empty());
}

TEST_F(AttestTest, SendsAllLogsOnceMoreAndNotAgain) {
  ask_for_logs();
  server_.refusals = {"ATT-LOGS-WANTED", "ATT-LOGS-WANTED"};
  EXPECT_EQ(attest(), "ATT-LOGS-WANTED");
  EXPECT_EQ(wishes_, (std::vector<LogWish>{{false, 4, 2}, {true, 0, 0}}));
  EXPECT_EQ(tpm_.quoted.size(), 2U) << "each with a challenge and a quote of its own";
}

TEST_F(AttestTest, TriesOnceMoreWhenTheConnectionChanged) {
  server_.refusals = {"ATT-NONCE"};
  EXPECT_EQ(attest(), "");
  server_.refusals = {"ATT-NONCE", "ATT-NONCE"};
  EXPECT_EQ(attest(), "ATT-NONCE");
  EXPECT_EQ(server_.evidence.size(), 4U);
}

TEST_F(AttestTest, SendsNoLogsToAServerThatAsksForNone) {
  EXPECT_EQ(attest(), "");
  ASSERT_EQ(server_.evidence.size(), 1U);
  EXPECT_TRUE(server_.evidence[0].only({"nonce", "attest", "signature", "values"}));
  EXPECT_TRUE(wishes_.empty());
}

TEST_F(AttestTest, SendsWhatTheServerAsksForAfterTheQuote) {
  ask_for_logs();
  EXPECT_EQ(attest(), "");
  EXPECT_EQ(wishes_, (std::vector<LogWish>{{false, 4, 2}}));
  EXPECT_EQ(quoted_before_reading_, std::vector<std::size_t>{1});
  EXPECT_TRUE(server_.evidence.at(0).object("runtime").has_value());
}

TEST_F(AttestTest, SendsEverythingAtFirst) {
  ask_for_logs();
  logs_.everything = true;
  EXPECT_EQ(attest(), "");
  EXPECT_EQ(wishes_, std::vector<LogWish>{LogWish{}});
}

TEST_F(AttestTest, BindsTheQuoteToNonceCertificateAndConnection) {
  EXPECT_EQ(attest(), "");
  const auto expected =
      attestation::quote_binding(Bytes(32, 1), credentials_->leaf().fingerprint(), server_.channel);
  EXPECT_EQ(tpm_.quoted, std::vector<Bytes>{to_bytes(ByteView(expected))});
}

}  // namespace
}  // namespace vedette::agent
