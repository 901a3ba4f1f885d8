// Credentials that a real TPM (swtpm) activates, and signatures that it makes, by way of
// tpm2-tools.
#include <cstdlib>

#include <gtest/gtest.h>

#include "base/fd.h"
#include "crypto/authority_sample.h"
#include "crypto/tpm.h"
#include "testing/temporary_folder.h"

namespace vedette::crypto {
namespace {

// What runs in a shell with $folder and a freshly started TPM; it ends with the shell.
constexpr const char* kPrologue = R"(set -e; cd "$folder"
swtpm socket --tpm2 --tpmstate "dir=$folder" --server "type=unixio,path=$folder/s" \
  --ctrl "type=unixio,path=$folder/s.ctrl" --flags not-need-init,startup-clear >swtpm.log 2>&1 &
trap "kill $!; wait" EXIT
export TPM2TOOLS_TCTI="swtpm:path=$folder/s"
for i in $(seq 50); do [ -S s ] && break; sleep 0.1; done
)";

struct CredentialCase {
  const char* name;
  const char* endorsement;  // tpm2_createek -G
  const char* attestation;  // tpm2_createak -G
  const char* scheme;       // tpm2_createak -s
};

class TpmCredential : public testing::TestWithParam<CredentialCase> {
 protected:
  void SetUp() override {
    if (std::system("command -v swtpm tpm2_activatecredential >/dev/null") != 0)
      GTEST_SKIP() << "swtpm or tpm2-tools is not installed (Debian: swtpm, tpm2-tools)";
  }

  // True if every command of the script succeeded.
  bool run(const std::string& script) const {
    const std::string text = "folder='" + folder_.path() + "'\n" + kPrologue + script;
    EXPECT_TRUE(write_file_atomically(folder_ / "script", as_bytes(text), 0600));
    const std::string command =
        "bash '" + (folder_ / "script") + "' >'" + (folder_ / "log") + "' 2>&1";
    const bool done = std::system(command.c_str()) == 0;
    if (!done) log_ = as_text(file("log"));
    return done;
  }
  [[nodiscard]] Bytes file(const std::string& name) const {
    return read_file(folder_ / name, 1 << 20).value_or(Bytes());
  }

  const TemporaryFolder folder_;
  mutable std::string log_;  // of the last script that failed
};

// Makes both keys; the emulator keeps them in persistent handles over its restarts.
std::string make_keys(const CredentialCase& param) {
  return std::string("tpm2_createek -G ") + param.endorsement +
         " -c 0x81010001 -u ek.pub -Q\n"
         "tpm2_createak -C 0x81010001 -c ak.ctx -G " +
         param.attestation + " -g sha256 -s " + param.scheme +
         " -u ak.pub -n ak.name -Q\n"
         "tpm2_flushcontext -t; tpm2_flushcontext -s; tpm2_flushcontext -l\n"
         "tpm2_evictcontrol -C o -c ak.ctx 0x81010002 -Q\n"
         "tpm2_quote -c 0x81010002 --scheme " +
         param.scheme + " -l sha256:0,1 -q 0badf00d -m quote.msg -s quote.sig -Q\n";
}

// tpm2-tools wrap the blob and the secret as: magic, version, TPM2B_ID_OBJECT,
// TPM2B_ENCRYPTED_SECRET.
Bytes credential_file(const MadeCredential& made) {
  Bytes content{0xBA, 0xDC, 0xC0, 0xDE, 0, 0, 0, 1};
  append(content, made.credential_blob);
  append(content, made.encrypted_secret);
  return content;
}

constexpr const char* kActivate = R"(
tpm2_startauthsession --policy-session -S session -Q
tpm2_policysecret -S session -c e -Q
tpm2_activatecredential -c 0x81010002 -C 0x81010001 -i credential -o secret -P session:session -Q
)";

TEST_P(TpmCredential, IsActivatedByItsTpmAlone) {
  ASSERT_TRUE(run(make_keys(GetParam()))) << log_;
  const auto ek = codec::parse_tpm2b_public(file("ek.pub"));
  ASSERT_TRUE(ek.has_value()) << describe(ek.error());
  const auto ak = codec::parse_tpm2b_public(file("ak.pub"));
  ASSERT_TRUE(ak.has_value()) << describe(ak.error());
  EXPECT_EQ(tpm_name(*ak).value(), file("ak.name"));

  const auto signature = codec::parse_tpmt_signature(file("quote.sig"));
  ASSERT_TRUE(signature.has_value()) << describe(signature.error());
  EXPECT_EQ(code_of(verify_tpm_signature(*ak, file("quote.msg"), *signature)), "");

  const Bytes secret = to_bytes("a secret of thirty-two octets...");
  const auto made = make_credential(*ek, file("ak.name"), SecretBytes(secret));
  ASSERT_TRUE(made.has_value()) << describe(made.error());
  ASSERT_TRUE(write_file_atomically(folder_ / "credential", credential_file(*made), 0600));
  ASSERT_TRUE(run(kActivate)) << log_;
  EXPECT_EQ(file("secret"), secret);

  // For an object of another name the TPM refuses.
  const auto foreign = make_credential(*ek, Bytes(34, 1), SecretBytes(secret));
  ASSERT_TRUE(write_file_atomically(folder_ / "credential", credential_file(*foreign), 0600));
  EXPECT_FALSE(run(kActivate));
  EXPECT_NE(log_.find("integrity check failed"), std::string::npos) << log_;
}

INSTANTIATE_TEST_SUITE_P(Kinds, TpmCredential,
                         testing::Values(CredentialCase{"RsaAndRsassa", "rsa", "rsa", "rsassa"},
                                         CredentialCase{"RsaAndRsapss", "rsa", "rsa", "rsapss"},
                                         CredentialCase{"EccAndEcdsa", "ecc", "ecc", "ecdsa"}),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace vedette::crypto
