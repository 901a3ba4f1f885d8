// How often a contract's author saw what in an output.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "release/contract_members.h"

namespace vedette::release {

namespace {

using codec::Json;

constexpr std::uint64_t kLeastWindow = 10;
constexpr std::uint64_t kMostWindow = 1'000'000;
constexpr double kSumError = 1e-6;  // of shares that were rounded when they were written down

bool is_share(double value) {
  return value >= 0 && value <= 1;
}

OnDrift read_reaction(MemberReader& fields) {
  const std::string text = fields.text("on_drift", "tell");
  if (text == "stop") return OnDrift::stop;
  if (text != "tell") fields.refuse_member("on_drift", "'tell' or 'stop'");
  return OnDrift::tell;
}

Result<OutputDistribution> read_distribution(const Json& json, std::string place) {
  MemberReader fields(json, std::move(place));
  OutputDistribution one{.output = fields.required_text("output"),
                         .edges = fields.numbers("edges", kMaxDistributionEdges),
                         .shares = fields.numbers("shares", kMaxDistributionEdges + 1)};
  if (!is_tensor_name(one.output)) fields.refuse_member("output", "a tensor's name");
  if (one.edges.empty() ||
      std::ranges::adjacent_find(one.edges, std::ranges::greater_equal{}) != one.edges.end())
    fields.refuse_member("edges", "a list of at least one number, each above the one before");
  if (one.shares.size() != one.edges.size() + 1)
    fields.refuse_member("shares", "one more than there are edges",
                         std::to_string(one.shares.size()));
  if (!std::ranges::all_of(one.shares, is_share) ||
      std::abs(std::accumulate(one.shares.begin(), one.shares.end(), 0.0) - 1) > kSumError)
    fields.refuse_member("shares", "a list of shares that are 1 together");
  one.window = fields.count("window", one.window, kLeastWindow, kMostWindow);
  one.tolerance = fields.number("tolerance").value_or(one.tolerance);
  if (!is_share(one.tolerance)) fields.refuse_member("tolerance", "from 0 to 1");
  one.on_drift = read_reaction(fields);
  VEDETTE_CHECK(fields.finish());
  return one;
}

}  // namespace

Result<void> read_distributions(MemberReader& fields, RuntimeContract& contract) {
  std::set<std::string> outputs;
  for (const Json& json : fields.list("distributions", kMaxContractTensors)) {
    VEDETTE_TRY(
        OutputDistribution one,
        read_distribution(json, fields.path("distributions", contract.distributions.size())));
    if (!outputs.insert(one.output).second)
      fields.refuse_member("distributions", "a list of different outputs", one.output);
    contract.distributions.push_back(std::move(one));
  }
  return {};
}

void write_distributions(Json& json, const RuntimeContract& contract) {
  Json::Array all;
  for (const OutputDistribution& one : contract.distributions)
    all.emplace_back(Json::Object{{"output", one.output},
                                  {"edges", Json::Array(one.edges.begin(), one.edges.end())},
                                  {"shares", Json::Array(one.shares.begin(), one.shares.end())},
                                  {"window", one.window},
                                  {"tolerance", one.tolerance},
                                  {"on_drift", to_string(one.on_drift)}});
  if (!all.empty()) json.set("distributions", std::move(all));
}

std::string distributions_text(const RuntimeContract& contract) {
  std::string text;
  for (const OutputDistribution& one : contract.distributions)
    text += "distribution of '" + one.output + "': at most " + number_text(one.tolerance) +
            " from the author's over " + std::to_string(one.window) + " answers, or " +
            (one.on_drift == OnDrift::stop ? "the model is stopped\n" : "it is told\n");
  return text;
}

std::string_view to_string(OnDrift reaction) {
  return reaction == OnDrift::stop ? "stop" : "tell";
}

}  // namespace vedette::release
