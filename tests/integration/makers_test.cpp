// Makers of TPMs at work: who is admitted by one, and who still is when it, or the TPM, was taken
// off.
#include "agent/credentials.h"
#include "agent/enrollment.h"
#include "codec/base64.h"
#include "crypto/digest.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

using codec::Json;

class Makers : public ControlPlane {
 protected:
  void SetUp() override { admin_ = operator_client(); }

  [[nodiscard]] std::string admit(const std::string& group) {
    Json body;
    body.set("group", group).set("certificate", maker_.pem());
    return post(*admin_, "/v1/endorsement-roots", codec::to_json(body));
  }
  // The answer, or the code of the refusal.
  [[nodiscard]] std::string remove(const std::string& group) {
    Json body;
    body.set("group", group).set("sha256", to_hex(maker_.fingerprint()));
    return ask("/v1/endorsement-roots/remove", body);
  }
  [[nodiscard]] std::string disallow(const std::string& device) {
    return ask("/v1/devices/" + device + "/disallow", Json::Object{});
  }
  [[nodiscard]] std::string ask(const std::string& target, const Json& body) {
    const auto answer =
        platform::read_json_answer(*admin_->send(platform::json_request("POST", target, body)));
    return answer ? codec::to_json(*answer) : answer.error().code;
  }
  // As if it had enrolled by its maker's certificate.
  void admit_by_maker(const std::string& device) {
    const auto changed = store_->write([&](platform::UnitOfWork& unit) -> Result<void> {
      VEDETTE_TRY(auto record, unit.devices().find(*DeviceId::parse(device)));
      record->maker_root = crypto::sha256(maker_.der());
      return unit.devices().save(*record);
    });
    ASSERT_TRUE(changed.has_value()) << describe(changed.error());
  }
  [[nodiscard]] std::string renew(const Enrolled& device) {
    const auto live = client(server_->ports().device, device.certificate, device.key);
    const auto credentials =
        agent::make_credentials({device.certificate}, device.key, "test.vedette", clock_.now());
    const auto renewed = agent::renew(*live, credentials.value());
    return renewed ? "" : renewed.error().code;
  }
  [[nodiscard]] std::string last_entry() {
    const auto answer = admin_->send(platform::get_request("/v1/log/entries?start=0&count=64"));
    const auto entries = codec::parse_json(as_text(answer->body)).value();
    const std::string last = *entries.array("entries").value()->if_array()->back().if_string();
    return std::string(as_text(*codec::from_base64(last)));
  }

  const crypto::Certificate maker_ = keys_->authority.root();  // any authority would do
  Client admin_;
};

TEST_F(Makers, OneThatIsNotThereIsNotRemoved) {
  EXPECT_EQ(remove("group"), "DEV-NO-ROOT");
  ASSERT_EQ(admit("group"), "");
  EXPECT_EQ(remove("another"), "DEV-NO-ROOT");
  Json body;
  body.set("group", "group");
  EXPECT_EQ(ask("/v1/endorsement-roots/remove", body), "JSON-MEMBER");
  body.set("sha256", to_hex(maker_.fingerprint()).substr(0, 16));
  EXPECT_EQ(ask("/v1/endorsement-roots/remove", body), "HEX-SYNTAX") << "half a digest names none";
  EXPECT_NE(last_entry().find("DEV-NO-ROOT"), std::string::npos) << last_entry();
}

TEST_F(Makers, AreListedWithWhatTheyMayDo) {
  ASSERT_EQ(admit("group"), "");
  Json body;
  body.set("group", "another").set("certificate", maker_.pem()).set("sku", "mk1");
  body.set("expired", true).set("keys", Json::Array{"pkcs11"});
  ASSERT_EQ(post(*admin_, "/v1/endorsement-roots", codec::to_json(body)), "");
  const auto answer =
      platform::read_json_answer(*admin_->send(platform::get_request("/v1/endorsement-roots")));
  const auto& roots = *answer->array("roots").value()->if_array();
  ASSERT_EQ(roots.size(), 2U);
  EXPECT_EQ(roots[0].string("group").value(), "group");
  EXPECT_EQ(roots[0].string("sha256").value(), to_hex(maker_.fingerprint()));
  EXPECT_EQ(roots[0].string("subject").value(), maker_.subject());
  EXPECT_EQ(roots[0].boolean("root").value(), true);
  EXPECT_EQ(roots[0].find("expired"), nullptr);
  EXPECT_EQ(roots[1].string("sku").value(), "mk1");
  EXPECT_EQ(roots[1].boolean("expired").value(), true);
  EXPECT_EQ(codec::to_json(*roots[1].find("keys")), R"(["pkcs11"])");
}

