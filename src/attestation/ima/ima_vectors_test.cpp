// Lists and policies that other software made, judged as their README says.
#include <filesystem>

#include <gtest/gtest.h>

#include "attestation/ima/ima_appraisal.h"
#include "attestation/ima/ima_policy_import.h"
#include "attestation/ima/ima_samples.h"
#include "base/fd.h"
#include "codec/base64.h"
#include "codec/json.h"

namespace vedette::attestation {
namespace {

using codec::Json;
using codec::TpmAlgorithm;

const std::string kFolder = std::string(VEDETTE_VECTORS) + "/ima/";

class ImaVectors : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFolder))
      GTEST_SKIP() << "no vectors in " << kFolder << ": captured lists are not judged";
  }

  static std::string text(const std::string& name) {
    return std::string(as_text(read_file(kFolder + name, 4 << 20).value()));
  }
  static Json json(const std::string& name) { return codec::parse_json(text(name)).value(); }
  static ImaPolicy policy(const std::string& name) {
    return import_keylime_policy(text("keylime-sig/" + name)).value().policy;
  }
  static crypto::PublicKey rsa_key() {
    return crypto::PublicKey::from_pem(text("keylime-sig/rsa2048pub.pem")).value();
  }

  // The kinds of findings on a list whose boot_aggregate is not at issue: it is put in front.
  static std::vector<std::string> judged(const std::string& list, const ImaPolicy& policy) {
    std::vector<ImaEntry> entries{boot_entry()};
    ImaList parsed = parse_ima_ascii(list).value();
    for (ImaEntry& entry : parsed.entries)
      if (entry.path != kBootAggregate) entries.push_back(std::move(entry));
    std::vector<std::string> kinds;
    for (const ImaFinding& finding : appraise_ima(believed(entries), policy).findings)
      kinds.emplace_back(to_string(finding.kind));
    return kinds;
  }

  static void expect_replay(const std::string& name) {
    const auto list = parse_ima_ascii(text(name));
    ASSERT_TRUE(list.has_value()) << describe(list.error());
    const Json expected = json(name + ".expected.json");
    EXPECT_EQ(static_cast<std::int64_t>(list->entries.size()), expected.integer("entries").value());
    for (const auto& [bank, value] : *expected.find("pcr10")->if_object())
      EXPECT_EQ(
          to_hex(register_after(list->entries, list->entries.size(), hash_named(bank).value())),
          *value.if_string())
          << name << ' ' << bank;
  }
};

using Kinds = std::vector<std::string>;

TEST_F(ImaVectors, RefusesWhatIsNoList) {
  EXPECT_EQ(code_of(parse_ima_ascii(text("malformed/invalid_ima_log.txt"))), "ATT-IMA-SYNTAX");
  EXPECT_FALSE(parse_ima_ascii(text("policy-building/ima-log-unknown")).has_value());
}

TEST_F(ImaVectors, JudgesSingleEntriesAsKeylimeDoesButTheOldTemplate) {
  const Json entries = json("entries.json");
  for (const Json& each : *entries.if_array()) {
    const std::string name = each.string("name").value();
    const auto list = parse_ima_ascii(each.string("entry").value());
    if (name == "ima") {  // refused here by decision: SHA-1 throughout, and names are cut
      EXPECT_EQ(code_of(list), "ATT-IMA-TEMPLATE");
      continue;
    }
    ASSERT_EQ(list.has_value(), each.string("expect").value() == "valid") << name;
    if (list) {
      EXPECT_EQ(to_hex(list->entries[0].template_data), each.string("template_data_hex").value());
    }
  }
}

TEST_F(ImaVectors, ReadsDeviceMapperBuffers) {
  const Json entries = json("device-mapper-entries.json");
  ASSERT_EQ(entries.if_array()->size(), 10U);
  for (const Json& each : *entries.if_array()) {
    const auto list = parse_ima_ascii(each.string("entry").value());
    ASSERT_TRUE(list.has_value()) << describe(list.error());
    EXPECT_EQ(list->entries[0].kind, ImaTemplate::buf);
    EXPECT_FALSE(list->entries[0].buffer.empty());
  }
}

TEST_F(ImaVectors, ReplaysListsToTheExpectedRegisters) {
  expect_replay("ascii_runtime_measurements");
  expect_replay("keylime-sig/measurements.txt");
  expect_replay("keylime-sig/signatures.txt");
}

TEST_F(ImaVectors, ReadsTheSameFromTheBinaryForm) {
  const auto list = parse_ima_ascii(text("ascii_runtime_measurements")).value();
  ASSERT_EQ(list.entries.size(), 826U);
  Bytes binary;
  for (const ImaEntry& entry : list.entries)
    append(binary, encode_ima_binary(entry));
  EXPECT_EQ(parse_ima_binary(binary)->entries, list.entries);
}

TEST_F(ImaVectors, RefusesALongListWhoseKernelSawNoTpm) {
  const auto list = parse_ima_ascii(text("ascii_runtime_measurements")).value();
  EXPECT_EQ(code_of(advance({}, list, register_after(list.entries, 826), sample_boot())),
            "ATT-IMA-BOOT-AGGREGATE");
}

