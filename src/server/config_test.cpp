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

TEST(ServerConfig, ReadsHowKeysAreKeptAndGuessesNothing) {
  const auto silent = load(kSound);
  EXPECT_FALSE(silent->keys.insecure_unencrypted || silent->keys.insecure_extractable);
  EXPECT_EQ(silent->keys.issuing_key + silent->keys.passphrase_file, "");
  const auto said = load(std::string(kSound) +
                         "[ca]\nissuing_key = 'pkcs11:token=t'\n"
                         "[keys]\npassphrase_file = '/run/p'\npassphrase_credential = 'c'\n");
  EXPECT_EQ(said->keys.issuing_key, "pkcs11:token=t");
  EXPECT_EQ(said->keys.passphrase_file, "/run/p");
  EXPECT_EQ(said->keys.passphrase_credential, "c");
  EXPECT_EQ(load(std::string(kSound) + "[keys]\ninsecure_unencrypted = 'yes'\n").error().code,
            "CONFIG-VALUE");
}

TEST(ServerConfig, ReadsWhichRepositoryItRenewsAndByWhichKey) {
  EXPECT_EQ(load(kSound)->tuf.repository, "") << "none";
  EXPECT_EQ(load(std::string(kSound) + "[tuf]\nonline_key = 'o'\n").error().code, "CONFIG-MISSING");
  const std::string base = std::string(kSound) + "[tuf]\nrepository = 'repo'\n";
  for (const char* life : {"timestamp_seconds = 59", "snapshot_seconds = 31536001"})
    EXPECT_EQ(load(base + life + "\n").error().code, "CONFIG-VALUE") << life;
  const auto file = load(base + "online_key = 'online.key'\ntimestamp_seconds = 600\n");
  EXPECT_TRUE(file->tuf.repository.starts_with('/') && file->tuf.repository.ends_with("/repo"));
  EXPECT_TRUE(file->tuf.online_key.starts_with('/'));
  EXPECT_EQ(file->tuf.timestamp_lifetime, std::chrono::seconds(600));
  const auto token = load(base + "online_key = 'pkcs11:token=t'\n");
  EXPECT_EQ(token->tuf.online_key, "pkcs11:token=t");
}

TEST(ServerConfig, FindsThePolicyBesideItself) {
  EXPECT_EQ(load(kSound)->policy, "") << "the built-in one";
  const std::string path = load("policy = 'own.policy'\n" + std::string(kSound))->policy;
  EXPECT_TRUE(path.starts_with('/') && path.ends_with("/own.policy")) << path;
}

TEST(ServerConfig, RefusesSha1ByName) {
  const auto of = [](const std::string& bank) {
    return load(kSound + ("bank = '" + bank + "'\n"));
  };
  const auto refused = of("sha1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "CONFIG-VALUE");
  EXPECT_TRUE(refused.error().cause.starts_with("sha1"));
  for (const char* bank : {"", "sha512", "SHA256", "md5"})
    EXPECT_EQ(of(bank).error().code, "CONFIG-VALUE") << bank;
  EXPECT_EQ(of("sha384")->bank, codec::TpmAlgorithm::sha384);
  EXPECT_EQ(load(kSound)->bank, codec::TpmAlgorithm::sha256);
}

TEST(ServerConfig, RefusesAServerWithoutAName) {
  EXPECT_EQ(load("state_folder='s'\ntrust_domain='t'\n[attestation]\nregisters=[0]\n").error().code,
            "CONFIG-MISSING");
}

TEST(ServerConfig, RefusesMoreManifestSignersThanAreTried) {
  std::string list;
  for (int i = 0; i < 65; ++i)
    list += "'k.pem',";
  const std::string base = std::string(kSound) + "manifest_signers=[";
  EXPECT_EQ(load(base + list + "]\n").error().code, "CONFIG-VALUE");
  EXPECT_EQ(load(base + "7]\n").error().code, "CONFIG-VALUE");
}

TEST(ServerConfig, FindsTheKeysOfManifestSignersBesideItself) {
  const auto config = load(std::string(kSound) + "manifest_signers=['makers/acme.pem']\n");
  ASSERT_TRUE(config.has_value()) << describe(config.error());
  ASSERT_EQ(config->manifest_signers.size(), 1U);
  EXPECT_TRUE(config->manifest_signers[0].starts_with("/"));
  EXPECT_TRUE(config->manifest_signers[0].ends_with("/makers/acme.pem"));
  EXPECT_TRUE(load(kSound)->manifest_signers.empty());
}

TEST(ServerConfig, RefusesAServerThatIssuesNothing) {
  const std::string base = std::string(kSound) + "[certificates]\nissuances_at_once = ";
  for (const char* most : {"0", "-1", "1025", "'all'"})
    EXPECT_EQ(load(base + most + "\n").error().code, "CONFIG-VALUE") << most;
  EXPECT_EQ(load(base + "8\n")->issuances_at_once, 8U);
}

TEST(ServerConfig, RefusesATokenGroupThatIsNone) {
  const std::string base = std::string(kSound) + "[enrollment]\ntoken_groups = ";
  for (const char* groups : {"['A group']", "['']", "['line-a', '**']", "[7]"})
    EXPECT_EQ(load(base + groups + "\n").error().code, "CONFIG-VALUE") << groups;
  EXPECT_EQ(load(base + "['line-a', '*']\n")->token_groups,
            (std::vector<std::string>{"line-a", "*"}));
  EXPECT_TRUE(load(kSound)->token_groups.empty());
}

TEST(ServerConfig, RefusesAnAudienceThatAPolicyCouldNotHold) {
  const std::string base = std::string(kSound) + "[tokens]\naudiences = ";
  const std::string injected = R"(['a"] because "x"; rule y permit device to any because "z'])";
  std::string many;
  for (int i = 0; i <= 64; ++i)
    many += "'a" + std::to_string(i) + "', ";
  for (const std::string& audiences :
       {std::string("['']"), std::string("['two words']"), injected, std::string("['a', 'a']"),
        std::string("['caf\xc3\xa9']"), "['" + std::string(256, 'a') + "']", "[" + many + "]"})
    EXPECT_EQ(load(base + audiences + "\n").error().code, "CONFIG-VALUE") << audiences;
  EXPECT_EQ(load(base + "['https://maps.example', 'urn:weather']\n")->token_audiences,
            (std::vector<std::string>{"https://maps.example", "urn:weather"}));
  EXPECT_TRUE(load(kSound)->token_audiences.empty());
}

TEST(ServerConfig, SortsRegistersIntoTheOrderOfTheQuote) {
  const auto config = load(kSound);
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config->registers, (std::vector<std::uint8_t>{0, 4, 7, 13}));
}

}  // namespace
}  // namespace vedette::server