// Taken off the allow-list, it is told to be admitted still, and it is.
TEST_F(Makers, ATpmThatOneAdmitsIsToldToBeAdmittedStill) {
  const Enrolled unsure = enroll("unsure");
  const Enrolled drone = enroll("drone");
  const Enrolled gate = enroll("gate");
  EXPECT_EQ(disallow("gate"), R"({"removed":1,"still_admitted_by_root":"no"})")
      << "no maker is configured";
  EXPECT_EQ(renew(gate), "ENR-EK-UNKNOWN");
  ASSERT_EQ(admit("group"), "");
  admit_by_maker("drone");
  EXPECT_EQ(disallow("unsure"), R"({"removed":1,"still_admitted_by_root":"perhaps"})")
      << "the server has not seen its maker's certificate";
  EXPECT_EQ(renew(unsure), "ENR-EK-UNKNOWN");
  EXPECT_EQ(disallow("drone"), R"({"removed":1,"still_admitted_by_root":"yes"})");
  EXPECT_NE(last_entry().find(R"("still_admitted_by_root":"yes")"), std::string::npos)
      << last_entry();
  EXPECT_EQ(renew(drone), "");
}

TEST_F(Makers, OnesTpmsGetNoFurtherCertificateOnceItIsRemovedFromTheirGroup) {
  const Enrolled drone = enroll("drone");
  const Enrolled listed = enroll("listed");
  ASSERT_EQ(admit("group"), "");
  ASSERT_EQ(admit("another"), "");
  admit_by_maker("drone");
  admit_by_maker("listed");
  EXPECT_NE(disallow("drone"), "");
  EXPECT_EQ(remove("another"), R"({"root":true,"devices":0,"still_in_groups":["group"]})");
  ASSERT_EQ(admit("another"), "");
  EXPECT_EQ(renew(drone), "");
  EXPECT_EQ(remove("group"), R"({"root":true,"devices":1,"still_in_groups":["another"]})")
      << "one is on the list";
  const std::string entry = last_entry();
  EXPECT_NE(entry.find(R"("kind":"dismiss-maker")"), std::string::npos) << entry;
  EXPECT_NE(entry.find(to_hex(maker_.fingerprint())), std::string::npos) << entry;
  EXPECT_NE(entry.find(R"("devices":1)"), std::string::npos) << entry;
  EXPECT_EQ(renew(drone), "ENR-EK-UNKNOWN") << "another group's word is not about this one";
  EXPECT_EQ(renew(listed), "");
  EXPECT_EQ(remove("group"), "DEV-NO-ROOT");
}

TEST_F(Makers, OfARevokedTpmNothingIsToldToAdmitItStill) {
  std::ignore = enroll("drone");
  ASSERT_EQ(admit("group"), "");
  admit_by_maker("drone");
  ASSERT_EQ(post(*admin_, "/v1/devices/drone/revoke", R"({"reason":"lost"})"), "");
  EXPECT_EQ(disallow("drone"), R"({"removed":1,"still_admitted_by_root":"no"})");
}

TEST_F(Makers, AnIssuerIsToldToBeNoRoot) {
  const crypto::Certificate issuer = keys_->authority.issuing();
  Json body;
  body.set("group", "group").set("certificate", issuer.pem());
  ASSERT_EQ(post(*admin_, "/v1/endorsement-roots", codec::to_json(body)), "");
  EXPECT_EQ(ask("/v1/endorsement-roots/remove",
                Json::Object{{"group", "group"}, {"sha256", to_hex(issuer.fingerprint())}}),
            R"({"root":false,"devices":0,"still_in_groups":[]})");
}

}  // namespace
}  // namespace vedette
