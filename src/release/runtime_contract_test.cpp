#include "release/runtime_contract.h"

#include <gtest/gtest.h>

#include "release/contract_samples.h"
#include "release/dsse.h"

namespace vedette::release {
namespace {

using codec::Json;
using crypto::PrivateKey;
using samples::full_contract;

// The refusal of a text of members, or `read`. Every refusal must name the member `named`.
std::string verdict(std::string_view text, std::string_view named) {
  const auto contract = read_contract(*codec::parse_json(text));
  if (contract) return "read";
  if (!contract.error().message.contains(named)) return describe(contract.error());
  return contract.error().code;
}

std::string with_tensor(std::string_view members) {
  return R"({"inputs":[{"name":"x",)" + std::string(members) + "}]}";
}

TEST(ReadContract, RefusesUnknownMembersAtEveryDepthByTheirName) {
  EXPECT_EQ(verdict(R"({"memory":1})", "'memory'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"rate":{"calls_per_second":1,"per":2}})", "'rate.per'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"batching":{"max_batch":1,"x":2}})", "'batching.x'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(with_tensor(R"("datatype":"FP32","shape":[],"visible_to":[])"),
                    "'inputs[0].visible_to'"),
            "REL-CONTRACT")
      << "only an output has viewers";
  EXPECT_EQ(verdict(R"({"operators":[{"name":"Conv","version":1}]})", "'operators[0].version'"),
            "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"powers":[{"device_node":"/dev/x","mode":"rw"}]})", "'powers[0].mode'"),
            "REL-CONTRACT");
}

TEST(ReadContract, RefusesWhatIsNoObject) {
  EXPECT_EQ(verdict("[]", "contract"), "REL-CONTRACT");
  EXPECT_EQ(verdict("null", "contract"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"rate":[]})", "'rate'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"inputs":[1]})", "'inputs[0]'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"inputs":{}})", "'inputs'"), "REL-CONTRACT");
}

TEST(ReadContract, RefusesNumbersOutOfTheirRange) {
  for (const char* bad :
       {R"({"memory_bytes":1048575})", R"({"memory_bytes":68719476737})", R"({"memory_bytes":-1})",
        R"({"memory_bytes":1048576.0})", R"({"memory_bytes":"1 GiB"})"})
    EXPECT_EQ(verdict(bad, "'memory_bytes'"), "REL-CONTRACT") << bad;
  EXPECT_EQ(verdict(R"({"call_deadline_ms":0})", "'call_deadline_ms'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"load_deadline_ms":600001})", "'load_deadline_ms'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"request_bytes":1073741825})", "'request_bytes'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"reply_bytes":0})", "'reply_bytes'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"replicas":17})", "'replicas'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"queue":1025})", "'queue'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"spin_us":1001})", "'spin_us'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"rate":{"calls_per_second":0}})", "'rate.calls_per_second'"),
            "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"rate":{"burst":1}})", "'rate.calls_per_second'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"batching":{"max_batch":1025}})", "'batching.max_batch'"), "REL-CONTRACT");
}

TEST(ReadContract, RefusesNamesThatItDoesNotKnow) {
  EXPECT_EQ(verdict(R"({"profile":"none"})", "'profile'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"format":"ONNX"})", "'format'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"input_isolation":1})", "'input_isolation'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"powers":[{"network":true}]})", "'powers[0].device_node'"), "REL-CONTRACT");
}

