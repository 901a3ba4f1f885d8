#include "agent/config.h"

#include <fstream>

#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace vedette::agent {
namespace {

constexpr const char* kSound = R"(state_folder = "state"
trust_domain = "demo.vedette"
[server]
host = "vedette.example"
enrollment_port = 8443
device_port = 8444
roots = "root.pem"
[tpm]
device = "/dev/tpmrm0"
[inference]
worker = "vedette-worker"
[releases]
models = ["voice"]
publisher_keys = ["publisher.pub"]
)";

Result<AgentConfig> load(const std::string& text) {
  const TemporaryFolder folder;
  std::ofstream(folder / "agent.toml") << text;
  return load_agent_config(folder / "agent.toml");
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(AgentConfig, RefusesBothTpmsAtOnceAndNone) {
  EXPECT_EQ(load(with(kSound, "device = \"/dev/tpmrm0\"", "")).error().code, "CONFIG-VALUE");
  EXPECT_EQ(load(with(kSound, "[tpm]", "[tpm]\ninsecure_software_tpm = \"/tmp/s\"")).error().code,
            "CONFIG-VALUE");
}

TEST(AgentConfig, RefusesADeviceKeyThatLivesNowhere) {
  const auto of = [](const std::string& name) {
    return load(std::string(kSound) + "[device]\nkey = '" + name + "'\n");
  };
  for (const char* name : {"", "memory", "memory:", "TPM", "tpm:", "file:/key", "PKCS11:token=t"})
    EXPECT_EQ(of(name).error().code, "CONFIG-VALUE") << name;
  EXPECT_EQ(load(kSound)->device_key_kind, identity::KeyKind::tpm);
  EXPECT_EQ(of("tpm")->device_key, "tpm:");
  const std::string token = "pkcs11:token=t;object=o?module-path=/m.so";
  EXPECT_EQ(of(token)->device_key, token);
  EXPECT_EQ(of(token)->device_key_kind, identity::KeyKind::pkcs11);
  EXPECT_EQ(of("insecure-memory")->device_key, "memory:");
  EXPECT_EQ(of("insecure-memory")->device_key_kind, identity::KeyKind::memory);
}

TEST(AgentConfig, FindsTheEnrolmentTokenBesideItself) {
  const auto config = load(std::string(kSound) + "[device]\nenrollment_token_file = 'token'\n");
  ASSERT_TRUE(config.has_value()) << describe(config.error());
  EXPECT_TRUE(config->enrollment_token_file.starts_with('/'));
  EXPECT_TRUE(config->enrollment_token_file.ends_with("/token"));
  EXPECT_EQ(load(kSound)->enrollment_token_file, "");
}

TEST(AgentConfig, RefusesAnAttestationKeyOfNoKnownKind) {
  const auto of_kind = [](const std::string& kind) {
    return load(with(kSound, "[tpm]", "[tpm]\nattestation_key = '" + kind + "'"));
  };
  for (const char* kind : {"rsa-1024", "ecdsa-p521", "", "RSA-2048", "2048"})
    EXPECT_EQ(of_kind(kind).error().code, "CONFIG-VALUE") << kind;
  EXPECT_EQ(of_kind("rsa-2048")->attestation_key, platform::AttestationKeyKind::rsa_2048);
  EXPECT_EQ(of_kind("ecdsa-p384")->attestation_key, platform::AttestationKeyKind::ecdsa_p384);
  EXPECT_EQ(load(kSound)->attestation_key, platform::AttestationKeyKind::ecdsa_p256);
}

TEST(AgentConfig, RefusesARegisterThatCannotVouchForTheAgent) {
  const auto at = [](const std::string& number) {
    return load(std::string(kSound) + "[attestation]\nruntime_register = " + number + "\n");
  };
  for (const char* number : {"10", "16", "17", "22", "23", "24", "-1", "\"none\""})
    EXPECT_EQ(at(number).error().code, "CONFIG-VALUE") << number;
  for (const char* number : {"0", "11", "15"})
    EXPECT_TRUE(at(number).has_value()) << number;
  EXPECT_EQ(at("14")->runtime_register, 14);
  EXPECT_EQ(load(kSound)->runtime_register, 13);
}

TEST(AgentConfig, ReadsWhereFirmwareAndKernelKeepTheirLogs) {
  const auto plain = load(kSound);
  EXPECT_EQ(plain->event_log, "/sys/kernel/security/tpm0/binary_bios_measurements");
  EXPECT_EQ(plain->ima_log, "/sys/kernel/security/ima/binary_runtime_measurements");
  const auto own = load(std::string(kSound) + "[attestation]\nevent_log = \"boot.log\"\n");
  EXPECT_TRUE(own->event_log.ends_with("/boot.log") && own->event_log.starts_with("/"));
}

TEST(AgentConfig, DigestsTheSettingsInForceAndNotTheirOrder) {
  const auto plain = load(kSound);
  EXPECT_NE(plain->settings_sha256, crypto::Sha256Digest{});
  EXPECT_EQ(load("# a comment\n" + std::string(kSound))->settings_sha256, plain->settings_sha256);
  const auto turned = load(with(kSound, "enrollment_port = 8443\ndevice_port = 8444",
                                "device_port = 8444\nenrollment_port = 8443"));
  EXPECT_EQ(turned->settings_sha256, plain->settings_sha256);
  EXPECT_NE(load(with(kSound, "8443", "8445"))->settings_sha256, plain->settings_sha256);
}

TEST(AgentConfig, RefusesToServeModelsToTheNetwork) {
  EXPECT_EQ(load(std::string(kSound) + "[api]\naddress = \"0.0.0.0\"\n").error().code,
            "CONFIG-VALUE");
}

TEST(AgentConfig, RefusesAPostureThatDoesNotExist) {
  const auto at = [](const std::string& posture) {
    return load(with(kSound, "[inference]", "[inference]\nposture = \"" + posture + "\""));
  };
  EXPECT_EQ(at("relaxed").error().code, "CONFIG-VALUE");
  EXPECT_EQ(at("without-landlock")->posture, inference::Posture::without_landlock);
  EXPECT_EQ(load(kSound)->posture, inference::Posture::full);
}

TEST(AgentConfig, RefusesAnApiThatNobodyCanReach) {
  EXPECT_EQ(load(std::string(kSound) + "[api]\ntcp = false\n").error().code, "CONFIG-VALUE");
}

TEST(AgentConfig, RefusesCallersAndModesThatMakeNoSense) {
  const std::string api = std::string(kSound) + "[api]\nunix_socket = \"api.sock\"\n";
  EXPECT_EQ(load(api + "unix_mode = \"rw\"\n").error().code, "CONFIG-VALUE");
  EXPECT_EQ(load(api + "callers = 1\n").error().code, "CONFIG-VALUE");
  EXPECT_EQ(load(api + "[[api.callers]]\nuid = 1\n").error().code, "CONFIG-VALUE");
  EXPECT_EQ(load(api + "[[api.callers]]\nuid = 1\nmodels = [\"a\"]\nx = 1\n").error().code,
            "CONFIG-UNKNOWN");
}

TEST(AgentConfig, ReadsWhoMayAskAndWhere) {
  const auto config = load(std::string(kSound) +
                           "[api]\nunix_socket = \"api.sock\"\ntcp = false\nunix_mode = \"0666\"\n"
                           "[[api.callers]]\nuid = 1001\nmodels = [\"voice\"]\n"
                           "[[api.callers]]\nany = true\nmodels = [\"*\"]\ninfer = false\n");
  ASSERT_TRUE(config.has_value()) << describe(config.error());
  EXPECT_FALSE(config->api_tcp);
  EXPECT_TRUE(config->api_unix_socket.starts_with('/'));
  EXPECT_TRUE(config->api_unix_socket.ends_with("/api.sock"));
  EXPECT_EQ(config->api_unix_mode, 0666U);
  ASSERT_EQ(config->api_callers.size(), 2U);
  EXPECT_EQ(config->api_callers[0].uid, 1001U);
  EXPECT_FALSE(config->api_callers[1].may_infer);
  const auto plain = load(kSound);
  EXPECT_TRUE(plain->api_tcp);
  EXPECT_TRUE(plain->api_unix_socket.empty());
  EXPECT_TRUE(plain->api_callers.empty());
}

TEST(AgentConfig, AllowsContractsNoPowerThatItDoesNotName) {
  const auto allowing = [](const std::string& list) {
    return load(with(kSound, "[inference]", "[inference]\nallow = [" + list + "]"));
  };
  EXPECT_EQ(allowing("\"everything\"").error().code, "CONFIG-VALUE");
  EXPECT_EQ(allowing("\"device-node /etc/passwd\"").error().code, "CONFIG-VALUE");
  const auto plain = load(kSound);
  ASSERT_TRUE(plain.has_value());
  EXPECT_TRUE(plain->powers.empty());
  EXPECT_FALSE(plain->allow_ort_format);
  const auto wide = allowing(R"("threads 4", "ort")");
  ASSERT_TRUE(wide.has_value()) << describe(wide.error());
  EXPECT_EQ(wide->powers, std::vector<inference::Power>{inference::ThreadsPower{4}});
  EXPECT_TRUE(wide->allow_ort_format);
}

TEST(AgentConfig, KeepsNoModelOnDiskUnlessItIsTold) {
  EXPECT_EQ(load(kSound)->cache_max_bytes, 0U);
  const auto told = load(with(kSound, "[releases]", "[releases]\ncache_max_mib = 3"));
  ASSERT_TRUE(told) << describe(told.error());
  EXPECT_EQ(told->cache_max_bytes, 3U << 20U);
}

// The server would never hear that the last one runs, and so never tell that it is blocked.
TEST(AgentConfig, RefusesMoreModelsThanTheServerIsToldOf) {
  const auto of = [](int models) {
    std::string list = "models = [";
    for (int i = 0; i < models; ++i)
      list += "\"m" + std::to_string(i) + "\",";
    return load(with(kSound, "models = [\"voice\"", list.substr(0, list.size() - 1)));
  };
  EXPECT_EQ(of(65).error().code, "CONFIG-VALUE");
  EXPECT_EQ(of(64)->models.size(), 64U);
}

TEST(AgentConfig, RefusesAMisspelledSetting) {
  const auto refused = load(with(kSound, "host =", "hots ="));
  EXPECT_EQ(refused.error().code, "CONFIG-MISSING");
  EXPECT_EQ(load(std::string(kSound) + "[api]\nprot = 1\n").error().code, "CONFIG-UNKNOWN");
}

TEST(AgentConfig, OffersSharedMemoryOnlyWhereTheOperatorNamesASocket) {
  EXPECT_EQ(load(std::string(kSound) + "[api]\nmemory_sessions = 0\n").error().code,
            "CONFIG-VALUE");
  EXPECT_EQ(load(kSound).value().memory_socket, "");
  const auto config = load(std::string(kSound) + "[api]\nmemory_socket = \"memory.sock\"\n");
  ASSERT_TRUE(config.has_value());
  EXPECT_TRUE(config->memory_socket.ends_with("/memory.sock"));
  EXPECT_EQ(config->memory_sessions, 16U);
}

TEST(AgentConfig, NamesASoftwareTpmAsInsecure) {
  const auto hardware = load(kSound);
  ASSERT_TRUE(hardware.has_value());
  EXPECT_FALSE(hardware->insecure_software_tpm);
  EXPECT_EQ(hardware->tcti, "device:/dev/tpmrm0");
  const auto software =
      load(with(kSound, "device = \"/dev/tpmrm0\"", "insecure_software_tpm = \"/run/tpm\""));
  ASSERT_TRUE(software.has_value());
  EXPECT_TRUE(software->insecure_software_tpm);
  EXPECT_EQ(software->tcti, "swtpm:path=/run/tpm");
}

}  // namespace
}  // namespace vedette::agent
