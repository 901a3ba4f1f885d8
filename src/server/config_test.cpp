#include "server/config.h"

#include <fstream>

#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace vedette::server {
namespace {

constexpr const char* kSound = R"(state_folder = "state"
trust_domain = "demo.vedette"
dns_names = ["vedette.example"]
[attestation]
registers = [7, 0, 4]
)";

Result<ServerConfig> load(const std::string& text) {
  const TemporaryFolder folder;
  std::ofstream(folder / "server.toml") << text;
  return load_server_config(folder / "server.toml");
}

TEST(ServerConfig, RefusesToAttestNothing) {
  EXPECT_EQ(load("state_folder='s'\ntrust_domain='t'\ndns_names=['d']\n").error().code,
            "CONFIG-MISSING");
}

TEST(ServerConfig, RefusesRegistersThatDoNotExistOrRepeat) {
  const std::string base = "state_folder='s'\ntrust_domain='t'\ndns_names=['d']\n[attestation]\n";
  EXPECT_EQ(load(base + "registers=[24]\n").error().code, "CONFIG-VALUE");
  EXPECT_EQ(load(base + "registers=[4,4]\n").error().code, "CONFIG-VALUE");
  EXPECT_EQ(load(base + "registers='all'\n").error().code, "CONFIG-VALUE");
}

TEST(ServerConfig, RefusesAServerWithoutAName) {
  EXPECT_EQ(load("state_folder='s'\ntrust_domain='t'\n[attestation]\nregisters=[0]\n").error().code,
            "CONFIG-MISSING");
}

TEST(ServerConfig, SortsRegistersIntoTheOrderOfTheQuote) {
  const auto config = load(kSound);
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->registers, (std::vector<std::uint8_t>{0, 4, 7}));
}

}  // namespace
}  // namespace vedette::server
