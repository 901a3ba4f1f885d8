// What the server shows of itself, to openssl as relying parties use it.
#include <array>
#include <cstdio>

#include <gtest/gtest.h>

#include "base/fd.h"
#include "platform/net/beast/beast_http.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

std::string run(const std::string& command) {
  std::string output;
  FILE* const pipe =
      ::popen(command.c_str(), "r");  // NOLINT(cert-env33-c): a program as people run it
  if (pipe == nullptr) return output;
  std::array<char, 4096> buffer{};
  for (std::size_t size = 0; (size = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    output.append(buffer.data(), size);
  ::pclose(pipe);
  return output;
}

class ServerCertificateTest : public ControlPlane {
 protected:
  using ControlPlane::ControlPlane;

  void SetUp() override {
    if (run("command -v openssl").empty()) GTEST_SKIP() << "openssl is not installed";
    ASSERT_TRUE(
        write_file_atomically(folder_ / "root.pem", as_bytes(keys_->authority.root().pem()), 0600)
            .has_value());
  }
  // What openssl tells of a listener that asks for no certificate.
  std::string s_client(const std::string& options) {
    return run("openssl s_client -connect 127.0.0.1:" +
               std::to_string(server_->ports().enrollment) + " -CAfile " + (folder_ / "root.pem") +
               " -verify_return_error " + options + " </dev/null 2>&1");
  }
  std::string serial() {
    return run(
        "openssl s_client -connect 127.0.0.1:" + std::to_string(server_->ports().enrollment) +
        " </dev/null 2>/dev/null | openssl x509 -noout -serial");
  }
};

TEST_F(ServerCertificateTest, IsShownWithAnOcspResponseThatOpensslVerifies) {
  const std::string told = s_client("-status");
  EXPECT_NE(told.find("OCSP Response Status: successful (0x0)"), std::string::npos) << told;
  EXPECT_NE(told.find("Cert Status: good"), std::string::npos) << told;
  EXPECT_NE(told.find("Verify return code: 0 (ok)"), std::string::npos) << told;
  EXPECT_EQ(told.find("Response Verify Failure"), std::string::npos) << told;
  EXPECT_EQ(s_client("").find("OCSP Response Status"), std::string::npos) << "only who asks";
}

// Of four seconds, looked at every 100 ms.
class ShortServerCertificate : public ServerCertificateTest {
 protected:
  ShortServerCertificate()
      : ServerCertificateTest(
            [](server::ServerConfig& config) {
              config.server_certificate_lifetime = std::chrono::seconds(4);
            },
            std::chrono::milliseconds(100)) {}
};

TEST_F(ShortServerCertificate, IsRenewedWhileAConnectionGoesOn) {
  const Client live = device_client("drone");
  ASSERT_EQ(get(*live, "/v1/attestation/wanted"), "");
  const auto binding = live->channel_binding();
  const std::string first = serial();
  ASSERT_NE(first, "");
  std::string later = first;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (later == first && std::chrono::steady_clock::now() < until)
    later = serial();
  EXPECT_NE(later, first);
  EXPECT_EQ(get(*live, "/v1/attestation/wanted"), "");
  EXPECT_EQ(live->channel_binding().value(), binding.value()) << "it is the same connection";
  EXPECT_NE(s_client("-status").find("Cert Status: good"), std::string::npos)
      << "the response is for the new one";
}

}  // namespace
}  // namespace vedette
