// What relying parties outside learn of revoked devices, judged by the openssl program.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "agent/enrollment.h"
#include "base/fd.h"
#include "codec/base64.h"
#include "server/ca_folder.h"
#include "server/rollover.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

constexpr const char* kUrl = "https://ca.test.vedette/revocation";

class RevocationOutside : public ControlPlane {
 protected:
  RevocationOutside()
      : ControlPlane([](server::ServerConfig& config) { config.revocation_url = kUrl; }) {}
  explicit RevocationOutside(const std::function<void(server::ServerConfig&)>& adjust)
      : ControlPlane(adjust) {}

  void SetUp() override {
    if (std::system("command -v openssl >/dev/null") != 0) GTEST_SKIP() << "there is no openssl";
    write("root.pem", as_bytes(keys_->authority.root().pem()));
    write("issuing.pem", as_bytes(keys_->authority.issuing().pem()));
    drone_ = enroll("drone");
    const auto plane = client(server_->ports().device, drone_->certificate, drone_->key);
    const auto credentials =
        agent::make_credentials({drone_->certificate, keys_->authority.issuing()}, drone_->key,
                                "test.vedette", clock_.now());
    ASSERT_TRUE(credentials.has_value()) << describe(credentials.error());
    const auto renewed = agent::renew(*plane, *credentials);
    ASSERT_TRUE(renewed.has_value()) << describe(renewed.error());
    leaf_ = renewed->front();
    write("leaf.pem", as_bytes(leaf_->pem()));
  }

  void write(const std::string& name, ByteView content) const {
    ASSERT_TRUE(write_file_atomically(folder_ / name, content, 0600).has_value());
  }
  // What `openssl <arguments>` prints, in the folder.
  [[nodiscard]] std::string openssl(const std::string& arguments) const {
    const std::string line = "cd '" + (folder_ / "") + "' && openssl " + arguments + " 2>&1";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(line.c_str(), "r"), ::pclose);
    std::string printed;
    std::array<char, 4096> part{};
    while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe.get()))
      printed.append(part.data(), size);
    return printed;
  }
  [[nodiscard]] std::string measure(const std::string& kind) {
    return post(*operator_client(), "/v1/devices/drone/" + kind, R"({"reason":"stolen"})");
  }
  [[nodiscard]] std::string list_name() const {
    return std::to_string(crypto::revocation_shard(leaf_->serial_hex()).value()) + ".crl";
  }
  [[nodiscard]] Bytes fetch(const std::string& target) {
    const auto response = enrollment_client()->send(platform::get_request(target));
    EXPECT_EQ(code(response), "");
    return response ? response->body : Bytes();
  }
  // openssl's judgement with our list.
  [[nodiscard]] std::string judge_by_list(const std::string& name) {
    write("list.crl", fetch("/revocation/crl/" + name));
    return openssl(
        "verify -CAfile root.pem -untrusted issuing.pem -crl_check -extended_crl"
        " -CRLfile list.crl -purpose sslclient -x509_strict leaf.pem");
  }
  [[nodiscard]] std::string ask_ocsp() {
    (void)openssl("ocsp -issuer issuing.pem -cert leaf.pem -reqout request.der");
    const auto response = enrollment_client()->send(
        {.method = "POST",
         .target = "/revocation/ocsp",
         .headers = {{"content-type", "application/ocsp-request"}},
         .body = read_file(folder_ / "request.der", 1U << 16U).value_or(Bytes())});
    EXPECT_EQ(response->content_type, "application/ocsp-response");
    write("response.der", response->body);
    return openssl(
        "ocsp -respin response.der -no_nonce -issuer issuing.pem -cert leaf.pem"
        " -CAfile root.pem -verify_other issuing.pem");
  }
  [[nodiscard]] static bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  std::optional<Enrolled> drone_;
  std::optional<crypto::Certificate> leaf_;
};

TEST_F(RevocationOutside, ListsNameARevokedDevicesCertificate) {
  ASSERT_EQ(measure("revoke"), "");
  const std::string judged = judge_by_list(list_name());
  EXPECT_TRUE(says(judged, "certificate revoked")) << judged;
  const std::string text = openssl("crl -in list.crl -inform DER -noout -text");
  EXPECT_TRUE(says(text, "Privilege Withdrawn")) << text;
  EXPECT_TRUE(says(text, "Only User Certificates")) << text;
  EXPECT_TRUE(says(text, std::string("URI:") + kUrl + "/crl/" + list_name())) << text;
}

