// The lines of docs/est.md, run as they stand there against a real server.
#include <array>
#include <cstdio>
#include <fstream>

#include "base/fd.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

struct Ran {
  int status = -1;
  std::string output;
};

Ran run(const std::string& command) {
  Ran ran;
  FILE* const pipe =
      ::popen(command.c_str(), "r");  // NOLINT(cert-env33-c): a shell is what is tested
  if (pipe == nullptr) return ran;
  std::array<char, 4096> buffer{};
  for (std::size_t size = 0; (size = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    ran.output.append(buffer.data(), size);
  ran.status = ::pclose(pipe);
  return ran;
}

bool has(const std::string& program) {
  return run("command -v " + program + " >/dev/null 2>&1").status == 0;
}

// Every block of shell in the page, in order.
std::string shell_of(const std::string& path) {
  std::ifstream file(path);
  std::string script = "set -eu -o pipefail\n";
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      inside = line == "```bash";
      continue;
    }
    if (inside) script += line + "\n";
  }
  return script;
}

class EstPage : public ControlPlane {
 protected:
  void SetUp() override {
    for (const char* program : {"bash", "curl", "openssl", "csplit"})
      if (!has(program)) GTEST_SKIP() << program << " is not installed";
    ASSERT_EQ(run("cd " + here_ + " && openssl ecparam -name prime256v1 -genkey -noout" +
                  " -out device.key && openssl pkey -in device.key -pubout -out device.pub")
                  .status,
              0);
    const auto pem = read_file(here_ + "/device.pub", 65536);
    const auto key = crypto::PublicKey::from_pem(as_text(*pem));
    ASSERT_TRUE(key.has_value()) << describe(key.error());
    leaf_ = enroll("drone", *key);
    write("device.pem", leaf_->pem() + keys_->authority.issuing().pem());
    write("root.pem", keys_->authority.root().pem());
  }

  void write(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(write_file_atomically(here_ + "/" + name, as_bytes(text), 0600).has_value());
  }

  // In bash, with what the page says that is needed.
  [[nodiscard]] Ran bash(const std::string& script) const {
    const auto url = [](std::uint16_t port) {
      return "'https://127.0.0.1:" + std::to_string(port) + "'";
    };
    write("script.sh", script);
    return run("cd " + here_ + " && env DEVICE=drone TRUST_DOMAIN=test.vedette EST_ENROL=" +
               url(server_->ports().enrollment) + " EST_DEVICE=" + url(server_->ports().device) +
               " bash script.sh 2>&1");
  }

  const std::string here_ = folder_ / ".";
  std::optional<crypto::Certificate> leaf_;
};

TEST_F(EstPage, RunsAsItIsWritten) {
  const std::string script = shell_of(VEDETTE_EST_PAGE);
  ASSERT_NE(script.find("simplereenroll"), std::string::npos) << "the page has no lines to run";
  const Ran ran = bash(script);
  ASSERT_EQ(ran.status, 0) << ran.output;
  for (const char* said : {"leaf.pem: OK", "authorities.pem: OK", "prime256v1", "id-ecPublicKey",
                           "URI:spiffe://test.vedette/device/drone"})
    EXPECT_NE(ran.output.find(said), std::string::npos) << said << "\n" << ran.output;
  const auto renewed =
      crypto::Certificate::from_pem(as_text(*read_file(here_ + "/leaf.pem", 65536)));
  ASSERT_TRUE(renewed.has_value()) << describe(renewed.error());
  EXPECT_EQ(renewed->spki_sha256(), leaf_->spki_sha256());
  EXPECT_NE(renewed->serial_hex(), leaf_->serial_hex());
}

TEST_F(EstPage, AnotherKeyGetsNoCertificateByTheSameLines) {
  std::string script = shell_of(VEDETTE_EST_PAGE);
  const std::string ours = "openssl req -new -key device.key";
  const std::size_t at = script.find(ours);
  ASSERT_NE(at, std::string::npos);
  script.replace(at, ours.size(),
                 "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
                 "-noenc -keyout other.key");
  const Ran ran = bash(script);
  EXPECT_NE(ran.status, 0);
  EXPECT_NE(ran.output.find("403"), std::string::npos) << ran.output;
}

}  // namespace
}  // namespace vedette
