// A control plane that rolls over, and devices that see it or are away.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "agent/enrollment.h"
#include "agent/renewal_plan.h"
#include "agent/server_link.h"
#include "agent/trust_anchors.h"
#include "base/fd.h"
#include "crypto/issuance.h"
#include "server/rollover.h"

#include "control_plane_fixture.h"

namespace vedette {

inline constexpr std::chrono::hours kOverlap{48};

// A device as an agent is one, but for its TPM.
struct Traveller {
  std::string folder;
  agent::AgentConfig config;
  agent::TrustAnchors trust;
  crypto::PrivateKey key;
  std::vector<crypto::Certificate> chain;
};

class RolloverMidFleet : public ControlPlane {
 protected:
  // Leaves with what the first day's roots are, and a certificate of the issuing CA of now.
  std::unique_ptr<Traveller> set_out(const std::string& name) {
    const Enrolled enrolled = enroll(name);
    const std::string folder = folder_ / name;
    std::filesystem::create_directory(folder);
    agent::AgentConfig config;
    config.server_host = "127.0.0.1";
    auto trust = agent::TrustAnchors::load(folder, {first_root_}, domain_).value();
    return std::make_unique<Traveller>(
        Traveller{folder,
                  std::move(config),
                  std::move(trust),
                  enrolled.key,
                  {enrolled.certificate, keys_->authority.issuing()}});
  }

  // The ports change with each start of the server.
  Client connect(Traveller& device, bool to_device_plane = true) {
    device.config.device_port = server_->ports().device;
    device.config.enrollment_port = server_->ports().enrollment;
    const agent::ServerLink link(device.config, device.trust, clock_, *http_);
    if (!to_device_plane) return link.to_enrollment().value();
    const auto credentials =
        agent::make_credentials(device.chain, device.key, "test.vedette", clock_.now());
    return link.to_device_plane(credentials.value()).value();
  }
  // `news`, `nothing`, or the code of the refusal.
  std::string follow(Traveller& device, bool to_device_plane = true) {
    const auto client = connect(device, to_device_plane);
    const auto followed = device.trust.follow(*client, clock_.now());
    if (!followed) return followed.error().code;
    return *followed ? "news" : "nothing";
  }
  std::string renew(Traveller& device) {
    const auto client = connect(device);
    const auto credentials =
        agent::make_credentials(device.chain, device.key, "test.vedette", clock_.now());
    auto chain = agent::renew(*client, *credentials);
    if (!chain) return chain.error().code;
    device.chain = *std::move(chain);
    return "";
  }

  server::RolloverPlace place(Duration overlap) {
    return {folder_ / "state", domain_, custody_, root_key_, clock_.now(), overlap};
  }
  void roll_issuing(Duration overlap = kOverlap) {
    const auto rolled = server::rollover_issuing(place(overlap), {});
    ASSERT_TRUE(rolled.has_value()) << describe(rolled.error());
    restart();
  }
  void roll_root(const std::string& name, Duration overlap = kOverlap) {
    const auto rolled = server::rollover_root(place(overlap), folder_ / name, {});
    ASSERT_TRUE(rolled.has_value()) << describe(rolled.error());
    root_key_ = *crypto::PrivateKey::from_pem(as_text(*read_file(folder_ / name, 1U << 16U)));
    restart();
  }
  bool is_of_present_issuer(const Traveller& device) const {
    return crypto::is_issued_by(device.chain.front(), keys_->authority.issuing());
  }

  const identity::TrustDomain domain_ = *identity::TrustDomain::parse("test.vedette");
  const server::KeyCustody custody_ =
      *server::KeyCustody::open({.insecure_unencrypted = true}, nullptr);
  const crypto::Certificate first_root_ = keys_->authority.root();
  crypto::PrivateKey root_key_ = *crypto::PrivateKey::from_pem(
      as_text(*read_file(folder_ / "state/offline/root.key", 1U << 16U)));
};

}  // namespace vedette
