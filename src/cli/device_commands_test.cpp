#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/canned_server.h"

namespace vedette::cli {
namespace {

const std::string kDigest(64, 'a');

TEST(DeviceAllow, SendsNoMalformedDigest) {
  Desk desk;
  for (const std::string& hex : {std::string("xyz"), std::string(62, 'a'), std::string(66, 'a')}) {
    const Outcome outcome =
        desk.run_json({"device", "allow", "gate-1", "--group", "gates", "--ek-sha256", hex});
    EXPECT_EQ(outcome.code, 2) << hex;
    EXPECT_EQ(outcome.refusal(), "HEX-SYNTAX");
  }
  EXPECT_TRUE(desk.server.requests().empty());
}

TEST(DeviceAllow, SendsLowerCase) {
  Desk desk;
  desk.server.answer("POST /v1/devices/allow", "{}");
  const Outcome outcome = desk.run_json(
      {"device", "allow", "gate-1", "--group", "gates", "--ek-sha256", std::string(64, 'A')});
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_EQ(desk.server.requests().back(),
            R"(POST /v1/devices/allow {"device":"gate-1","group":"gates","endorsement_sha256":")" +
                kDigest + R"("})");
}

TEST(DeviceAllow, SendsTheSkuThatItNames) {
  Desk desk;
  desk.server.answer("POST /v1/devices/allow", "{}");
  const std::vector<std::string> line{"device", "allow",       "gate-1", "--group",
                                      "gates",  "--ek-sha256", kDigest,  "--sku"};
  auto wrong = line;
  wrong.emplace_back("Mk 1");
  EXPECT_EQ(desk.run_json(wrong).refusal(), "NAME-FORMAT");
  EXPECT_TRUE(desk.server.requests().empty());
  auto right = line;
  right.emplace_back("mk1");
  const Outcome outcome = desk.run(right);
  EXPECT_NE(outcome.out.find("SKU mk1 when it first does"), std::string::npos) << outcome.out;
  EXPECT_NE(desk.server.requests().back().find(R"("sku":"mk1")"), std::string::npos);
}

TEST(DeviceDisallow, NamesTheDeviceAndSaysWhatGoesOn) {
  Desk desk;
  EXPECT_EQ(desk.run_json({"device", "disallow", "../x"}).refusal(), "NAME-FORMAT");
  EXPECT_TRUE(desk.server.requests().empty());
  desk.server.answer("POST /v1/devices/gate-1/disallow", R"({"removed":1})");
  const Outcome outcome = desk.run({"device", "disallow", "gate-1"});
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_EQ(desk.server.requests().back(), "POST /v1/devices/gate-1/disallow {}");
  EXPECT_NE(outcome.out.find("revoke"), std::string::npos) << outcome.out;
}

TEST(DeviceDisallow, ClaimsNoSuccessWhereAMakersRootStillAdmitsTheTpm) {
  Desk desk;
  const auto said = [&](const std::string& answer) {
    desk.server.answer("POST /v1/devices/gate-1/disallow", answer);
    return desk.run({"device", "disallow", "gate-1"}).out;
  };
  using ::testing::HasSubstr;
  using ::testing::Not;
  const std::string stopped = "gate-1 gets no further certificate";
  const std::string yes = said(R"({"removed":1,"still_admitted_by_root":"yes"})");
  EXPECT_THAT(yes, Not(HasSubstr(stopped)));
  EXPECT_THAT(yes, HasSubstr("still admits it"));
  EXPECT_THAT(yes, HasSubstr("vedette device revoke"));
  EXPECT_THAT(yes, HasSubstr("vedette trust ek-roots remove"));
  for (const char* unsure :
       {R"({"removed":1,"still_admitted_by_root":"perhaps"})", R"({"removed":1})"}) {
    EXPECT_THAT(said(unsure), HasSubstr("unless a maker's root"));
    EXPECT_THAT(said(unsure), HasSubstr("vedette trust ek-roots list"));
  }
  const std::string no = said(R"({"removed":1,"still_admitted_by_root":"no"})");
  EXPECT_THAT(no, HasSubstr(stopped));
  EXPECT_THAT(no, Not(HasSubstr("unless")));
  const Outcome machine = desk.run_json({"device", "disallow", "gate-1"});
  EXPECT_EQ(machine.json().string("still_admitted_by_root").value(), "no");
}

