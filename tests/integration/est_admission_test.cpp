// What a server takes in at once, and when it asks its devices to come.
#include <array>
#include <atomic>
#include <future>
#include <latch>
#include <thread>

#include "agent/enrollment.h"
#include "agent/renewal_plan.h"
#include "codec/base64.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

// A server with one place only.
class EstAdmission : public ControlPlane {
 protected:
  EstAdmission()
      : ControlPlane([](server::ServerConfig& config) { config.issuances_at_once = 1; }) {}
};

TEST_F(EstAdmission, ARenewalBeyondThePlacesIsTurnedAwayWhileOneIsInWork) {
  const std::array drones{enroll("drone-0"), enroll("drone-1")};
  // While somebody writes to the store, a renewal stays in work.
  std::promise<void> turned_one_away;
  std::latch writing(1);
  std::jthread writer([&] {
    const auto kept = store_->write([&](platform::UnitOfWork&) -> Result<void> {
      writing.count_down();
      turned_one_away.get_future().wait_for(std::chrono::seconds(20));
      return {};
    });
    EXPECT_TRUE(kept.has_value());
  });
  writing.wait();
  std::atomic<int> turned_away = 0;
  std::atomic<int> renewed = 0;
  const auto renew = [&](int i) {
    const std::string name = "drone-" + std::to_string(i);
    const Enrolled& own = drones.at(static_cast<std::size_t>(i));
    const auto request =
        crypto::make_certificate_request(own.key, name, "spiffe://test.vedette/device/" + name);
    const auto device = client(server_->ports().device, own.certificate, own.key);
    const auto answer = device->send({.method = "POST",
                                      .target = "/.well-known/est/simplereenroll",
                                      .headers = {{"content-type", "application/pkcs10"}},
                                      .body = to_bytes(codec::to_base64(*request))});
    if (code(answer).empty()) ++renewed;
    if (code(answer) != "EST-BUSY") return;
    EXPECT_EQ(answer->status, 503);
    EXPECT_TRUE(agent::retry_after(*answer).has_value());
    ++turned_away;
    turned_one_away.set_value();
  };
  {
    const std::jthread one([&] { renew(0); });
    const std::jthread other([&] { renew(1); });
  }
  EXPECT_EQ(renewed, 1);
  EXPECT_EQ(turned_away, 1);
}

TEST_F(EstAdmission, TheServerSaysWhenToRenewAndTheDeviceBelievesIt) {
  const Enrolled own = enroll("drone");
  const auto device = client(server_->ports().device, own.certificate, own.key);
  const auto credentials = agent::make_credentials({own.certificate, keys_->authority.issuing()},
                                                   own.key, "test.vedette", clock_.now());
  ASSERT_TRUE(credentials.has_value());
  const auto trust =
      agent::TrustAnchors::load(folder_.path(), {keys_->authority.root()},
                                identity::TrustDomain::parse("test.vedette").value());
  const auto advice = agent::renewal_advice(*device, *credentials, *trust, clock_.now());
  ASSERT_TRUE(advice.has_value()) << describe(advice.error());
  const auto life = identity::life_of(own.certificate);
  EXPECT_GE(advice->window.start,
            life.not_before + (life.not_after - life.not_before) / 2 - std::chrono::seconds(1));
  EXPECT_LE(advice->window.end, identity::latest_renewal(life));
  // Another device that is handed this word does not believe it.
  const Enrolled other = enroll("camera");
  const auto camera = agent::make_credentials({other.certificate, keys_->authority.issuing()},
                                              other.key, "test.vedette", clock_.now());
  const auto refused = agent::renewal_advice(*device, *camera, *trust, clock_.now());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "RENEW-AUDIENCE");
  EXPECT_EQ(get(*enrollment_client(), "/v1/renewal-info"), "HTTP-NOT-FOUND");
}

}  // namespace
}  // namespace vedette
