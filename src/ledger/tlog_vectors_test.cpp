// The `tlog` vectors: notes, verifier keys, checkpoints and a whole small log.
#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/fd.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "ledger/checkpoint.h"
#include "ledger/merkle.h"
#include "testing/memory_log_store.h"

namespace vedette::ledger {
namespace {

namespace fs = std::filesystem;
using codec::Json;

const fs::path kVectors = fs::path(VEDETTE_VECTORS) / "tlog";

std::string text_of(const std::string& name) {
  const auto bytes = read_file((kVectors / name).string(), 1 << 20);
  EXPECT_TRUE(bytes) << name;
  return bytes ? std::string(as_text(*bytes)) : std::string();
}

Json json_of(const std::string& name) {
  const auto json = codec::parse_json(text_of(name));
  EXPECT_TRUE(json) << name;
  return json ? *json : Json();
}

std::string text(const Json& json, std::string_view name) {
  const auto value = json.string(name);
  EXPECT_TRUE(value) << name;
  return value.value_or("");
}

bool wanted(const Json& one) {
  return text(one, "expect") == "valid";
}

// What follows the nth `+`; base64 may hold more of them.
std::string_view after_plus(std::string_view text, int count) {
  for (; count > 0; --count)
    text.remove_prefix(std::min(text.find('+'), text.size() - 1) + 1);
  return text;
}

class TlogVectors : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kVectors)) GTEST_SKIP() << "no vectors at " << kVectors;
  }
};

TEST_F(TlogVectors, VerifierKeys) {
  const Json cases = json_of("note/verifier-keys.json");
  for (const Json& one : *cases.if_array()) {
    const std::string vkey = text(one, "vkey");
    // Of the algorithms only Ed25519 (0x01, `AQ` or `AR` or `AY`...: six zero bits, then 01) is
    // ours.
    const auto bytes = codec::from_base64(after_plus(vkey, 2));
    const bool ed25519 = bytes && !bytes->empty() && bytes->front() == 1;
    EXPECT_EQ(NoteVerifier::parse(vkey).has_value(), wanted(one) && ed25519) << vkey;
  }
}

TEST_F(TlogVectors, OpenCases) {
  std::size_t opened = 0;
  const Json cases = json_of("note/open-cases.json");
  for (const Json& one : *cases.if_array()) {
    std::vector<NoteVerifier> known;
    for (const Json& vkey : *one.find("verifier_keys")->if_array()) {
      const auto verifier = NoteVerifier::parse(*vkey.if_string());
      ASSERT_TRUE(verifier) << *vkey.if_string();
      known.push_back(*verifier);
    }
    const Bytes note = *codec::from_base64(text(one, "note_b64"));
    const auto result = open_note(as_text(note), known);
    EXPECT_EQ(result.has_value(), wanted(one)) << text(one, "name");
    opened += result.has_value() ? 1U : 0U;
  }
  EXPECT_EQ(opened, 3U);
}

TEST_F(TlogVectors, SignsTheSameNoteOctetForOctet) {
  const Json one = json_of("note/sign-case.json");
  const std::string skey = text(one, "signer_key");  // PRIVATE+KEY+<name>+<id>+<0x01 || seed>
  Bytes pkcs8{0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
              0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
  const Bytes blob = *codec::from_base64(after_plus(skey, 4));
  append(pkcs8, ByteView(blob).subspan(1));
  const auto key = crypto::PrivateKey::from_pem(
      "-----BEGIN PRIVATE KEY-----\n" + codec::to_base64(pkcs8) + "\n-----END PRIVATE KEY-----\n");
  ASSERT_TRUE(key) << describe(key.error());
  const auto signer = NoteSigner::create("PeterNeumann", *key);
  ASSERT_TRUE(signer);
  EXPECT_EQ(signer->verifier().vkey(), text(one, "verifier_key"));
  EXPECT_EQ(signer->sign(text(one, "text")), text(one, "signed_note"));
}

// Upstream takes a root of any length and empty extension lines; the standard takes neither.
TEST_F(TlogVectors, CheckpointBodies) {
  const std::string root = codec::to_base64(Bytes(32, 1));
  std::size_t accepted = 0;
  const Json cases = json_of("checkpoint-bodies.json");
  for (const Json& one : *cases.if_array()) {
    const std::string body = text(one, "body");
    EXPECT_FALSE(parse_checkpoint_body(body)) << "a short root: " << body;
    const std::size_t start = body.find('\n', body.find('\n') + 1) + 1;
    const std::size_t end = body.find('\n', start);
    const std::string whole = body.substr(0, start) + root + body.substr(end);
    const bool strict = whole.find("\n\n") == std::string::npos;
    EXPECT_EQ(parse_checkpoint_body(whole).has_value(), wanted(one) && strict) << whole;
    accepted += parse_checkpoint_body(whole).has_value() ? 1U : 0U;
  }
  EXPECT_EQ(accepted, 2U);
}

TEST_F(TlogVectors, RebuildsTheLogAndItsCheckpoints) {
  std::string vkey = text_of("tessera-log/vkey.txt");
  while (vkey.ends_with('\n'))
    vkey.pop_back();
  const auto verifier = NoteVerifier::parse(vkey);
  ASSERT_TRUE(verifier) << describe(verifier.error());
  const Bytes bundle = to_bytes(text_of("tessera-log/tile/entries/000.p/15"));
  vedette::testing::MemoryLogStore store;
  std::size_t offset = 0;
  for (std::uint64_t size = 0; size <= 15; ++size) {
    const auto checkpoint =
        verify_checkpoint(text_of("tessera-log/checkpoint." + std::to_string(size)), *verifier);
    ASSERT_TRUE(checkpoint) << size << " " << describe(checkpoint.error());
    EXPECT_EQ((*checkpoint)->size, size);
    EXPECT_EQ((*checkpoint)->root, *root(store, size)) << size;
    if (size == 15) break;
    const std::size_t length = (std::size_t{bundle[offset]} << 8U) + bundle[offset + 1];
    ASSERT_TRUE(append_entry(store, ByteView(bundle).subspan(offset + 2, length)));
    offset += 2 + length;
  }
  EXPECT_EQ(offset, bundle.size());
}

}  // namespace
}  // namespace vedette::ledger