TEST_F(RevocationOutside, ListsLeaveWhoIsTrustedAlone) {
  const std::string judged = judge_by_list(list_name());
  EXPECT_TRUE(says(judged, "leaf.pem: OK")) << judged;
  const unsigned other =
      (crypto::revocation_shard(leaf_->serial_hex()).value() + 1) % crypto::kRevocationShards;
  const std::string foreign = judge_by_list(std::to_string(other) + ".crl");
  EXPECT_FALSE(says(foreign, "OK")) << "another shard's list says nothing: " << foreign;
}

TEST_F(RevocationOutside, ListsHaveNoOtherNames) {
  for (const char* name : {"16.crl", "-1.crl", "01.crl", "all.crl", "1", ".crl", "1.crl.crl"})
    EXPECT_EQ(get(*enrollment_client(), std::string("/revocation/crl/") + name), "HTTP-NOT-FOUND")
        << name;
}

TEST_F(RevocationOutside, OcspFollowsTheDevicesRecordAtOnce) {
  EXPECT_TRUE(says(ask_ocsp(), "leaf.pem: good")) << ask_ocsp();
  ASSERT_EQ(measure("quarantine"), "");
  const std::string held = ask_ocsp();
  EXPECT_TRUE(says(held, "Response verify OK")) << held;
  EXPECT_TRUE(says(held, "leaf.pem: revoked")) << held;
  EXPECT_TRUE(says(held, "certificateHold")) << held;
  ASSERT_EQ(measure("reinstate"), "");
  EXPECT_TRUE(says(ask_ocsp(), "leaf.pem: good"));
  ASSERT_EQ(measure("revoke"), "");
  const std::string revoked = ask_ocsp();
  EXPECT_TRUE(says(revoked, "leaf.pem: revoked") && !says(revoked, "certificateHold")) << revoked;
}

TEST_F(RevocationOutside, OcspKnowsNoCertificateThatWasNotIssued) {
  write("leaf.pem", as_bytes(drone_->certificate.pem()));  // signed by the fixture, never kept
  const std::string answered = ask_ocsp();
  EXPECT_TRUE(says(answered, "leaf.pem: unknown")) << answered;
}

TEST_F(RevocationOutside, OcspAnswersByAddressAndSaysWhatIsNoRequest) {
  (void)openssl("ocsp -issuer issuing.pem -cert leaf.pem -no_nonce -reqout request.der");
  const std::map<char, std::string> escaped{{'/', "%2F"}, {'+', "%2b"}, {'=', "%3D"}};
  std::string address;
  for (const char c : codec::to_base64(read_file(folder_ / "request.der", 1U << 16U).value()))
    address += escaped.contains(c) ? escaped.at(c) : std::string(1, c);
  write("response.der", fetch("/revocation/ocsp/" + address));
  const std::string answered = openssl(
      "ocsp -respin response.der -issuer issuing.pem -cert leaf.pem -CAfile root.pem -no_nonce");
  EXPECT_TRUE(says(answered, "leaf.pem: good")) << answered;
  for (const char* none : {"%", "%zz", "MAA%3D", "hello"}) {
    write("response.der", fetch(std::string("/revocation/ocsp/") + none));
    EXPECT_TRUE(says(openssl("ocsp -respin response.der -noverify"), "malformedrequest")) << none;
  }
}

// Group 19: the answer to a renewal is lost, and the device asks again with what it has.
TEST_F(RevocationOutside, ARenewalThatIsRepeatedGetsTheSameCertificate) {
  const auto plane = client(server_->ports().device, drone_->certificate, drone_->key);
  const auto credentials = agent::make_credentials(
      {drone_->certificate, keys_->authority.issuing()}, drone_->key, "test.vedette", clock_.now());
  const auto again = agent::renew(*plane, *credentials);
  ASSERT_TRUE(again.has_value()) << describe(again.error());
  EXPECT_EQ(again->front().serial_hex(), leaf_->serial_hex());
  const auto next = agent::make_credentials({*leaf_, keys_->authority.issuing()}, drone_->key,
                                            "test.vedette", clock_.now());
  const auto renewed = client(server_->ports().device, leaf_, drone_->key);
  const auto other = agent::renew(*renewed, *next);
  ASSERT_TRUE(other.has_value()) << describe(other.error());
  EXPECT_NE(other->front().serial_hex(), leaf_->serial_hex());
}