TEST(DeviceToken, WantsOneTpmByOneOfItsNames) {
  Desk desk;
  const std::vector<std::string> line{"device", "token", "--group", "gates"};
  EXPECT_EQ(desk.run_json(line).refusal(), "CLI-USAGE") << "a token for whoever has it";
  auto both = line;
  both.insert(both.end(), {"--ek-sha256", kDigest, "--ek-serial", "0a"});
  EXPECT_EQ(desk.run_json(both).refusal(), "CLI-USAGE");
  auto wrong = line;
  wrong.insert(wrong.end(), {"--ek-sha256", "xyz"});
  EXPECT_EQ(desk.run_json(wrong).refusal(), "HEX-SYNTAX");
  auto forever = line;
  forever.insert(forever.end(), {"--ek-sha256", kDigest, "--hours", "721"});
  EXPECT_EQ(desk.run_json(forever).code, 2);
  EXPECT_TRUE(desk.server.requests().empty());
}

TEST(DeviceToken, PrintsTheTokenAndNothingElse) {
  Desk desk;
  desk.server.answer("POST /v1/enrollment-tokens",
                     R"({"token":"vedette-enrol-AAAA","expires_at":"2026-11-24T12:53:00Z"})");
  const Outcome outcome =
      desk.run({"device", "token", "--group", "gates", "--ek-sha256", kDigest, "--hours", "2"});
  EXPECT_EQ(outcome.out, "vedette-enrol-AAAA\n");
  EXPECT_EQ(desk.server.requests().back(),
            R"(POST /v1/enrollment-tokens {"group":"gates","endorsement_sha256":")" + kDigest +
                R"(","valid_seconds":7200})");
  EXPECT_EQ(desk.run({"device", "token", "--group", "gates", "--ek-serial", "0A"}).code, 0);
  EXPECT_NE(
      desk.server.requests().back().find(R"("certificate_serial":"0a","valid_seconds":86400)"),
      std::string::npos);
}

TEST(DeviceAllow, RefusesAPlaceForTheKeyThatIsNone) {
  Desk desk;
  EXPECT_EQ(desk.run_json({"device", "allow", "gate-1", "--group", "gates", "--ek-sha256", kDigest,
                           "--key", "token"})
                .refusal(),
            "CLI-USAGE");
  EXPECT_TRUE(desk.server.requests().empty());
}

TEST(DeviceAllow, SendsWhereTheKeyMayLiveAndSaysThatItIsTheDevicesWord) {
  Desk desk;
  desk.server.answer("POST /v1/devices/allow", "{}");
  const Outcome outcome = desk.run({"device", "allow", "--key", "pkcs11", "gate-1", "--key",
                                    "memory", "--group", "gates", "--ek-sha256", kDigest});
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_NE(outcome.out.find("on its own word, elsewhere: pkcs11 or memory"), std::string::npos)
      << outcome.out;
  EXPECT_NE(desk.server.requests().back().find(R"("keys":["pkcs11","memory"])"), std::string::npos)
      << desk.server.requests().back();
}

TEST(DeviceSku, WantsOneOrNone) {
  Desk desk;
  EXPECT_EQ(desk.run_json({"device", "sku", "gate-1"}).refusal(), "CLI-USAGE");
  EXPECT_EQ(desk.run_json({"device", "sku", "gate-1", "mk1", "--none"}).refusal(), "CLI-USAGE");
  EXPECT_EQ(desk.run_json({"device", "sku", "gate-1", "Mk1"}).refusal(), "NAME-FORMAT");
  EXPECT_EQ(desk.run_json({"device", "sku", "gate-1", ""}).refusal(), "NAME-FORMAT");
  EXPECT_EQ(
      desk.run_json({"reference", "learn", "gates", "--sku", "", "--from", "gate-1"}).refusal(),
      "NAME-FORMAT")
      << "a variable that is not set must not mean the whole group";
  EXPECT_TRUE(desk.server.requests().empty());
}

