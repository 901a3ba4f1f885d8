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
  EXPECT_NE(outcome.json().string("subject").value_or("").find("test root"), std::string::npos);
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

}  // namespace
}  // namespace vedette::cli