// Group 13: what a former issuing CA issued is told by its own key, at its own address, until it
// ends.
TEST_F(RevocationOutside, BothIssuingAuthoritiesTellWhatIsRevokedBehindARollover) {
  const auto old_issuing = keys_->authority.issuing();
  const auto domain = *identity::TrustDomain::parse("test.vedette");
  const auto custody = *server::KeyCustody::open(config_.keys, nullptr);
  const auto root_key = crypto::PrivateKey::from_pem(
      as_text(*read_file(folder_ / "state/offline/root.key", 1U << 16U)));
  const auto rolled = server::rollover_issuing(
      {folder_ / "state", domain, custody, *root_key, clock_.now(), std::chrono::hours(1)}, {});
  ASSERT_TRUE(rolled.has_value()) << describe(rolled.error());
  restart();
  const auto credentials =
      agent::make_credentials({*leaf_, old_issuing}, drone_->key, "test.vedette", clock_.now());
  const auto plane = client_with(server_->ports().device, {*leaf_, old_issuing}, drone_->key);
  const auto renewed = agent::renew(*plane, *credentials);
  ASSERT_TRUE(renewed.has_value()) << describe(renewed.error());
  EXPECT_TRUE(says(ask_ocsp(), "leaf.pem: good"));
  ASSERT_EQ(measure("revoke"), "");

  EXPECT_TRUE(says(judge_by_list(list_name()), "certificate revoked"));
  const std::string former = ask_ocsp();
  EXPECT_TRUE(says(former, "Response verify OK") && says(former, "leaf.pem: revoked")) << former;

  leaf_ = renewed->front();
  write("leaf.pem", as_bytes(leaf_->pem()));
  write("issuing.pem", as_bytes(keys_->authority.issuing().pem()));
  const std::string label = server::issuing_id(keys_->authority.issuing().spki_sha256());
  const std::string text = openssl("x509 -in leaf.pem -noout -text");
  EXPECT_TRUE(says(text, std::string(kUrl) + "/" + label + "/crl/" + list_name())) << text;
  EXPECT_TRUE(says(text, std::string(kUrl) + "/" + label + "/ocsp")) << text;
  EXPECT_FALSE(says(judge_by_list(list_name()), "OK")) << "the former's list is not its own";
  write("list.crl", fetch("/revocation/" + label + "/crl/" + list_name()));
  EXPECT_TRUE(says(openssl("verify -CAfile root.pem -untrusted issuing.pem -crl_check -extended_crl"
                           " -CRLfile list.crl -purpose sslclient -x509_strict leaf.pem"),
                   "certificate revoked"));
  const std::string present = ask_ocsp();
  EXPECT_TRUE(says(present, "Response verify OK") && says(present, "leaf.pem: revoked")) << present;
  EXPECT_EQ(get(*enrollment_client(), "/revocation/0123456789abcdef/crl/0.crl"), "HTTP-NOT-FOUND");
}

class RevocationWithoutAddress : public RevocationOutside {
 protected:
  RevocationWithoutAddress() : RevocationOutside(std::function<void(server::ServerConfig&)>()) {}
};

TEST_F(RevocationWithoutAddress, IsOneListOfAll) {
  ASSERT_EQ(measure("revoke"), "");
  EXPECT_EQ(get(*enrollment_client(), "/revocation/crl/0.crl"), "HTTP-NOT-FOUND");
  const std::string judged = judge_by_list("all.crl");
  EXPECT_TRUE(says(judged, "certificate revoked")) << judged;
  const std::string text = openssl("x509 -in leaf.pem -noout -text");
  EXPECT_FALSE(says(text, "CRL Distribution")) << text;
}

}  // namespace
}  // namespace vedette