TEST(DeviceSku, TellsWhatItIsAndWas) {
  Desk desk;
  desk.server.answer("POST /v1/devices/gate-1/sku", R"({"sku":"mk2","was":null})");
  const Outcome outcome = desk.run({"device", "sku", "gate-1", "mk2"});
  EXPECT_EQ(desk.server.requests().back(), R"(POST /v1/devices/gate-1/sku {"sku":"mk2"})");
  EXPECT_NE(outcome.out.find("gate-1: SKU mk2, was -"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("vedette attest now gate-1"), std::string::npos);
  EXPECT_EQ(desk.run({"device", "sku", "gate-1", "--none"}).code, 0);
  EXPECT_EQ(desk.server.requests().back(), R"(POST /v1/devices/gate-1/sku {"sku":null})");
}

TEST(DeviceAdmitMaker, SendsTheSkuThatItNames) {
  Desk desk;
  desk.server.answer("POST /v1/endorsement-roots", "{}");
  EXPECT_EQ(desk.run({"device", "admit-maker", "--group", "gates", "--root",
                      desk.path("operator/roots.pem"), "--sku", "mk1"})
                .code,
            0);
  EXPECT_NE(desk.server.requests().back().find(R"("sku":"mk1")"), std::string::npos);
}

TEST(DeviceAdmitMaker, SendsThePowersThatItNamesAndNoOthers) {
  Desk desk;
  desk.server.answer("POST /v1/endorsement-roots", "{}");
  const std::vector<std::string> line = {"device", "admit-maker", "--group",
                                         "gates",  "--root",      desk.path("operator/roots.pem")};
  EXPECT_EQ(desk.run(line).code, 0);
  EXPECT_EQ(desk.server.requests().back().find("sha1_signature"), std::string::npos);
  EXPECT_EQ(desk.server.requests().back().find("expired"), std::string::npos);
  std::vector<std::string> widened = line;
  widened.insert(widened.end(), {"--tolerate-sha1", "--tolerate-expired"});
  EXPECT_EQ(desk.run(widened).code, 0);
  EXPECT_NE(desk.server.requests().back().find(R"("expired":true)"), std::string::npos);
  EXPECT_NE(desk.server.requests().back().find(R"("sha1_signature":true)"), std::string::npos);
}

TEST(DeviceAdmitMaker, SendsNothingThatIsNoCertificate) {
  Desk desk;
  desk.write("root.pem", "hello");
  const Outcome outcome =
      desk.run_json({"device", "admit-maker", "--group", "gates", "--root", desk.path("root.pem")});
  EXPECT_NE(outcome.code, 0);
  EXPECT_FALSE(outcome.refusal().empty());
  EXPECT_TRUE(desk.server.requests().empty());
}

TEST(DeviceAdmitMaker, SendsTheMakersRoot) {
  Desk desk;
  desk.server.answer("POST /v1/endorsement-roots", "{}");
  const Outcome outcome = desk.run_json(
      {"device", "admit-maker", "--group", "gates", "--root", desk.path("operator/roots.pem")});
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  const auto json = outcome.json();
  EXPECT_NE(codec::to_json(*json.find("authorities")).find("test root"), std::string::npos);
  EXPECT_NE(desk.server.requests().back().find("BEGIN CERTIFICATE"), std::string::npos);
}

TEST(DeviceShow, OfAnUnknownDeviceFails) {
  Desk desk;
  desk.server.answer("GET /v1/devices", R"({"devices":[{"id":"gate-1"}]})");
  const Outcome outcome = desk.run_json({"device", "show", "gate-2"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.out.find("vedette device list"), std::string::npos);
}

TEST(DeviceShow, TellsOneDevice) {
  Desk desk;
  desk.server.answer("GET /v1/devices", R"({"devices":[{"id":"gate-1"},{"id":"gate-2"}]})");
  EXPECT_EQ(desk.run_json({"device", "show", "gate-2"}).json().string("id").value_or(""), "gate-2");
}

TEST(DeviceMeasures, TellTheEpochAndWhatWasClosed) {
  Desk desk;
  for (const char* verb : {"revoke", "quarantine", "reinstate"}) {
    const std::string target = std::string("POST /v1/devices/gate-1/") + verb;
    desk.server.answer(target, R"({"epoch":4,"connections_closed":2})");
    const Outcome json = desk.run_json({"device", verb, "gate-1", "--reason", "stolen"});
    EXPECT_EQ(json.code, 0) << json.out;
    EXPECT_EQ(json.json().integer("epoch").value_or(0), 4);
    EXPECT_EQ(desk.server.requests().back(), target + R"( {"reason":"stolen"})");
    const Outcome text = desk.run({"device", verb, "gate-1", "--reason", "stolen"});
    EXPECT_NE(text.out.find("gate-1: epoch 4, live connections closed: 2"), std::string::npos);
  }
}

TEST(ResultList, AsksForOneDeviceAndALimit) {
  Desk desk;
  desk.server.answer("GET /v1/receipts?limit=5&device=gate-1", R"({"receipts":[]})");
  EXPECT_EQ(desk.run_json({"result", "list", "--device", "gate-1", "--limit", "5"}).code, 0);
  desk.server.answer("GET /v1/receipts?limit=50", R"({"receipts":[]})");
  EXPECT_EQ(desk.run({"result", "list"}).out, "no result has been believed yet\n");
}

TEST(ServerStatus, ShowsTheLogsKey) {
  Desk desk;
  desk.server.answer("GET /v1/status", R"({"trust_domain":"factory.example","log_vkey":"k"})");
  EXPECT_EQ(desk.run({"server", "status"}).out, "trust_domain  factory.example\nlog_vkey      k\n");
}

TEST(DeviceRevoke, OfAGroupWantsOneWayAndOneTarget) {
  Desk desk;
  const std::vector<std::vector<std::string>> wrong{
      {},
      {"gate-1"},
      {"gate-1", "--group", "gates", "--reason", "x"},
      {"gate-1", "--approve", "aa"},
      {"gate-1", "--reason", "x", "--proposal"},
      {"--reason", "x"},
      {"--group", "gates"},
      {"--group", "gates", "--reason", "x", "--approve", "aa"},
      {"--group", "gates", "--reason", "x", "--proposal"}};
  for (std::vector<std::string> line : wrong) {
    line.insert(line.begin(), {"device", "revoke"});
    EXPECT_EQ(desk.run_json(line).refusal(), "CLI-USAGE") << line.back();
    EXPECT_EQ(desk.run(line).code, 2);
  }
  EXPECT_EQ(desk.run_json({"device", "revoke", "--group", "Gates", "--reason", "x"}).refusal(),
            "NAME-FORMAT");
  EXPECT_TRUE(desk.server.requests().empty());
}

TEST(DeviceRevoke, OfAGroupSaysHowASecondOperatorApprovesIt) {
  Desk desk;
  const std::string proposal =
      R"({"group":"gates","reason":"stolen","proposer":"operator/ada","proposal":"aa"})";
  desk.server.answer("POST /v1/groups/gates/revoke", proposal);
  desk.server.answer("GET /v1/groups/gates/revoke/proposal", proposal);
  desk.server.answer("POST /v1/groups/gates/revoke/approve",
                     R"({"devices":7,"connections_closed":2})");
  const Outcome proposed = desk.run({"device", "revoke", "--group", "gates", "--reason", "stolen"});
  EXPECT_EQ(proposed.code, 0) << proposed.err;
  EXPECT_EQ(desk.server.requests().back(), R"(POST /v1/groups/gates/revoke {"reason":"stolen"})");
  EXPECT_NE(proposed.out.find("vedette device revoke --group gates --approve aa\n"),
            std::string::npos);
  EXPECT_EQ(desk.run({"device", "revoke", "--group", "gates", "--proposal"}).out, proposed.out);
  const Outcome approved = desk.run({"device", "revoke", "--group", "gates", "--approve", "aa"});
  EXPECT_EQ(desk.server.requests().back(),
            R"(POST /v1/groups/gates/revoke/approve {"proposal":"aa"})");
  EXPECT_EQ(approved.out, "revoked group gates: devices 7, live connections closed: 2\n");
}

}  // namespace
}  // namespace vedette::cli
