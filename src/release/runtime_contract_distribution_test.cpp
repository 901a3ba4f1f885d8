// How a contract's author says that an output is distributed.
#include <functional>

#include <gtest/gtest.h>

#include "release/contract_samples.h"

namespace vedette::release {
namespace {

using codec::Json;

// The refusal of one distribution with these members; it must name the member `named`.
std::string verdict(const std::string& members, std::string_view named) {
  const auto contract =
      read_contract(codec::parse_json(R"({"distributions":[{)" + members + "}]}").value());
  if (contract) return "read";
  const std::string place = "'distributions[0]." + std::string(named) + "'";
  return contract.error().message.contains(place) ? contract.error().code
                                                  : describe(contract.error());
}

std::string with(const std::string& edges, const std::string& shares,
                 const std::string& more = "") {
  return R"("output":"y","edges":)" + edges + R"(,"shares":)" + shares + more;
}

TEST(ContractDistribution, RefusesEdgesThatDoNotRise) {
  for (const char* edges : {"[]", "[1,1]", "[2,1]", "[1,\"2\"]", "1"})
    EXPECT_EQ(verdict(with(edges, "[0.5,0.25,0.25]"), "edges"), "REL-CONTRACT") << edges;
}

TEST(ContractDistribution, RefusesSharesThatAreNotOneTogetherOrTooMany) {
  for (const char* shares :
       {"[1]", "[0.5,0.25,0.25]", "[0.5,0.6]", "[0.4,0.5]", "[-0.5,1.5]", "[0,0]"})
    EXPECT_EQ(verdict(with("[1]", shares), "shares"), "REL-CONTRACT") << shares;
  EXPECT_EQ(verdict(with("[1]", "[0.3333333,0.6666667]"), ""), "read") << "rounded";
}

TEST(ContractDistribution, RefusesWhatIsOutOfItsRange) {
  const auto refused = [](const std::string& more, std::string_view named) {
    return verdict(with("[1]", "[0.5,0.5]", more), named);
  };
  EXPECT_EQ(refused(R"(,"window":9)", "window"), "REL-CONTRACT");
  EXPECT_EQ(refused(R"(,"window":1000001)", "window"), "REL-CONTRACT");
  EXPECT_EQ(refused(R"(,"tolerance":-0.1)", "tolerance"), "REL-CONTRACT");
  EXPECT_EQ(refused(R"(,"tolerance":1.1)", "tolerance"), "REL-CONTRACT");
  EXPECT_EQ(refused(R"(,"on_drift":"shrug")", "on_drift"), "REL-CONTRACT");
  EXPECT_EQ(refused(R"(,"more":1)", "more"), "REL-CONTRACT");
  EXPECT_EQ(verdict(R"("output":"","edges":[1],"shares":[0.5,0.5])", "output"), "REL-CONTRACT");
}

TEST(ContractDistribution, RefusesTwoOfOneOutputAndMoreEdgesThanItsLimit) {
  RuntimeContract contract = samples::full_contract();
  contract.distributions.push_back(contract.distributions.front());
  EXPECT_EQ(read_contract(write_contract(contract)).error().code, "REL-CONTRACT");
  contract = samples::full_contract();
  OutputDistribution& one = contract.distributions.front();
  one.edges.clear();
  for (std::size_t i = 0; i < kMaxDistributionEdges; ++i)
    one.edges.push_back(static_cast<double>(i));
  one.shares.assign(kMaxDistributionEdges + 1, 1.0 / 64);
  EXPECT_EQ(read_contract(write_contract(contract)).value(), contract);
  one.edges.push_back(1000);
  one.shares.assign(kMaxDistributionEdges + 2, 1.0 / 65);
  EXPECT_EQ(read_contract(write_contract(contract)).error().code, "REL-CONTRACT");
}

TEST(ContractDistribution, IsTold) {
  EXPECT_TRUE(describe(samples::full_contract())
                  .contains("distribution of 'speech': at most 0.25 from the author's over 500 "
                            "answers, or the model is stopped\n"))
      << describe(samples::full_contract());
}

TEST(ContractDistribution, DifferencesSayWhatBecameWider) {
  const RuntimeContract before = samples::full_contract();
  const auto change = [&](const std::function<void(RuntimeContract&)>& make) {
    RuntimeContract after = before;
    make(after);
    const auto found = differences(before, after);
    if (found.size() != 1 || found.front().member != "distributions[speech]")
      return std::string("not this one difference");
    return std::string(to_string(found.front().change));
  };
  const auto first = [](RuntimeContract& contract) -> OutputDistribution& {
    return contract.distributions.front();
  };
  EXPECT_EQ(change([](auto& after) { after.distributions.clear(); }), "wider");
  EXPECT_EQ(change([&](auto& after) { first(after).tolerance = 0.5; }), "wider");
  EXPECT_EQ(change([&](auto& after) { first(after).on_drift = OnDrift::tell; }), "wider");
  EXPECT_EQ(change([&](auto& after) { first(after).tolerance = 0.125; }), "tighter");
  EXPECT_EQ(change([&](auto& after) {
              first(after).tolerance = 0.125;
              first(after).on_drift = OnDrift::tell;
            }),
            "other");
  EXPECT_EQ(change([&](auto& after) { first(after).window = 100; }), "other");
}

}  // namespace
}  // namespace vedette::release