TEST_F(ImaVectors, ReadsListsOfOneOrTwoEntries) {
  EXPECT_EQ(parse_ima_ascii(text("ima_log-one-entry.txt"))->entries[0].path, kBootAggregate);
  EXPECT_EQ(parse_ima_ascii(text("policy-building/ima-log-sha256"))->entries[1].path, "/data");
  EXPECT_EQ(parse_ima_ascii(text("policy-building/ima-log-sha1"))->entries[1].digest.algorithm,
            TpmAlgorithm::sha1);
}

TEST_F(ImaVectors, AcceptsMeasurementsOfThePolicyAndNoneOfAnother) {
  const std::string list = text("keylime-sig/measurements.txt");
  EXPECT_EQ(judged(list, policy("policy.json")), Kinds{});
  EXPECT_EQ(judged(list, policy("policy-excludes.json")), Kinds{});
  EXPECT_EQ(judged(list, {}), (Kinds{"unknown-file", "unknown-file"}));
  EXPECT_EQ(judged(list, policy("policy-wrong.json")), (Kinds{"unknown-file", "unknown-file"}));
}

// The second file's key is on secp256k1, which no key here may be: its signature is that of an
// unknown key, so the file needs its digest in the policy.
TEST_F(ImaVectors, AcceptsSignaturesByKeysOfTheRingAlone) {
  EXPECT_EQ(code_of(crypto::PublicKey::from_pem(text("keylime-sig/secp256k1-pub.pem"))),
            "KEY-WEAK");
  const std::string list = text("keylime-sig/signatures.txt");
  EXPECT_EQ(judged(list, {}), (Kinds{"unknown-key", "unknown-key"}));
  EXPECT_EQ(judged(list, policy("policy.json")), Kinds{});
  ImaPolicy wrong = policy("policy-wrong.json");
  EXPECT_EQ(judged(list, wrong), (Kinds{"other-digest", "other-digest"}));
  ASSERT_TRUE(wrong.trust(ima_key(rsa_key())).has_value());
  EXPECT_EQ(judged(list, wrong), Kinds{"other-digest"});
}

// The list's hash is that of the entry before it was bent, so the list is refused; with the hash of
// its own, the signature is.
TEST_F(ImaVectors, RefusesTheSignatureWhoseLengthIsNotItsOwn) {
  const std::string list = text("keylime-sig/bad-signature.txt");
  EXPECT_EQ(code_of(parse_ima_ascii(list)), "ATT-IMA-DIGEST");
  const std::size_t last = list.rfind(' ') + 1;
  const std::size_t end = list.find_last_not_of('\n') + 1;
  const Bytes signature = codec::from_hex(list.substr(last, end - last)).value();
  EXPECT_EQ(code_of(parse_ima_signature(signature)), "ATT-IMA-SIGNATURE");
  const FileDigest digest = policy("policy.json").file("/usr/bin/zmore")->at(0);
  const auto advance = believed({boot_entry(), signed_entry("/usr/bin/zmore", digest, signature)});
  for (const char* each : {"policy.json", "policy-wrong.json"})
    EXPECT_EQ(appraise_ima(advance, policy(each)).findings.at(0).kind,
              ImaFindingKind::bad_signature);
}

TEST_F(ImaVectors, FindsKeysByTheIdentifierInTheSignature) {
  const auto list = parse_ima_ascii(text("keylime-sig/signatures.txt")).value();
  const auto signature = parse_ima_signature(list.entries[0].signature).value();
  EXPECT_EQ(ima_key(rsa_key()).id, signature.key_id);
  for (std::size_t i = 0; i < signature.signature.size(); i += 17) {
    ImaSignature bent = signature;
    bent.signature[i] ^= 1U;
    EXPECT_EQ(code_of(verify_ima_signature(bent, list.entries[0].digest, ima_key(rsa_key()))),
              "SIG-INVALID");
  }
}

TEST_F(ImaVectors, TakesOverPoliciesAndRefusesUnknownDigests) {
  const std::string folder = "policy-building/";
  EXPECT_EQ(code_of(import_keylime_policy(text(folder + "policy-unknown"))), "ATT-IMA-POLICY");
  EXPECT_EQ(code_of(import_digest_list(text(folder + "allowlist-unknown"))), "ATT-IMA-POLICY");
  for (const char* hash : {"sha1", "sha256"}) {
    const auto json = import_keylime_policy(text(folder + "policy-" + hash + ".json"));
    ASSERT_TRUE(json.has_value()) << describe(json.error());
    EXPECT_EQ(json->policy.file("/base_policy_data")->at(0).algorithm, hash_named(hash));
    const auto flat = import_digest_list(text(folder + "allowlist-" + hash));
    ASSERT_TRUE(flat.has_value()) << describe(flat.error());
    EXPECT_EQ(flat->file("data")->at(0).algorithm, hash_named(hash));
  }
}

TEST_F(ImaVectors, TakesOverTheSignedPolicysPayload) {
  const std::string plain = text("signed-policy/runtime-policy-test.json");
  const Json envelope = json("signed-policy/runtime-policy-test-signed.json");
  const Bytes payload = codec::from_base64(envelope.string("payload").value()).value();
  for (const std::string_view each : {std::string_view(plain), as_text(payload)}) {
    const auto import = import_keylime_policy(each);
    ASSERT_TRUE(import.has_value()) << describe(import.error());
    EXPECT_EQ(import->policy.paths(), 20U);
    EXPECT_NE(import->policy.buffer(".ima"), nullptr);
  }
}

}  // namespace
}  // namespace vedette::attestation