TEST(ReadContract, RefusesPowersOutOfTheirRange) {
  for (const char* bad : {"0", "1", "65", "\"all\""})
    EXPECT_EQ(
        verdict(R"({"powers":[{"threads":)" + std::string(bad) + "}]}", "'powers[0].threads'"),
        "REL-CONTRACT")
        << bad;
  for (const char* bad :
       {"", "/dev", "/dev/", "dev/x", "/etc/shadow", "/dev/../etc/shadow", "/dev/./x", "/dev//x",
        "/dev/x/", "/dev/x\\u0000y", "/dev/x y", "/development"})
    EXPECT_EQ(verdict(R"({"powers":[{"device_node":")" + std::string(bad) + "\"}]}",
                      "'powers[0].device_node'"),
              "REL-CONTRACT")
        << bad;
  EXPECT_EQ(verdict(R"({"powers":[{"threads":2},{"threads":4}]})", "'powers[1]'"), "REL-CONTRACT");
  EXPECT_EQ(
      verdict(R"({"powers":[{"threads":2,"device_node":"/dev/x"}]})", "'powers[0].device_node'"),
      "REL-CONTRACT")
      << "one power, one entry";
  std::string many;
  for (char name = 'a'; name < 'a' + 9; ++name)
    many += std::string(many.empty() ? "" : ",") + R"({"device_node":"/dev/)" + name + "\"}";
  EXPECT_EQ(verdict(R"({"powers":[)" + many + "]}", "'powers'"), "REL-CONTRACT");
}

TEST(ReadContract, RefusesTensorsThatCannotBe) {
  const std::string_view name = "'inputs[0].";
  for (const char* bad :
       {R"("datatype":"FP32")", R"("datatype":"fp32","shape":[])",
        R"("datatype":"BYTES","shape":[])", R"("datatype":"FP32","shape":[0])",
        R"("datatype":"FP32","shape":[-2])", R"("datatype":"FP32","shape":[2147483649])",
        R"("datatype":"FP32","shape":[1.0])", R"("datatype":"FP32","shape":[1,1,1,1,1,1,1,1,1])",
        R"("datatype":"FP64","shape":[2147483648,16385])", R"("shape":[])",
        R"("datatype":"FP32","shape":[],"minimum":"low")",
        R"("datatype":"FP32","shape":[],"minimum":9007199254740993)",
        R"("datatype":"FP32","shape":[],"minimum":2,"maximum":1.5)",
        R"("datatype":"FP32","shape":[],"finite_only":0)"})
    EXPECT_EQ(verdict(with_tensor(bad), name), "REL-CONTRACT") << bad;
  for (const char* bad : {"", "\\u001b[2J", "\\u0000"})
    EXPECT_EQ(verdict(R"({"outputs":[{"datatype":"FP32","shape":[],"name":")" + std::string(bad) +
                          "\"}]}",
                      "'outputs[0].name'"),
              "REL-CONTRACT")
        << bad;
}

TEST(ReadContract, RefusesNamesThatAreThereTwice) {
  EXPECT_EQ(verdict(R"({"inputs":[{"name":"x","datatype":"FP32","shape":[]},)"
                    R"({"name":"x","datatype":"FP64","shape":[]}]})",
                    "'inputs[1]'"),
            "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"operators":[{"name":"Conv"},{"domain":"ai.onnx","name":"Conv"}]})",
                    "'operators[1]'"),
            "REL-CONTRACT")
      << "two spellings of one domain";
}

TEST(ReadContract, RefusesViewersThatAreNoUsers) {
  for (const char* bad : {"", "Root", "a b", "0", "-x", "a,b", "abcdefghijklmnopqrstuvwxyz0123456"})
    EXPECT_EQ(verdict(R"({"outputs":[{"name":"y","datatype":"FP32","shape":[],"visible_to":[")" +
                          std::string(bad) + "\"]}]}",
                      "'outputs[0].visible_to'"),
              "REL-CONTRACT")
        << bad;
  EXPECT_EQ(verdict(R"({"outputs":[{"name":"y","datatype":"FP32","shape":[],)"
                    R"("visible_to":["a","a"]}]})",
                    "'outputs[0].visible_to'"),
            "REL-CONTRACT");
}

