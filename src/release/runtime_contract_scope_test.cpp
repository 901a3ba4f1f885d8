// When and where a contract holds, and its golden pairs.
#include <gtest/gtest.h>

#include "release/contract_members.h"
#include "release/contract_samples.h"

namespace vedette::release {
namespace {

using codec::Json;

// The refusal of these members, or `read`. Every refusal must name the member `named`.
std::string verdict(const std::string& members, std::string_view named) {
  const auto contract = read_contract(codec::parse_json("{" + members + "}").value());
  if (contract) return "read";
  if (!contract.error().message.contains(named)) return describe(contract.error());
  return contract.error().code;
}

// A pair whose output is `tensor`.
std::string pair_with(const std::string& tensor, const std::string& tolerance = "0.5") {
  return R"("golden":[{"tolerance":)" + tolerance +
         R"(,"inputs":[{"name":"a","datatype":"FP32","shape":[],"values":[1]}],"outputs":[)" +
         tensor + "]}]";
}

std::string tensor_of(const std::string& datatype, const std::string& values,
                      const std::string& shape = "[1]") {
  return R"({"name":"x","datatype":")" + datatype + R"(","shape":)" + shape + R"(,"values":[)" +
         values + "]}";
}

TEST(ContractScope, RefusesTimesThatAreNoneAndAnEndThatIsNotAfterItsBeginning) {
  for (const char* text :
       {"\"2026-11-27\"", "\"2026-11-27T00:00:00.5Z\"", "\"soon\"", "1795438387"})
    EXPECT_EQ(verdict(R"("valid_until":)" + std::string(text), "'valid_until'"), "REL-CONTRACT")
        << text;
  const std::string from = R"("valid_from":"2026-11-27T00:00:00Z","valid_until":)";
  EXPECT_EQ(verdict(from + R"("2026-11-27T00:00:00Z")", "'valid_until'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(from + R"("2026-11-27T00:00:01Z")", ""), "read");
}

TEST(ContractScope, RefusesRegionsThatAreNoNamesOrThereTwice) {
  for (const char* list : {R"([""])", R"(["eu west"])", R"(["a","a"])", R"([1])", R"("eu")"})
    EXPECT_EQ(verdict(R"("regions":)" + std::string(list), "'regions'"), "REL-CONTRACT") << list;
}

TEST(ContractScope, RefusesGoldenPairsWithoutAnInputOrAnOutput) {
  EXPECT_EQ(verdict(R"("golden":[{"inputs":[],"outputs":[]}])", "'golden[0].inputs'"),
            "REL-CONTRACT");
  EXPECT_EQ(verdict(pair_with(""), "'golden[0].outputs'"), "REL-CONTRACT");
  EXPECT_EQ(verdict(pair_with(tensor_of("FP32", "1") + "," + tensor_of("FP32", "2")),
                    "'golden[0].outputs'"),
            "REL-CONTRACT");
  EXPECT_EQ(verdict(pair_with(tensor_of("FP32", "1"), "-0.1"), "'golden[0].tolerance'"),
            "REL-CONTRACT");
}

TEST(ContractScope, RefusesValuesThatAreNotOfTheirTypeOrNotAsManyAsTheShapeSays) {
  const auto refused = [](const std::string& tensor) {
    return verdict(pair_with(tensor), "'golden[0].outputs[0].values'");
  };
  for (const auto& [datatype, value] : {std::pair("BOOL", "2"),
                                        {"INT8", "128"},
                                        {"INT8", "1.5"},
                                        {"UINT8", "-1"},
                                        {"UINT16", "65536"},
                                        {"INT32", "2147483648"},
                                        {"INT64", "9007199254740993"},
                                        {"UINT64", "-1"},
                                        {"FP32", "3.5e38"},
                                        {"FP64", "\"1\""},
                                        {"FP32", "1,2"},
                                        {"FP32", ""}})
    EXPECT_EQ(refused(tensor_of(datatype, value)), "REL-CONTRACT") << datatype << " " << value;
  EXPECT_EQ(refused(tensor_of("FP32", "1", "[-1]")), "REL-CONTRACT");
  EXPECT_EQ(refused(tensor_of("FP32", "1", "[4294967296,4294967296]")), "REL-CONTRACT");
  EXPECT_EQ(verdict(pair_with(tensor_of("FP16", "1")), "'golden[0].outputs[0].datatype'"),
            "REL-CONTRACT");
  EXPECT_EQ(verdict(pair_with(tensor_of("INT64", "-9007199254740992")), ""), "read");
  EXPECT_EQ(verdict(pair_with(tensor_of("FP32", "", "[0,7]")), ""), "read");
}

TEST(ContractScope, RefusesMoreGoldenValuesThanItsLimit) {
  RuntimeContract contract = samples::full_contract();
  GoldenTensor& output = contract.golden.front().outputs.front();
  output.shape = {kMaxGoldenValues - 2};
  output.values.assign(kMaxGoldenValues - 2, 0.1);
  EXPECT_EQ(read_contract(write_contract(contract)).value(), contract);
  output.shape = {kMaxGoldenValues - 1};
  output.values.push_back(0.1);
  EXPECT_EQ(read_contract(write_contract(contract)).error().code, "REL-CONTRACT");
  contract.golden.assign(kMaxGoldenPairs + 1, samples::full_contract().golden.front());
  EXPECT_EQ(read_contract(write_contract(contract)).error().code, "REL-CONTRACT");
}

TEST(ContractScope, IsTold) {
  const std::string text = describe(samples::full_contract());
  for (const char* part :
       {"time: from 2026-11-23T12:53:07Z until 2027-11-23T12:53:07Z\n",
        "regions: only eu-central, eu-west\n",
        "golden answers: 1, which every worker gives before it answers anybody\n"})
    EXPECT_TRUE(text.contains(part)) << text;
  EXPECT_TRUE(describe(RuntimeContract{}).contains("time: without an end\nregions: everywhere\n"));
}

TEST(ContractScope, DifferencesSayWhatBecameWider) {
  const RuntimeContract before = samples::full_contract();
  RuntimeContract after = before;
  after.valid_from = *before.valid_from + std::chrono::seconds(1);
  after.valid_until = std::nullopt;
  after.regions = {"eu-west", "us-east"};
  after.golden.clear();
  std::vector<std::string> lines;
  for (const Difference& one : differences(before, after))
    lines.push_back(one.member + " " + std::string(to_string(one.change)));
  EXPECT_EQ(lines, (std::vector<std::string>{"valid_from tighter", "valid_until wider",
                                             "regions wider", "regions tighter", "golden wider"}));
  EXPECT_EQ(differences(after, before).front().change, Change::wider);
}

// What `golden` of the second says of the first, a line for each difference.
std::string golden_differences(const std::vector<GoldenPair>& before,
                               const std::vector<GoldenPair>& after) {
  RuntimeContract was;
  was.golden = before;
  RuntimeContract is;
  is.golden = after;
  std::string lines;
  for (const Difference& one : differences(was, is))
    lines += one.member + " " + std::string(to_string(one.change)) + " " + one.text + "\n";
  return lines;
}

struct GoldenPairs {
  GoldenPairs() {
    second.outputs.front().values.front() += 1;
    lax.tolerance += 0.5;
  }
  const GoldenPair first = samples::full_contract().golden.front();
  GoldenPair second = first;  // wants another answer
  GoldenPair lax = first;     // the first one's, and tolerates more
};

TEST(ContractScope, GoldenPairsThatGoOrTolerateMoreAreWider) {
  const auto [first, second, lax] = GoldenPairs();
  const std::string more = number_text(first.tolerance) + " -> " + number_text(lax.tolerance);
  const std::string less = number_text(lax.tolerance) + " -> " + number_text(first.tolerance);

  EXPECT_EQ(golden_differences({first, second}, {first}), "golden wider removed: 1\n");
  EXPECT_EQ(golden_differences({first}, {second, first}), "golden tighter added: 1\n");
  EXPECT_EQ(golden_differences({}, {first}), "golden tighter added: 1\n");
  EXPECT_EQ(golden_differences({second, first}, {lax, second}),
            "golden[1].tolerance wider " + more + "\n");
  EXPECT_EQ(golden_differences({lax}, {first}), "golden[0].tolerance tighter " + less + "\n");
  EXPECT_EQ(golden_differences({first}, {second}),
            "golden wider removed: 1\ngolden tighter added: 1\n")
      << "another answer is wanted";
}

TEST(ContractScope, GoldenPairsThatDemandTheSameAreNoDifference) {
  const auto [first, second, lax] = GoldenPairs();
  EXPECT_EQ(golden_differences({first, second}, {second, first}), "");
  EXPECT_EQ(golden_differences({first}, {lax, first}), "") << "the stricter one decides";
  EXPECT_EQ(golden_differences({lax, first}, {first}), "");
}

}  // namespace
}  // namespace vedette::release
