// The lines of docs/rollover.md, run as they stand there by the program itself, while a device
// works.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "rollover_fixture.h"

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

// Each block of shell in the page, in order.
std::vector<std::string> blocks_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> blocks;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    const bool fence = line.starts_with("```");
    if (fence) inside = line == "```bash";
    if (fence && inside) blocks.emplace_back("set -eu -o pipefail\n");
    if (!fence && inside) blocks.back() += line + "\n";
  }
  return blocks;
}

class Runbook : public RolloverMidFleet {
 protected:
  void SetUp() override {
    write("root.passphrase", "in the safe");
    write("server.toml",
          "state_folder = \"state\"\ntrust_domain = \"test.vedette\"\n"
          "ip_addresses = [\"127.0.0.1\"]\n[keys]\ninsecure_unencrypted = true\n"
          "[attestation]\nregisters = [0, 4]\n");
    const SecretBytes passphrase(to_bytes(std::string_view("in the safe")));
    const auto written = server::write_encrypted_key(folder_ / "root-1.key", root_key_, passphrase);
    ASSERT_TRUE(written.has_value()) << describe(written.error());
    std::filesystem::remove(folder_ / "state/offline/root.key");  // carried away
  }

  void write(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(write_file_atomically(folder_ / name, as_bytes(text), 0400).has_value());
  }
  [[nodiscard]] Ran bash(const std::string& script) const {
    write("script.sh", script);
    return run("cd '" + (folder_ / "") +
               "' && PATH=\"" VEDETTE_BIN_DIR ":$PATH\" bash script.sh 2>&1");
  }
};

TEST_F(Runbook, RunsAsItIsWrittenWhileADeviceWorks) {
  const auto blocks = blocks_of(VEDETTE_ROLLOVER_PAGE);
  ASSERT_EQ(blocks.size(), 4U);
  const auto drone = set_out("drone");
  std::string output;
  for (const std::string& block : blocks) {
    const Ran ran = bash(block);
    ASSERT_EQ(ran.status, 0) << block << ran.output;
    output += ran.output;
    restart();
    EXPECT_EQ(get(*connect(*drone), "/v1/attestation/wanted"), "") << block;
    EXPECT_EQ(get(*operator_client(), "/v1/status"), "") << block;
    (void)follow(*drone);
    EXPECT_EQ(renew(*drone), "") << block;
    EXPECT_TRUE(is_of_present_issuer(*drone)) << block;
  }
  EXPECT_EQ(drone->trust.version(), 4U);
  EXPECT_NE(output.find("trust bundle 4"), std::string::npos) << output;
  EXPECT_NE(output.find("issuing.pem: OK"), std::string::npos) << output;
  // And what the page warns of: the former root's key, or a wrong passphrase, hands nothing over.
  EXPECT_NE(bash(blocks.at(0)).output.find("CA-ROOT-KEY"), std::string::npos);
  write("root.passphrase", "something else");
  EXPECT_NE(bash(blocks.at(0)).output.find("KEY-PASSPHRASE"), std::string::npos);
}

}  // namespace
}  // namespace vedette