TEST(ReadContract, RefusesAnOperatorListThatIsEmptyOrTooLong) {
  EXPECT_EQ(verdict(R"({"operators":[]})", "'operators'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"operators":[{"name":"a/b"}]})", "'operators[0].name'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"({"operators":[{"domain":"a b","name":"X"}]})", "'operators[0].domain'"),
            "REL-CONTRACT");
  Json::Array many;
  for (std::size_t i = 0; i <= kMaxContractOperators; ++i)
    many.push_back(Json::Object{{"name", "Op" + std::to_string(i)}});
  EXPECT_FALSE(read_contract(Json::Object{{"operators", many}}));
  many.pop_back();
  EXPECT_TRUE(read_contract(Json::Object{{"operators", many}}));
}

TEST(ReadContract, TakesTheStrictestForWhatIsLeftOut) {
  const auto contract = read_contract(Json::Object{});
  ASSERT_TRUE(contract);
  EXPECT_EQ(*contract, RuntimeContract{});
  EXPECT_TRUE(widenings(*contract).empty());
}

TEST(ReadContract, ReadsWhatIsWritten) {
  const Json written = write_contract(full_contract());
  const auto again = read_contract(*codec::parse_json(codec::to_json(written)));
  ASSERT_TRUE(again) << describe(again.error());
  EXPECT_EQ(*again, full_contract());
  EXPECT_EQ(*read_contract(write_contract({})), RuntimeContract{});
}

class SignContract : public ::testing::Test {
 protected:
  [[nodiscard]] Result<ContractEnvelope> sign(const RuntimeContract& contract) const {
    return sign_runtime_contract(contract, model_, root_, key_);
  }

  [[nodiscard]] std::string code(std::string_view envelope) const {
    const auto verified = verify_runtime_contract(envelope, publishers_);
    return verified ? "verified" : verified.error().code;
  }

  [[nodiscard]] Json payload() const {
    const auto envelope = codec::parse_json(sign({})->text);
    return *codec::parse_json(
        as_text(verify_dsse(*envelope, kInTotoPayloadType, publishers_)->payload));
  }

  // The verdict on a statement that the publisher really signed.
  [[nodiscard]] std::string with(const std::string& member, Json value) const {
    Json changed = payload();
    changed.set(member, std::move(value));
    const auto envelope = sign_dsse(kInTotoPayloadType, as_bytes(codec::to_json(changed)), key_);
    return code(codec::to_json(*envelope));
  }

  PrivateKey key_ = PrivateKey::generate_p256();
  std::vector<crypto::PublicKey> publishers_{key_.public_key()};
  ModelName model_ = *ModelName::parse("voice");
  crypto::Sha256Digest root_ = crypto::sha256(as_bytes("root"));
};

TEST_F(SignContract, RefusesToSignWhatNobodyWouldRead) {
  RuntimeContract bad;
  bad.replicas = 0;
  EXPECT_EQ(sign(bad).error().code, "REL-CONTRACT");
  bad = {};
  bad.powers = {DeviceNode{"/dev/../etc/shadow"}};
  EXPECT_EQ(sign(bad).error().code, "REL-CONTRACT");
  bad = full_contract();
  bad.inputs.front().minimum = std::numeric_limits<double>::infinity();
  EXPECT_EQ(sign(bad).error().code, "REL-CONTRACT");
}

TEST_F(SignContract, RefusesAStranger) {
  const auto theirs = sign_runtime_contract({}, model_, root_, PrivateKey::generate_p256());
  EXPECT_EQ(code(theirs->text), "DSSE-UNTRUSTED");
}

TEST_F(SignContract, RefusesAnAlteredOctet) {
  std::string text = sign(full_contract())->text;
  const std::size_t at = text.find("\"payload\":\"") + 40;
  text[at] = text[at] == 'A' ? 'B' : 'A';
  EXPECT_EQ(code(text), "DSSE-SIGNATURE");
}

TEST_F(SignContract, RefusesAnyOtherStatement) {
  EXPECT_EQ(with("_type", "https://in-toto.io/Statement/v0.1"), "REL-CONTRACT");
  EXPECT_EQ(with("predicateType", "https://vedette.dev/release/v1"), "REL-CONTRACT");
  EXPECT_EQ(with("subject", Json::Array{}), "REL-CONTRACT");
  EXPECT_EQ(with("subject", Json::Array{*payload().find("subject")->if_array()->begin(),
                                        *payload().find("subject")->if_array()->begin()}),
            "REL-CONTRACT");
  EXPECT_EQ(with("predicate", Json::Array{}), "REL-CONTRACT");
  EXPECT_EQ(with("predicate", Json::Object{{"unknown", 1}}), "REL-CONTRACT");
  EXPECT_EQ(with("more", 1), "REL-CONTRACT");
  EXPECT_EQ(with("predicate", Json::Object{}), "verified") << "what is left out has a default";
}

TEST_F(SignContract, RefusesAnEnvelopeThatIsTooLong) {
  EXPECT_EQ(code(std::string(kMaxContractBytes + 1, ' ')), "JSON-SIZE");
}

TEST_F(SignContract, TheLongestContractFitsItsEnvelope) {
  RuntimeContract longest = full_contract();
  longest.operators.emplace();
  for (std::size_t i = 0; i < kMaxContractOperators; ++i) {
    const std::string number = std::to_string(100'000 + i);
    longest.operators->push_back({std::string(64, 'd'), std::string(58, 'n') + number});
  }
  longest.inputs.clear();
  longest.outputs.clear();
  for (std::size_t i = 0; i < kMaxContractTensors; ++i) {
    OutputRule rule;
    rule.name = std::string(120, '"') + std::to_string(100 + i);
    rule.datatype = "UINT64";
    rule.shape = std::vector<std::int64_t>(8, -1);
    for (std::size_t user = 0; user < kMaxContractUsers; ++user)
      rule.visible_to.push_back(std::string(30, 'u') + std::to_string(10 + user));
    longest.inputs.push_back(rule);
    longest.outputs.push_back(rule);
  }
  longest.regions.clear();
  for (std::size_t i = 0; i < kMaxContractRegions; ++i)
    longest.regions.push_back(std::string(62, 'r') + std::to_string(10 + i));
  GoldenPair pair;
  for (std::size_t i = 0; i < kMaxGoldenTensors; ++i) {
    const std::int64_t values = kMaxGoldenValues / kMaxGoldenPairs / kMaxGoldenTensors / 2;
    GoldenTensor tensor{.name = std::string(120, '"') + std::to_string(100 + i),
                        .datatype = "FP64",
                        .shape = {values, 1, 1, 1, 1, 1, 1, 1}};
    tensor.values.assign(static_cast<std::size_t>(values), -1.7976931348623157e308);
    pair.inputs.push_back(tensor);
    pair.outputs.push_back(tensor);
  }
  longest.golden.assign(kMaxGoldenPairs, pair);
  const auto made = sign(longest);
  ASSERT_TRUE(made) << describe(made.error());
  EXPECT_EQ(code(made->text), "verified") << made->text.size();
}

TEST_F(SignContract, CarriesEverythingThatWasSigned) {
  const auto made = sign(full_contract());
  ASSERT_TRUE(made) << describe(made.error());
  const auto verified = verify_runtime_contract(made->text, publishers_);
  ASSERT_TRUE(verified) << describe(verified.error());
  const SignedContract& contract = **verified;
  EXPECT_EQ(static_cast<const RuntimeContract&>(contract), full_contract());
  EXPECT_EQ(contract.model, model_);
  EXPECT_EQ(contract.model_root, root_);
  EXPECT_EQ(contract.publisher_sha256, publishers_.front().spki_sha256());
  const auto envelope = codec::parse_json(made->text);
  const auto octets = verify_dsse(*envelope, kInTotoPayloadType, publishers_)->payload;
  EXPECT_EQ(contract.contract_sha256, crypto::sha256(octets));
  EXPECT_EQ(made->contract_sha256, contract.contract_sha256);
}

}  // namespace
}  // namespace vedette::release
